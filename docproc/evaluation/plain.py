"""Judge one plain value, or a set of values, against the truth."""

from collections.abc import Sequence
from typing import Any

from docproc.domain.schema import FieldKind, JsonValue
from docproc.evaluation.forms import Sameness, as_text, best_anls, is_blank, loose_form
from docproc.evaluation.given import GivenValue
from docproc.evaluation.judged import Judged, Measure, Tally
from docproc.evaluation.truth import alternatives


def judge_plain(true: Any, given: GivenValue, sameness: Sameness) -> Judged:  # noqa: ANN401 plain JSON
    """A single value; `true` may be null, or several equally right ones."""
    choices = alternatives(true)
    measure = Measure.TEXT if sameness.kind is FieldKind.TEXT and not sameness.relaxed else Measure.PLAIN
    is_given = not is_blank(given.value)
    if all(is_blank(choice) for choice in choices):
        tally = Tally(given=is_given, invented=is_given)
        return Judged(measure=measure, tally=tally, whole=not is_given, bet=_bet(given, right=False))
    exact = is_given and is_exact(choices, given.value)
    right = exact or (is_given and is_right(choices, given.value, sameness))
    tally = Tally(
        asked=1,
        given=is_given,
        right=right,
        exact=exact,
        alike=1.0 if right else best_anls(choices, given.value) if is_given else 0.0,
        omitted=not is_given,
        invented=is_given and not right and given.grounded is False,
        documents=1,
    )
    return Judged(measure=measure, tally=tally, whole=right, bet=_bet(given, right=right))


def is_exact(choices: Sequence[JsonValue], given: JsonValue) -> bool:
    """The same characters, white space at the ends aside."""
    return any(as_text(choice).strip() == as_text(given).strip() for choice in choices)


def is_right(choices: Sequence[JsonValue], given: JsonValue, sameness: Sameness) -> bool:
    """The same after normalising."""
    return any(sameness.same(choice, given) for choice in choices)


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
        exact += is_exact(alternatives(hit), member.value)
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
