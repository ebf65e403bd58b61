"""The verdict on one field of one document, as numbers that can be added up."""

from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """What a field's score is made of."""

    TEXT = "text"  # mean ANLS
    PLAIN = "plain"  # F1 of the normalised values
    SET = "set"  # the same over members
    ROWS = "rows"  # F1 of cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of one field; for sets of members, for rows of cells. Given = right + misread + invented."""

    #: values that the truth holds
    asked: float = 0
    #: values that the record holds
    given: float = 0
    #: the same after normalising
    right: float = 0
    #: the same character for character, white space at the ends aside
    exact: float = 0
    #: sum of ANLS
    alike: float = 0
    #: asked for, and the record says nothing
    omitted: float = 0
    #: given though the document has no such value, or wrong and nowhere on its pages
    invented: float = 0
    rows_asked: float = 0
    rows_given: float = 0
    rows_right: float = 0
    #: documents in which anything is asked for
    documents: float = 0

    def numbers(self) -> tuple[float, ...]:
        return astuple(self)


COLUMNS: Final = tuple(Tally.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One field of one document."""

    measure: Measure
    tally: Tally
    #: nothing is wrong, missing or too much
    whole: bool
    #: (confidence, right) of a plain value that was given with a confidence
    bet: tuple[float, bool] | None = None
