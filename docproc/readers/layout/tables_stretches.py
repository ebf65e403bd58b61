"""Which rows of a window stand under which header, and which headers belong to one table; knows no columns' words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from docproc.readers.layout.lines import Row
from docproc.readers.layout.tables_headers import Header
from docproc.readers.layout.tables_targets import Target, label_of

#: headers with this share of the best one's fields may belong to the same table
SAME_FIELDS = 0.6
#: and do when this share of their labels is the same
SAME_LABELS = 0.8
#: or when their columns stand alike, in page points: each within this, the whole table moved by no more than that
SAME_PLACE, SAME_SHIFT = 12.0, 60.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page as rows, with the headers on it."""

    number: int
    width: float
    rows: Sequence[Row]
    headers: Sequence[Header]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A header and the rows that may stand under it, perhaps over several pages."""

    header: Header
    page_right: float
    rows: list[Row] = field(default_factory=list)
    #: how many rows there were before each header of another table
    breaks: set[int] = field(default_factory=set)


def same_table(header: Header, best: Header, targets: Sequence[Target]) -> bool:
    """Whether two headers name mostly the same fields, at the same places or by the same labels."""
    wanted = {target for target in best.targets if targets[target].spec is not None}
    shared = header.targets & wanted
    if len(shared) < SAME_FIELDS * len(wanted):
        return False
    ours, theirs = ({c.target: c for c in one.columns if c.target in shared} for one in (header, best))
    labels = sum(label_of(ours[target].text) == label_of(theirs[target].text) for target in shared)
    if labels >= SAME_LABELS * len(wanted) and abs(len(header.columns) - len(best.columns)) <= 1:
        return True
    moves = [ours[target].box.middle_x - theirs[target].box.middle_x for target in shared]
    shift = median(moves)
    return abs(shift) <= SAME_SHIFT and median(abs(move - shift) for move in moves) <= SAME_PLACE


def stretches(pages: Sequence[Page], best: Header, targets: Sequence[Target]) -> Iterator[Stretch]:
    """Each header of the table that `best` heads, with the rows down to its next repetition.

    The header of another table does not end a stretch for good: details of each row may be tables of their own.
    """
    current: Stretch | None = None
    for page in pages:
        starts = {header.first: header for header in page.headers}
        at = 0
        while at < len(page.rows):
            header = starts.get(at)
            if header is not None and same_table(header, best, targets):
                if current is not None:
                    yield current
                current = Stretch(header, page.width)
            elif current is not None and header is not None:
                current.breaks.add(len(current.rows))
            elif current is not None:
                current.rows.append(page.rows[at])
            at = header.after if header is not None else at + 1
    if current is not None:
        yield current
