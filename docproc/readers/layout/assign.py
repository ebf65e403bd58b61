"""Gives each field at most one candidate and each place at most one field: the surest pair first."""

from collections.abc import Mapping, Sequence
from typing import Final

from docproc.domain.geometry import Box
from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Candidate
from docproc.readers.layout.score import CODED, Scored
from docproc.readers.layout.thesaurus import SIDES

#: a field stays null when its best candidate is less probable
THRESHOLD: Final = 0.5
#: share of the smaller box that two places have in common to be one
SAME_PLACE: Final = 0.5


def assigned(entries: Mapping[str, Sequence[Scored]], *, threshold: float = THRESHOLD) -> dict[str, Scored]:
    """The chosen candidate by field path; a path without a good candidate is missing."""
    pairs = [entry for scored in entries.values() for entry in scored if entry.probability >= threshold]
    pairs.sort(key=lambda entry: -entry.score)
    chosen: dict[str, Scored] = {}
    for entry in pairs:
        if entry.plan.path in chosen:
            continue
        if not any(_rivals(entry, other) for other in chosen.values()):
            chosen[entry.plan.path] = entry
    return chosen


def _rivals(first: Scored, second: Scored) -> bool:
    """Whether two fields cannot both have what is printed there; a currency shares its place with its amount."""
    currencies = sum(entry.candidate.kind is FieldKind.CURRENCY for entry in (first, second))
    return (currencies != 1 and same_place(first.candidate, second.candidate)) or _of_one_party(first, second)


def _of_one_party(first: Scored, second: Scored) -> bool:
    """Whether a number or address of one party would be given to the other as well: a footer is on every page."""
    one, other = first.candidate, second.candidate
    if one.kind not in CODED or one.kind is not other.kind or one.value != other.value or one.page == other.page:
        return False
    sides = [entry.plan.labels.terms & SIDES for entry in (first, second)]
    return sides[0] != sides[1]


def same_place(first: Candidate, second: Candidate) -> bool:
    """Whether two candidates are the same print."""
    if first.page != second.page:
        return False
    smaller = min(first.box.area, second.box.area)
    return _shared(first.box, second.box) >= SAME_PLACE * smaller if smaller else first.box == second.box


def _shared(first: Box, second: Box) -> float:
    return first.intersection(second)
