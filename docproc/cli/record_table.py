"""Records as a table on a terminal: one line a document, the plain fields as columns."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from rich.markup import escape
from rich.table import Table

from docproc.domain.extraction import Extraction, ExtractionStatus, FieldValue
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldKind, FieldSpec, Shape

STATUS_STYLE = {
    ExtractionStatus.SUCCEEDED: "green",
    ExtractionStatus.NEEDS_REVIEW: "yellow",
    ExtractionStatus.FAILED: "red",
    ExtractionStatus.CANCELED: "dim",
}
#: a terminal is about 120 columns wide; the rest is in the exports
MAX_FIELDS = 7
MAX_ROWS = 200
DOUBTFUL = 0.5


def record_table(extractions: Iterable[Extraction], schema: ExtractionSchema) -> Table:
    """The first documents and the first fields; what does not fit is said in the caption."""
    leaves = [spec for spec in schema.fields if spec.shape is Shape.LEAF]
    shown = leaves[:MAX_FIELDS]
    table = Table(pad_edge=False, header_style="bold", row_styles=("", "dim"))
    table.add_column("file", overflow="fold", min_width=12)
    table.add_column("status", no_wrap=True)
    for spec in shown:
        table.add_column(
            spec.name, overflow="ellipsis", no_wrap=spec.kind is not FieldKind.TEXT, justify=_justify(spec)
        )
    table.add_column("issues", overflow="fold")
    rows = iter(extractions)
    for extraction in islice(rows, MAX_ROWS):
        table.add_row(*_cells(extraction, shown))
    table.caption = _caption(sum(1 for _ in rows), len(schema.fields) - len(shown))
    return table


def _justify(spec: FieldSpec) -> Literal["left", "right"]:
    return "right" if spec.kind in NUMERIC else "left"


def _cells(extraction: Extraction, shown: list[FieldSpec]) -> list[str]:
    style = STATUS_STYLE[extraction.status]
    fields = extraction.fields or {}
    return [
        escape(extraction.file),
        f"[{style}]{extraction.status.replace('_', ' ')}[/]",
        *(_cell(fields.get(spec.name)) for spec in shown),
        escape(_remarks(extraction)),
    ]


def _cell(tree: object) -> str:
    if not isinstance(tree, FieldValue) or tree.value is None:
        return "[dim]-[/]"
    text = escape(" ".join(str(tree.value).split()))
    doubtful = tree.confidence is not None and tree.confidence < DOUBTFUL
    return f"[yellow]{text}?[/]" if doubtful else text


def _remarks(extraction: Extraction) -> str:
    if extraction.failure is not None:
        return f"{extraction.failure.code}: {extraction.failure.message}"
    return ", ".join(dict.fromkeys(issue.code for issue in extraction.issues if issue.severity != "info"))


def _caption(more_rows: int, more_fields: int) -> str | None:
    parts = [f"{more_rows} more documents"] if more_rows else []
    parts += [f"{more_fields} more fields"] if more_fields else []
    return f"{' and '.join(parts)}: see --out" if parts else None
