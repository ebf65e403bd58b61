"""Page ranges as people write them: `1-3,7,10-`. Knows no document."""

import re

from docproc.domain.document import PageRanges
from docproc.domain.errors import UsageError

#: the end of a range that is left open
LAST_PAGE = 2**31 - 1
_RANGE = re.compile(r"(\d+)(?:(-)(\d*))?")


def parse_ranges(text: str | None) -> PageRanges:
    """`1-3,7` as ((1, 3), (7, 7)); None stands for all pages.

    Raises UsageError for anything else, with an example.
    """
    if text is None:
        return None
    return tuple(_range(part.strip(), text) for part in text.split(","))


def _range(part: str, whole: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(part)
    if found is None:
        raise UsageError(f"pages {whole!r}: {part!r} is not a page or a range; write for example 1-3,7 or 10-")
    first = int(found[1])
    last = first if found[2] is None else int(found[3]) if found[3] else LAST_PAGE
    if first < 1 or last < first:
        raise UsageError(f"pages {whole!r}: pages count from 1 and a range runs upwards")
    return first, last
