"""Records as a table on a terminal: one line a document, the best filled plain fields as columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal

from rich.table import Table

from docproc.cli.console import marked
from docproc.domain.extraction import Extraction, ExtractionStatus, FieldTree, FieldValue
from docproc.domain.issues import Severity
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldKind, FieldSpec, Shape

STATUS_STYLE = {
    ExtractionStatus.SUCCEEDED: "green",
    ExtractionStatus.NEEDS_REVIEW: "yellow",
    ExtractionStatus.FAILED: "red",
    ExtractionStatus.CANCELED: "dim",
}
MAX_ROWS = 200
#: characters that the file, the status and the issues take, and then each field at least
_FIXED, _PER_FIELD = 60, 14
_FEWEST_FIELDS, _FIELD_CHARACTERS = 1, 24
#: a column is this much wider than its text
_FRAME = 3
#: of a name; a longer one loses its middle
_NAME_CHARACTERS = 28
_READABLE = frozenset({FieldKind.ID, FieldKind.DATE, FieldKind.TEXT, FieldKind.ENUM, FieldKind.BOOLEAN}) | NUMERIC
_DOUBTFUL = 0.5


def record_table(extractions: Iterable[Extraction], schema: ExtractionSchema, *, width: int) -> Table:
    """The first documents and as many fields as `width` characters hold; what does not fit is said below."""
    rest = iter(extractions)
    rows = list(islice(rest, MAX_ROWS))
    shown = _columns(rows, schema, most=max(_FEWEST_FIELDS, (width - _FIXED) // _PER_FIELD))
    # Columns that do not wrap never shrink: together they may not take the room of the file and the issues.
    room = (width - _FIXED) // max(1, len(shown)) - _FRAME
    longest = max(_PER_FIELD - _FRAME, min(_FIELD_CHARACTERS, room))
    table = Table(pad_edge=False, header_style="bold")
    table.add_column("file", overflow="fold", min_width=12, max_width=_NAME_CHARACTERS)
    table.add_column("status", no_wrap=True)
    for spec in shown:
        name = spec.name.replace("_", " ")
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=longest, justify=_justify(spec))
    table.add_column("issues", overflow="fold", min_width=14)
    for extraction in rows:
        table.add_row(*_cells(extraction, shown))
    table.caption = _caption(sum(1 for _ in rest), len(schema.fields) - len(shown))
    return table


def _columns(rows: Sequence[Extraction], schema: ExtractionSchema, *, most: int) -> list[FieldSpec]:
    """Fields that are filled, in the schema's order, and not all of one kind."""
    leaves = [spec for spec in schema.fields if spec.shape is Shape.LEAF]
    filled = {spec.name: sum(_is_given((row.fields or {}).get(spec.name)) for row in rows) for spec in leaves}
    used: Counter[FieldKind] = Counter()
    turns: dict[str, tuple[int, int]] = {}
    for spec in sorted(leaves, key=lambda one: -filled[one.name]):
        turns[spec.name] = (_turn(spec, used[spec.kind]) if filled[spec.name] else len(leaves), -filled[spec.name])
        used[spec.kind] += 1
    chosen = {spec.name for spec in sorted(leaves, key=lambda one: turns[one.name])[:most]}
    return [spec for spec in leaves if spec.name in chosen]


def _turn(spec: FieldSpec, before: int) -> int:
    """When a field gets its column: amounts come in threes, codes that only machines read come last."""
    if spec.kind is FieldKind.MONEY:
        return before // 3
    return before if spec.kind in _READABLE else before + 2


def _is_given(tree: FieldTree | None) -> bool:
    return isinstance(tree, FieldValue) and tree.value is not None


def _justify(spec: FieldSpec) -> Literal["left", "right"]:
    return "right" if spec.kind in NUMERIC else "left"


def _cells(extraction: Extraction, shown: Sequence[FieldSpec]) -> list[str]:
    style = STATUS_STYLE[extraction.status]
    fields = extraction.fields or {}
    return [
        marked(_shortened(extraction.file)),
        f"[{style}]{extraction.status.replace('_', ' ')}[/]",
        *(_cell(fields.get(spec.name)) for spec in shown),
        marked(_remarks(extraction)),
    ]


def _shortened(name: str) -> str:
    if len(name) <= _NAME_CHARACTERS:
        return name
    half = (_NAME_CHARACTERS - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def _cell(tree: FieldTree | None) -> str:
    if not isinstance(tree, FieldValue) or tree.value is None:
        return "[dim]-[/]"
    text = marked(" ".join(str(tree.value).split()))
    doubtful = tree.confidence is not None and tree.confidence < _DOUBTFUL
    return f"[yellow]{text}?[/]" if doubtful else text


def _remarks(extraction: Extraction) -> str:
    if extraction.failure is not None:
        return f"{extraction.failure.code}: {extraction.failure.message}"
    return ", ".join(dict.fromkeys(issue.code for issue in extraction.issues if issue.severity is not Severity.INFO))


def _caption(more_rows: int, more_fields: int) -> str | None:
    parts = [f"{more_rows} more documents"] if more_rows else []
    parts += [f"{more_fields} more fields"] if more_fields else []
    return f"{' and '.join(parts)}: see --out" if parts else None
