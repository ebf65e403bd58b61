"""Every page that was asked for is accounted for, whatever the source does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.documents import text_page

from docproc.domain.document import MediaType, PageRanges
from docproc.domain.errors import CorruptError, CrashedError, DocumentError, NoPagesError, TimedOutError
from docproc.domain.page import PageContent
from docproc.pipeline.ports import DocumentOutline, SourceDocument
from docproc.services.pages_in_turn import pages_in_turn, selected_pages


class ScriptedDocument:
    """Yields the pages asked for until one that breaks it."""

    def __init__(self, count: int, breaks: dict[int, Exception | None], ranges: PageRanges) -> None:
        self._numbers = selected_pages(count, ranges)
        self._breaks = breaks
        self.outline = DocumentOutline(page_count=count)

    def __iter__(self) -> Iterator[PageContent]:
        for number in self._numbers:
            if number in self._breaks:
                error = self._breaks[number]
                if error is None:  # ends in silence
                    return
                raise error
            yield text_page(number, "text")

    def close(self) -> None:
        pass


class ScriptedPages:
    def __init__(self, count: int, breaks: dict[int, Exception | None]) -> None:
        self._count, self._breaks = count, breaks
        self.ranges: list[PageRanges] = []

    def open(self, document: SourceDocument) -> ScriptedDocument:
        self.ranges.append(document.pages)
        return ScriptedDocument(self._count, self._breaks, document.pages)


def _turn(source: ScriptedPages, ranges: PageRanges = None) -> list[int | str]:
    document = SourceDocument(path=Path("x"), media_type=MediaType.PDF, pages=ranges)
    outcomes = pages_in_turn(source, document, source.open(document))
    return [each.number if isinstance(each, PageContent) else f"{each.page} {each.code}" for each in outcomes]


def test_pages_come_in_order() -> None:
    assert _turn(ScriptedPages(3, {})) == [1, 2, 3]


def test_behind_a_broken_page_the_document_is_opened_anew() -> None:
    source = ScriptedPages(5, {2: TimedOutError(page=2), 4: CrashedError(page=4)})
    assert _turn(source) == [1, "2 timeout", 3, "4 crashed", 5]
    assert source.ranges == [None, ((3, 5),), ((5, 5),)]


def test_only_what_was_asked_for_is_opened_anew() -> None:
    source = ScriptedPages(9, {2: TimedOutError(page=2)})
    assert _turn(source, ((1, 3), (7, 8))) == [1, "2 timeout", 3, 7, 8]
    assert source.ranges[1] == ((3, 3), (7, 8))


def test_a_page_that_never_comes_is_said_to_have_crashed() -> None:
    assert _turn(ScriptedPages(4, {2: None})) == [1, "2 crashed", 3, 4]
    assert _turn(ScriptedPages(3, {3: None})) == [1, 2, "3 crashed"]


def test_an_error_of_the_whole_document_ends_it() -> None:
    with pytest.raises(CorruptError):
        _turn(ScriptedPages(3, {2: CorruptError()}))


def test_a_source_that_goes_on_by_itself_is_not_opened_again() -> None:
    class GoesOn(ScriptedDocument):
        def __iter__(self) -> Iterator[PageContent]:
            return _GoingOn()

    class _GoingOn:
        def __init__(self) -> None:
            self._number = 0

        def __iter__(self) -> Iterator[PageContent]:
            return self

        def __next__(self) -> PageContent:
            self._number += 1
            if self._number == 2:
                raise TimedOutError(page=2)
            if self._number > 3:
                raise StopIteration
            return text_page(self._number, "text")

    source = ScriptedPages(3, {})
    document = SourceDocument(path=Path("x"), media_type=MediaType.PDF)
    outcomes = list(pages_in_turn(source, document, GoesOn(3, {}, None)))
    assert [isinstance(each, DocumentError) for each in outcomes] == [False, True, False]
    assert source.ranges == []


def test_page_ranges_select_pages_that_exist() -> None:
    assert selected_pages(5, None) == [1, 2, 3, 4, 5]
    assert selected_pages(5, ((4, 99), (2, 2), (1, 2))) == [1, 2, 4, 5]
    assert selected_pages(0, ((1, 2),)) == []
    with pytest.raises(NoPagesError):
        selected_pages(3, ((4, 9),))
