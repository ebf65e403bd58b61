"""What NVLM is asked of a page: the fields of an extraction schema as text; knows no page and no tokens.

Whoever reads a page and whoever trains on it ask the same, word for word.
"""

from collections.abc import Iterator

from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, Shape

#: recorded with a reading and with an adapter; a new one whenever the same schema would give another question
QUESTION_VERSION = "record-1"

_LEAD = "Extract this record from the page as one line of JSON, keys in this order, null where nothing is printed:"
_INDENT = "  "


def record_question(schema: ExtractionSchema) -> str:
    """The text that goes behind the page image."""
    return "\n".join([_LEAD, *_lines(schema.fields, "")])


def _lines(specs: tuple[FieldSpec, ...], indent: str) -> Iterator[str]:
    for spec in specs:
        yield f"{indent}{spec.name} ({_kind(spec)}){_told(spec)}"
        inner = spec.item if spec.shape is Shape.LIST and spec.item is not None else spec
        yield from _lines(inner.children, indent + _INDENT)


def _kind(spec: FieldSpec) -> str:
    if spec.shape is Shape.GROUP:
        return "object"
    if spec.shape is Shape.LIST:
        return "list" if spec.item is None else f"list of {_kind(spec.item)}"
    return "one of " + ", ".join(spec.options) if spec.kind is FieldKind.ENUM and spec.options else spec.kind.value


def _told(spec: FieldSpec) -> str:
    return f": {' '.join(spec.description.split())}" if spec.description else ""
