"""Which values a person, or a model, should look at: unsure, or not on the page as they must be. Knows no rule."""

from collections.abc import Iterator, Mapping

from docproc.domain.extraction import FieldTree, FieldValue, field_leaves
from docproc.domain.schema import ExtractionSchema, FieldSpec

#: confidence under which a person should look at a value when its schema names no threshold
DEFAULT_THRESHOLD = 0.5


def given_leaves(
    fields: Mapping[str, FieldTree], schema: ExtractionSchema
) -> Iterator[tuple[str, FieldValue, FieldSpec]]:
    """Every value that is there, with its path and what the schema says of it."""
    specs = dict(schema.leaves())
    for path, leaf in field_leaves(fields):
        spec = specs.get(_generic(path))
        if leaf.value is not None and spec is not None:
            yield path, leaf, spec


def doubtful_paths(fields: Mapping[str, FieldTree], schema: ExtractionSchema) -> Iterator[str]:
    """Of values that are less certain than their threshold asks."""
    return (path for path, leaf, spec in given_leaves(fields, schema) if _is_doubtful(leaf, spec))


def ungrounded_verbatim(fields: Mapping[str, FieldTree], schema: ExtractionSchema) -> Iterator[str]:
    """Of values that must stand on the page as they are, and do not."""
    return (path for path, leaf, spec in given_leaves(fields, schema) if spec.verbatim and not leaf.evidence)


def _is_doubtful(leaf: FieldValue, spec: FieldSpec) -> bool:
    threshold = DEFAULT_THRESHOLD if spec.threshold is None else spec.threshold
    return leaf.confidence is not None and leaf.confidence < threshold


def _generic(path: str) -> str:
    """`line_items[3].amount` as the schema writes it: `line_items[].amount`."""
    out, skipping = [], False
    for char in path:
        skipping = char == "[" or (skipping and char != "]")
        if not skipping or char == "[":
            out.append(char)
    return "".join(out)
