"""Which pages of a document are asked for; pure."""

from collections.abc import Sequence

from docproc.domain.document import PageRanges
from docproc.domain.errors import NoPagesError


def chosen_pages(ranges: PageRanges, page_count: int) -> Sequence[int]:
    """Page numbers in ascending order, each once; raises NoPagesError when none of them exists."""
    if ranges is None:
        return range(1, page_count + 1)
    # Cut to the document first: a range to page 9,999,999,999 costs nothing.
    chosen = {number for first, last in ranges for number in range(max(1, first), min(last, page_count) + 1)}
    if not chosen:
        raise NoPagesError(f"none of the pages asked for exists; the document has {page_count}")
    return sorted(chosen)
