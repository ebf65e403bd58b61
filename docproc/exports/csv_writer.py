"""Documents as CSV in two dialects, each list of objects as a second file beside it. Knows no types: all is text."""

import csv
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docproc.domain.errors import UsageError
from docproc.domain.schema import ExtractionSchema
from docproc.exports.cells import cell_text
from docproc.exports.export_item import ExportItem
from docproc.exports.staged_writer import StagedWriter
from docproc.exports.tabular import Table, document_rows, documents_table

if TYPE_CHECKING:
    from _csv import Writer


_NAME_CHARACTERS = 80
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How CSV is spelled; lines end in CRLF and quotes are doubled in every dialect."""

    name: str
    delimiter: str
    decimal_mark: str
    #: Excel reads UTF-8 as such only behind a byte order mark; other programs take it for a part of the first name
    byte_order_mark: bool


RFC_4180 = CsvDialect(name="rfc4180", delimiter=",", decimal_mark=".", byte_order_mark=False)
#: what a double click opens rightly in an Excel that is set to a continental European language
EUROPEAN = CsvDialect(name="european", delimiter=";", decimal_mark=",", byte_order_mark=True)

DIALECTS = {dialect.name: dialect for dialect in (RFC_4180, EUROPEAN)}


def csv_dialect(name: str) -> CsvDialect:
    """The dialect of that name; raises UsageError with the names there are."""
    try:
        return DIALECTS[name]
    except KeyError as error:
        raise UsageError(f"there is no CSV dialect {name!r}: choose {' or '.join(DIALECTS)}") from error


class CsvWriter(StagedWriter):
    """`records.csv`, and `records.line_items.csv` for each list of objects."""

    def __init__(
        self, target: Path, schema: ExtractionSchema, *, overwrite: bool = False, dialect: CsvDialect = RFC_4180
    ) -> None:
        self._documents = documents_table(schema)
        self._files = _files(target, self._documents)
        self._dialect = dialect
        self._writers: dict[str, Writer] = {}
        super().__init__(*self._files.values(), overwrite=overwrite)

    def _begin(self, scratch: Path, closing: ExitStack) -> None:
        encoding = "utf-8-sig" if self._dialect.byte_order_mark else "utf-8"
        for table in self._documents.tables():
            file = scratch / self._files[table.name].name
            stream = closing.enter_context(file.open("x", encoding=encoding, newline=""))
            writer = csv.writer(stream, delimiter=self._dialect.delimiter, lineterminator="\r\n", strict=True)
            writer.writerow([cell_text(name) for name in table.header])
            self._writers[table.name] = writer

    def _add(self, item: ExportItem) -> None:
        mark = self._dialect.decimal_mark
        for row in document_rows(item, self._documents):
            self._writers[row.table.name].writerow([cell_text(cell.value, decimal_mark=mark) for cell in row.cells])


def _files(target: Path, documents: Table) -> dict[str, Path]:
    """A file for each table, by the table's name; the names of lists are a user's, and may hold anything."""
    files = {"": target}
    for number, table in enumerate(documents.tables()):
        if table.name:
            name = _UNSAFE.sub("-", table.name)[:_NAME_CHARACTERS]
            file = target.with_name(f"{target.stem}.{name}{target.suffix}")
            taken = {path.name.lower() for path in files.values()}
            free = file.name.lower() not in taken
            files[table.name] = file if free else target.with_name(f"{target.stem}.{name}-{number}{target.suffix}")
    return files
