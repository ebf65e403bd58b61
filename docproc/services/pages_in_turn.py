"""Every page that was asked for, in order, as its content or as the error that it ended in. Knows no store."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

from docproc.domain.document import PageRanges
from docproc.domain.errors import CrashedError, DocumentError, NoPagesError
from docproc.domain.page import PageContent
from docproc.pipeline.ports import OpenDocument, PageSource, SourceDocument

#: an error that belongs to one page carries its number
PageOutcome: TypeAlias = PageContent | DocumentError


def selected_pages(page_count: int, ranges: PageRanges) -> list[int]:
    """Page numbers asked for that the document has, ascending. Raises NoPagesError when it has none of them."""
    if ranges is None or page_count == 0:
        return list(range(1, page_count + 1))
    chosen = {number for first, last in ranges for number in range(max(first, 1), min(last, page_count) + 1)}
    if not chosen:
        raise NoPagesError(f"none of the pages asked for is in this document of {page_count} pages")
    return sorted(chosen)


def _ranges(numbers: Sequence[int]) -> PageRanges:
    """Ascending page numbers as the runs that they form."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return tuple(runs)


def pages_in_turn(source: PageSource, document: SourceDocument, opened: OpenDocument) -> Iterator[PageOutcome]:
    """Each page once; after a page that broke the source, the pages behind it are opened anew.

    Raises DocumentError when the document as a whole is to blame.
    """
    left = selected_pages(opened.outline.page_count, document.pages)
    for page in _from_one_opening(opened):
        left = [number for number in left if number > _number(page)]
        yield page
    while left:
        before = left
        with closing(source.open(replace(document, pages=_ranges(left)))) as again:
            for page in _from_one_opening(again):
                left = [number for number in left if number > _number(page)]
                yield page
        if left == before:  # it opens, but not one page comes: say so of the first and go on behind it
            yield CrashedError(page=left[0])
            left = left[1:]


def _from_one_opening(opened: OpenDocument) -> Iterator[PageOutcome]:
    pages = iter(opened)
    while True:
        try:
            yield next(pages)
        except StopIteration:
            return
        except DocumentError as error:
            if error.page is None:
                raise
            yield error


def _number(page: PageOutcome) -> int:
    number = page.number if isinstance(page, PageContent) else page.page
    return number or 0
