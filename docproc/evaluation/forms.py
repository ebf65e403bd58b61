"""When two values are the same, and how alike two texts are; knows neither records nor documents.

Text is compared as a person would who does not forgive an accent: stricter than the form in which readers search.
"""

import json
import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from docproc.domain.schema import FieldKind, JsonValue
from docproc.values.numbers import parse_number
from docproc.values.parse import comparable

#: similarity under which two texts have nothing in common
ANLS_THRESHOLD = 0.5
#: share of the true number by which a chart's value may be off
RELAXED = 0.05

_UNIFIED = str.maketrans(
    dict.fromkeys("‘’", "'")  # noqa: RUF001 the point
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("–—−", "-")  # noqa: RUF001 the point
    | dict.fromkeys("\u00ad\u200b")
)
_SPACE = re.compile(r"\s+")
_AROUND_MARKS = re.compile(r"\s*([,.;:])\s*")
_NOT_IN_WORDS = re.compile(r"[\W_]+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sameness:
    """How the values of one field are compared."""

    kind: FieldKind = FieldKind.TEXT
    #: order of a numeric date in truth and records
    day_first: bool = True
    #: a number within 5 % is right, as for charts
    relaxed: bool = False

    def same(self, true: JsonValue, given: JsonValue) -> bool:
        """Do both mean the same? What is not of the kind is compared as text."""
        if self.relaxed:
            return _same_relaxed(true, given)
        forms = self.form(true), self.form(given)
        if None in forms:
            return text_form(true) == text_form(given)
        return forms[0] == forms[1]

    def form(self, value: JsonValue) -> Hashable | None:
        """A form that is equal for values that mean the same; None when it is not of this kind."""
        if isinstance(value, list | dict):
            return None
        if self.kind is FieldKind.TEXT:
            return text_form(value)
        return comparable(self.kind, value, day_first=self.day_first)


def text_form(value: JsonValue) -> str:
    """Case folded, white space collapsed (none around , . ; :), quotes and dashes unified."""
    text = unicodedata.normalize("NFKC", as_text(value)).casefold().translate(_UNIFIED)
    text = _SPACE.sub(" ", text).strip()
    return _AROUND_MARKS.sub(r"\1", text).strip(" .,;:")


def loose_form(value: JsonValue) -> str:
    """Letters and digits only, `&` read as and: the form of a member of a set."""
    return _NOT_IN_WORDS.sub("", text_form(value).replace("&", " and "))


def as_text(value: JsonValue) -> str:
    """A value as one string; what is no plain value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def anls(true: JsonValue, given: JsonValue, *, threshold: float = ANLS_THRESHOLD) -> float:
    """1 minus the normalised Levenshtein distance of the text forms, 0 under the threshold."""
    left, right = text_form(true), text_form(given)
    if not left or not right:
        return float(left == right)
    alike = Levenshtein.normalized_similarity(left, right)
    return alike if alike >= threshold else 0.0


def best_anls(true: Sequence[JsonValue], given: JsonValue) -> float:
    """The similarity to the closest of several equally right values."""
    return max((anls(one, given) for one in true), default=0.0)


def is_blank(value: JsonValue) -> bool:
    """No value at all: null, white space, an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def _same_relaxed(true: JsonValue, given: JsonValue) -> bool:
    numbers = [None if _LETTER.search(as_text(side)) else parse_number(as_text(side)) for side in (true, given)]
    if numbers[0] is None or numbers[1] is None:
        return text_form(true) == text_form(given)
    return abs(float(numbers[0] - numbers[1])) <= RELAXED * abs(float(numbers[0]))
