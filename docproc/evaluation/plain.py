"""Judge one plain value, or a set of values, against the truth."""

from collections.abc import Sequence
from typing import Any

from docproc.domain.schema import JsonValue
from docproc.evaluation.forms import Sameness, as_text, is_blank, loose_form
from docproc.evaluation.given import GivenValue
from docproc.evaluation.judged import Judged, Measure, Tally
from docproc.evaluation.truth import alternatives


def judge_plain(true: Any, given: GivenValue, sameness: Sameness) -> Judged:  # noqa: ANN401 plain JSON
    """A single value; `true` may be null, or several equally right ones."""
    choices = [sameness.prepare(choice) for choice in alternatives(true) if not is_blank(choice)]
    measure = Measure.TEXT if sameness.is_text else Measure.PLAIN
    is_given = not is_blank(given.value)
    if not choices:
        tally = Tally(given=is_given, invented=is_given)
        return Judged(measure=measure, tally=tally, whole=not is_given, bet=_bet(given, right=False))
    if not is_given:
        return Judged(measure=measure, tally=Tally(asked=1, omitted=1, documents=1), whole=False)
    answer = sameness.prepare(given.value)
    right = any(sameness.same(choice, answer) for choice in choices)
    tally = Tally(
        asked=1,
        given=1,
        right=right,
        exact=any(choice.exact == answer.exact for choice in choices),
        alike=max(sameness.alike(choice, answer) for choice in choices),
        invented=not right and given.grounded is False,
        documents=1,
    )
    return Judged(measure=measure, tally=tally, whole=right, bet=_bet(given, right=right))


def judge_set(true: Sequence[Any] | None, given: Sequence[GivenValue]) -> Judged:
    """Members in any order; the same one given twice counts once. Members are compared by letters and digits."""
    members = list({loose_form(one.value): one for one in given if not is_blank(one.value)}.values())
    left = list(true or ())
    right, exact, invented = 0, 0, 0
    for member in members:
        hit = next((one for one in left if _is_member(one, member.value)), None)
        if hit is None:
            invented += not true or member.grounded is False
            continue
        left.remove(hit)
        right += 1
        exact += any(as_text(choice).strip() == as_text(member.value).strip() for choice in alternatives(hit))
    asked = len(true or ())
    tally = Tally(
        asked=asked,
        given=len(members),
        right=right,
        exact=exact,
        omitted=max(0, asked - len(members)),
        invented=invented,
        documents=asked > 0,
    )
    return Judged(measure=Measure.SET, tally=tally, whole=right == asked == len(members))


def _is_member(true: Any, given: JsonValue) -> bool:  # noqa: ANN401 plain JSON
    return any(loose_form(choice) == loose_form(given) for choice in alternatives(true))


def _bet(given: GivenValue, *, right: bool) -> tuple[float, bool] | None:
    if given.confidence is None or is_blank(given.value):
        return None
    return given.confidence, right
