"""What a reader gave for a document: values with confidence and whether a place on the page proves them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.schema import JsonValue

#: a field as it was given: a value, a list of values, or rows
GivenTree: TypeAlias = "GivenValue | list[GivenTree] | dict[str, GivenTree]"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenValue:
    """One value."""

    value: JsonValue = None
    confidence: float | None = None
    #: a place on a page proves it; None: nobody looked for one
    grounded: bool | None = None
    #: the page of that place
    page: int | None = None


NOTHING = GivenValue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One document as it came out."""

    file: str
    fields: Mapping[str, GivenTree] = field(default_factory=dict)
    #: it has a record, and the schema admits it; None: not checked
    valid: bool | None = None
    failure: str | None = None
    page_count: int = 0
    #: of those that a model was shown
    model_pages: int = 0
    #: of work, without waiting
    seconds: float = 0.0


def given_tree(tree: FieldTree) -> GivenTree:
    """A field of an extraction."""
    if isinstance(tree, FieldValue):
        return GivenValue(
            value=tree.value,
            confidence=tree.confidence,
            grounded=bool(tree.evidence),
            page=tree.evidence[0].page if tree.evidence else None,
        )
    if isinstance(tree, list):
        return [given_tree(branch) for branch in tree]
    return {name: given_tree(branch) for name, branch in tree.items()}


def given_json(parsed: Any) -> GivenTree:  # noqa: ANN401 plain JSON
    """A field of a prediction file: plain JSON, or {"value", "confidence", "evidence"} at its leaves."""
    if isinstance(parsed, dict) and "value" in parsed:
        evidence = parsed.get("evidence")
        places = evidence if isinstance(evidence, list) else []
        pages = [place["page"] for place in places if isinstance(place, dict) and isinstance(place.get("page"), int)]
        return GivenValue(
            value=parsed["value"],
            confidence=_confidence(parsed.get("confidence")),
            grounded=None if evidence is None else bool(evidence),
            page=pages[0] if pages else None,
        )
    if isinstance(parsed, dict):
        return {str(name): given_json(branch) for name, branch in parsed.items()}
    if isinstance(parsed, list):
        return [given_json(branch) for branch in parsed]
    return GivenValue(value=parsed)


def at_path(fields: Mapping[str, GivenTree], path: str) -> GivenTree:
    """The tree at `seller.name`, or nothing."""
    tree: GivenTree = dict(fields)
    for name in path.split("."):
        if not isinstance(tree, dict) or name not in tree:
            return NOTHING
        tree = tree[name]
    return tree


def as_value(tree: GivenTree) -> GivenValue:
    """The tree where one plain value is asked for; a list of one stands for its member."""
    if isinstance(tree, GivenValue):
        return tree
    if isinstance(tree, list) and len(tree) == 1:
        return as_value(tree[0])
    return GivenValue(value=bare(tree))


def as_values(tree: GivenTree) -> list[GivenValue]:
    """The tree where several plain values are asked for."""
    if isinstance(tree, list):
        return [as_value(branch) for branch in tree]
    if isinstance(tree, GivenValue) and isinstance(tree.value, list):
        return [GivenValue(value=one, confidence=tree.confidence, grounded=tree.grounded) for one in tree.value]
    return [as_value(tree)]


def as_rows(tree: GivenTree) -> list[Mapping[str, GivenValue]]:
    """The tree where rows are asked for."""
    if isinstance(tree, GivenValue) and isinstance(tree.value, list):
        tree = given_json(tree.value)
    branches: Iterable[GivenTree] = tree if isinstance(tree, list) else ()
    return [{name: as_value(cell) for name, cell in row.items()} for row in branches if isinstance(row, dict)]


def bare(tree: GivenTree) -> JsonValue:
    """The values without anything beside them."""
    if isinstance(tree, GivenValue):
        return tree.value
    if isinstance(tree, list):
        return [bare(branch) for branch in tree]
    return {name: bare(branch) for name, branch in tree.items()}


def _confidence(told: object) -> float | None:
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None
