"""Several windows' readings become one field tree, by each field's merge rule; conflicts are reported, not hidden."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import ExtractionSchema, FieldSpec, MergeRule, Shape
from docproc.pipeline.grounded import GroundedReading
from docproc.values.parse import comparable

#: a loser under this share of the winner's confidence is noise, not a conflict worth a person's time
CONFLICT_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One document's field tree before the rules."""

    reader: str | None
    fields: dict[str, FieldTree]
    issues: tuple[Issue, ...]


def merge(readings: Iterable[GroundedReading], schema: ExtractionSchema) -> Merged:
    """Merge the readings of one document, given in page order."""
    parts = list(readings)
    issues = list(dict.fromkeys(issue for part in parts for issue in part.issues))
    fields = {
        spec.name: _merge_tree([part.fields[spec.name] for part in parts if spec.name in part.fields], spec, issues)
        for spec in schema.fields
    }
    names = list(dict.fromkeys(part.reader for part in parts))
    return Merged(reader="+".join(names) or None, fields=fields, issues=tuple(issues))


def _merge_tree(trees: Sequence[FieldTree], spec: FieldSpec, issues: list[Issue], path: str = "") -> FieldTree:
    path = f"{path}.{spec.name}" if path else spec.name
    if spec.shape is Shape.GROUP:
        groups = [tree for tree in trees if isinstance(tree, dict)]
        return {
            child.name: _merge_tree([g[child.name] for g in groups if child.name in g], child, issues, path)
            for child in spec.children
        }
    if spec.shape is Shape.LIST:
        return _merge_lists([tree for tree in trees if isinstance(tree, list)], spec)
    return _merge_leaves([tree for tree in trees if isinstance(tree, FieldValue)], spec, issues, path)


def _merge_lists(lists: Sequence[list[FieldTree]], spec: FieldSpec) -> list[FieldTree]:
    """Tables are appended and sets united; an entry that stands at the same place twice is one entry."""
    united = spec.merge is MergeRule.UNION or not spec.is_table
    seen: set[object] = set()
    merged: list[FieldTree] = []
    for entry in (entry for entries in lists for entry in entries):
        mark = _value_mark(entry, spec) if united else _place_mark(entry)
        if mark is None or mark not in seen:
            seen.add(mark)
            merged.append(entry)
    return merged


def _value_mark(entry: FieldTree, spec: FieldSpec) -> object:
    if isinstance(entry, FieldValue) and spec.item is not None:
        return comparable(spec.item.kind, str(entry.value))
    return None


def _place_mark(entry: FieldTree) -> object:
    """Where all values of a row stand; None when one of them is ungrounded, for then sameness is not proven."""
    if not isinstance(entry, dict):
        return None
    leaves = [leaf for leaf in entry.values() if isinstance(leaf, FieldValue) and leaf.value is not None]
    places = tuple((leaf.evidence[0].page, leaf.evidence[0].box) for leaf in leaves if leaf.evidence)
    return places if places and len(places) == len(leaves) else None


def _merge_leaves(leaves: Sequence[FieldValue], spec: FieldSpec, issues: list[Issue], path: str) -> FieldValue:
    given = [leaf for leaf in leaves if leaf.value is not None]
    if not given:
        return _most_confident(leaves) if leaves else FieldValue(value=None)
    if len(given) == 1:
        return given[0]
    if spec.merge is MergeRule.FIRST:
        return given[0]
    if spec.merge is MergeRule.LAST:
        return given[-1]
    if spec.merge is MergeRule.LONGEST:
        return max(given, key=lambda leaf: len(str(leaf.value)))
    if spec.merge is MergeRule.SUM:
        return _total(given)
    return _vote(given, spec, issues, path)


def _most_confident(leaves: Sequence[FieldValue]) -> FieldValue:
    return max(leaves, key=lambda leaf: leaf.confidence or 0.0)


def _total(leaves: Sequence[FieldValue]) -> FieldValue:
    """The sum of numeric values; a value that is not a number makes the most confident one stand alone."""
    try:
        total = sum((Decimal(str(leaf.value)) for leaf in leaves), Decimal(0))
    except InvalidOperation:
        return _most_confident(leaves)
    value = str(total) if isinstance(leaves[0].value, str) else float(total)
    weakest = min(leaves, key=lambda leaf: leaf.confidence or 0.0)
    evidence = tuple(place for leaf in leaves for place in leaf.evidence)
    return FieldValue(value=value, confidence=weakest.confidence, parts=weakest.parts, evidence=evidence)


def _vote(leaves: Sequence[FieldValue], spec: FieldSpec, issues: list[Issue], path: str) -> FieldValue:
    """Equal values support each other; the best supported wins, the earlier one on a tie."""
    groups: dict[object, list[FieldValue]] = {}
    for leaf in leaves:
        form = comparable(spec.kind, str(leaf.value))
        groups.setdefault(form if form is not None else str(leaf.value), []).append(leaf)
    ranked = sorted(groups.values(), key=_support, reverse=True)
    if len(ranked) > 1 and _support(ranked[1]) >= CONFLICT_SHARE * _support(ranked[0]):
        issues.append(_conflict(ranked, path))
    best = _most_confident(ranked[0])
    evidence = (*best.evidence, *(place for leaf in ranked[0] if leaf is not best for place in leaf.evidence))
    return best.model_copy(update={"evidence": evidence})


def _support(group: Sequence[FieldValue]) -> float:
    """Probability that at least one of independent readings is right."""
    doubt = 1.0
    for leaf in group:
        doubt *= 1.0 - (leaf.confidence or 0.0)
    return 1.0 - doubt


def _conflict(ranked: Sequence[Sequence[FieldValue]], path: str) -> Issue:
    pages = sorted({place.page for group in ranked for leaf in group for place in leaf.evidence})
    where = f" (pages {', '.join(map(str, pages))})" if pages else ""
    return Issue(
        code=IssueCode.MERGE_CONFLICT,
        fields=(path,),
        severity=Severity.WARNING,
        message=f"{len(ranked)} different values were read{where}; the best supported one was taken.",
    )
