"""When two values are the same, and how alike two texts are; knows neither records nor documents.

Text is compared as a person would who does not forgive an accent: stricter than the form in which readers search.
"""

import json
import re
import unicodedata
from collections.abc import Hashable
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
class Prepared:
    """A value with the forms in which it is compared, made once: a row of a long table is compared with every other."""

    value: JsonValue
    #: without white space at its ends
    exact: str
    text: str
    #: equal for values that mean the same; None when the value is not of the field's kind
    form: Hashable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sameness:
    """How the values of one field are compared."""

    kind: FieldKind = FieldKind.TEXT
    #: order of a numeric date in truth and records
    day_first: bool = True
    #: a number within 5 % is right, as for charts
    relaxed: bool = False

    def prepare(self, value: JsonValue) -> Prepared:
        """The value in its forms."""
        text = text_form(value)
        return Prepared(value=value, exact=as_text(value).strip(), text=text, form=self._form(value, text))

    def same(self, true: Prepared, given: Prepared) -> bool:
        """Do both mean the same? What is not of the kind is compared as text."""
        if true.exact == given.exact:
            return True
        if self.relaxed:
            return _same_relaxed(true, given)
        if true.form is None or given.form is None:
            return true.text == given.text
        return true.form == given.form

    def alike(self, true: Prepared, given: Prepared) -> float:
        """1 for the same, ANLS for texts that are not, 0 for anything else."""
        if self.same(true, given):
            return 1.0
        return anls(true.text, given.text) if self.is_text else 0.0

    @property
    def is_text(self) -> bool:
        """Nearly right counts in part."""
        return self.kind is FieldKind.TEXT and not self.relaxed

    def _form(self, value: JsonValue, text: str) -> Hashable | None:
        if isinstance(value, list | dict):
            return None
        return text if self.kind is FieldKind.TEXT else comparable(self.kind, value, day_first=self.day_first)


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


def anls(true: str, given: str) -> float:
    """1 minus the normalised Levenshtein distance of two text forms, 0 under the threshold."""
    if not true or not given:
        return float(true == given)
    return Levenshtein.normalized_similarity(true, given, score_cutoff=ANLS_THRESHOLD)


def is_blank(value: JsonValue) -> bool:
    """No value at all: null, white space, an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def _same_relaxed(true: Prepared, given: Prepared) -> bool:
    numbers = [None if _LETTER.search(side.exact) else parse_number(side.exact) for side in (true, given)]
    if numbers[0] is None or numbers[1] is None:
        return true.text == given.text
    return abs(float(numbers[0] - numbers[1])) <= RELAXED * abs(float(numbers[0]))
