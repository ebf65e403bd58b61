"""Documents as a workbook: records, a sheet a list of objects, issues, a legend; rows go to disk as they come."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from docproc.domain.errors import UsageError
from docproc.domain.extraction import Extraction
from docproc.domain.schema import ExtractionSchema
from docproc.exports.cells import CHECK_BELOW, DOUBTFUL_BELOW, Cell, Concern, plain_text
from docproc.exports.export_item import ExportItem
from docproc.exports.staged_writer import StagedWriter
from docproc.exports.tabular import DOCUMENT_COLUMNS, Row, document_rows, documents_table
from docproc.exports.xlsx_sheet import (
    MAX_CELL_UNITS,
    MAX_COLUMNS,
    MAX_ROWS,
    Look,
    Looks,
    RollingSheet,
    SheetNames,
    fitted,
)

RECORDS_SHEET, ISSUES_SHEET, LEGEND_SHEET = "records", "issues", "legend"
ISSUE_COLUMNS = ("document_id", "file", "code", "severity", "fields", "message")

#: the code of the row, on the issues sheet, that says a cell was cut
CUT_CODE = "cell_cut"

_ISSUES_COLUMN = DOCUMENT_COLUMNS.index("issues")

# Excel asks for a date of making; the same documents shall give the same bytes.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)

_LEGEND: tuple[tuple[Concern | None, str], ...] = (
    (Concern.DOUBTFUL, f"confidence below {DOUBTFUL_BELOW}: expect to correct it"),
    (Concern.CHECK, f"confidence below the field's threshold, or {CHECK_BELOW} where it has none: have a look"),
    (Concern.UNGROUNDED, "no place on the pages was found that proves the value"),
    (None, "found on a page, and sure enough"),
)


class XlsxWriter(StagedWriter):
    """One workbook."""

    _issues: RollingSheet

    def __init__(
        self, target: Path, schema: ExtractionSchema, *, overwrite: bool = False, max_rows: int = MAX_ROWS
    ) -> None:
        super().__init__(target, overwrite=overwrite)
        self._documents = documents_table(schema)
        for table in self._documents.tables():
            if len(table.header) > MAX_COLUMNS:
                raise UsageError(
                    f"a sheet holds {MAX_COLUMNS:,} columns, the schema has {len(table.header):,}: use .csv"
                )
        self._max_rows = max_rows
        self._sheets: dict[str, RollingSheet] = {}

    def _begin(self, scratch: Path, closing: ExitStack) -> None:
        closing.enter_context(self._workbook(scratch))

    @contextmanager
    def _workbook(self, scratch: Path) -> Iterator[None]:
        book = Workbook(
            str(scratch / self._targets[0].name),
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        try:
            book.use_zip64()
            book.set_properties({"created": _CREATED})
            self._add_sheets(book)
            yield
            for sheet in (*self._sheets.values(), self._issues):
                sheet.close()
            book.close()
        except FileCreateError as error:  # in its clothes: a disk that is full
            raise error.args[0] from error
        finally:  # a workbook that is given up leaves its row files open
            for worksheet in book.worksheets():
                worksheet.row_data_fh.close()

    def _add_sheets(self, book: Workbook) -> None:
        names, looks = SheetNames(), Looks(book)

        def rolling(title: str, header: Sequence[str]) -> RollingSheet:
            return RollingSheet(book, names, title=title, header=header, looks=looks, max_rows=self._max_rows)

        for table in self._documents.tables():
            self._sheets[table.name] = rolling(table.name or RECORDS_SHEET, table.header)
        self._issues = rolling(ISSUES_SHEET, ISSUE_COLUMNS)
        _add_legend(book, names.free(LEGEND_SHEET), looks)

    def _add(self, item: ExportItem) -> None:
        cut: list[str] = []
        for row in document_rows(item, self._documents):
            cut += _cut_cells(row)
            is_document = row.table is self._documents
            self._sheets[row.table.name].append(_with_note(row.cells, len(cut)) if is_document else row.cells)
        for finding in _findings(item.extraction, cut):
            facts = (str(item.extraction.document_id), item.extraction.file, *finding)
            self._issues.append([Cell(value=fact) for fact in facts])


def _cut_cells(row: Row) -> list[str]:
    """Field paths of the cells of a row that Excel cannot hold whole."""
    names = [name for name, cell in zip(row.table.header, row.cells, strict=True) if fitted(plain_text(cell.value))[1]]
    if not row.table.name:
        return names
    number = int(plain_text(row.cells[len(row.table.keys) - 1].value))
    return [f"{row.table.name}[{number - 1}].{name}" for name in names]


def _with_note(cells: tuple[Cell, ...], cut: int) -> tuple[Cell, ...]:
    """A document's cells, its issues cell led by how many cells were cut."""
    if not cut:
        return cells
    issues = plain_text(cells[_ISSUES_COLUMN].value)
    note = f"{CUT_CODE}: {cut} cut at {MAX_CELL_UNITS:,} characters, see the sheet {ISSUES_SHEET}"
    noted = Cell(value=f"{note}; {issues}" if issues else note)
    return (*cells[:_ISSUES_COLUMN], noted, *cells[_ISSUES_COLUMN + 1 :])


def _findings(extraction: Extraction, cut: list[str]) -> Iterator[tuple[str, str, str, str]]:
    failure = extraction.failure
    if failure is not None:
        yield failure.code, "error", "", failure.message
    for issue in extraction.issues:
        yield issue.code, issue.severity, ", ".join(issue.fields), issue.message
    if cut:
        yield CUT_CODE, "info", ", ".join(cut), f"a cell holds {MAX_CELL_UNITS:,} characters: JSONL has the whole text"


def _add_legend(book: Workbook, name: str, looks: Looks) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 80)
    for column, title in enumerate(("colour", "meaning")):
        sheet.write_string(0, column, title, looks[Look(bold=True)])
    for row, (concern, meaning) in enumerate(_LEGEND, start=1):
        sheet.write_string(row, 0, concern or "plain", looks[Look(concern=concern)])
        sheet.write_string(row, 1, meaning, looks[Look()])
