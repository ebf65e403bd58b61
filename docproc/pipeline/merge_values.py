"""Values of one field from several windows become one, by the field's merge rule; knows no list and no tree."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from docproc.domain.extraction import FieldValue
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import FieldSpec, MergeRule
from docproc.values.parse import comparable

#: a loser under this share of the winner's support is noise, not a conflict worth a person's time
CONFLICT_SHARE = 0.5


def merge_values(values: Sequence[FieldValue], spec: FieldSpec, path: str) -> tuple[FieldValue, Issue | None]:
    """The one value, and the conflict if windows disagree where the rule is to take the best."""
    given = [value for value in values if value.value is not None]
    if not given:
        return (_most_confident(values) if values else FieldValue(value=None)), None
    if spec.merge is MergeRule.FIRST or len(given) == 1:
        return given[0], None
    if spec.merge is MergeRule.LAST:
        return given[-1], None
    if spec.merge is MergeRule.LONGEST:
        return max(given, key=lambda value: len(str(value.value))), None
    if spec.merge is MergeRule.SUM:
        return _total(given), None
    return _vote(given, spec, path)


def _most_confident(values: Sequence[FieldValue]) -> FieldValue:
    return max(values, key=lambda value: value.confidence or 0.0)


def _total(values: Sequence[FieldValue]) -> FieldValue:
    """The sum of numeric values; a value that is not a number makes the most confident one stand alone."""
    try:
        total = sum((Decimal(str(value.value)) for value in values), Decimal(0))
    except InvalidOperation:
        return _most_confident(values)
    weakest = min(values, key=lambda value: value.confidence or 0.0)
    return FieldValue(
        value=str(total) if isinstance(values[0].value, str) else float(total),
        confidence=weakest.confidence,
        parts=weakest.parts,
        evidence=tuple(place for value in values for place in value.evidence),
    )


def _vote(values: Sequence[FieldValue], spec: FieldSpec, path: str) -> tuple[FieldValue, Issue | None]:
    """Equal values support each other; the best supported wins, the earlier one on a tie."""
    groups: dict[object, list[FieldValue]] = {}
    for value in values:
        form = comparable(spec.kind, str(value.value))
        groups.setdefault(form if form is not None else str(value.value), []).append(value)
    ranked = sorted(groups.values(), key=_support, reverse=True)
    best = _most_confident(ranked[0])
    others = tuple(place for value in ranked[0] if value is not best for place in value.evidence)
    winner = best.model_copy(update={"evidence": (*best.evidence, *others)})
    contested = len(ranked) > 1 and _support(ranked[1]) >= CONFLICT_SHARE * _support(ranked[0])
    return winner, _conflict(ranked, path) if contested else None


def _support(group: Sequence[FieldValue]) -> float:
    """Probability that at least one of independent readings is right."""
    doubt = 1.0
    for value in group:
        doubt *= 1.0 - (value.confidence or 0.0)
    return 1.0 - doubt


def _conflict(ranked: Sequence[Sequence[FieldValue]], path: str) -> Issue:
    pages = sorted({place.page for group in ranked for value in group for place in value.evidence})
    where = f" (pages {', '.join(map(str, pages))})" if pages else ""
    return Issue(
        code=IssueCode.MERGE_CONFLICT,
        fields=(path,),
        severity=Severity.WARNING,
        message=f"{len(ranked)} different values were read{where}; the best supported one was taken.",
    )
