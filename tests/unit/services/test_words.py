"""Pages as lines in a blob, and back."""

import json

import pytest
from doubles.documents import text_page
from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.errors import BlobMissingError, DocumentError, TimedOutError
from docproc.domain.geometry import Box
from docproc.domain.page import FormField, FormFieldKind, Grid, PageContent, PageState, TextSource, Word
from docproc.domain.reading import Attachment
from docproc.services.words import WordSpill, page_line, page_of_line

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
words = st.builds(Word, st.text(max_size=8), numbers, numbers, numbers, numbers, st.integers(0, 99), st.floats(0, 1))
fields = st.builds(
    FormField,
    name=st.text(max_size=5),
    label=st.text(max_size=5),
    kind=st.sampled_from(FormFieldKind),
    value=st.text(max_size=5),
    box=st.builds(Box, numbers, numbers, numbers, numbers),
)
pages = st.builds(
    PageContent,
    number=st.integers(1, 9999),
    width=numbers,
    height=numbers,
    rotation=st.sampled_from([0, 90, 180, 270]),
    source=st.sampled_from(TextSource),
    words=st.lists(words, max_size=5).map(tuple),
    form_fields=st.lists(fields, max_size=2).map(tuple),
    ink=st.floats(0, 1),
    blank=st.booleans(),
)


@given(pages)
def test_a_page_comes_back_as_it_was(page: PageContent) -> None:
    line = page_line(page)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert page_of_line(line) == page


@pytest.mark.parametrize("line", [b"", b"\0\0\0", b"[1, 2]", b'{"a": 1}', b'[1,1,1,0,"no such source",0,false,[],[]]'])
def test_a_damaged_line_is_a_lost_page(line: bytes) -> None:
    with pytest.raises(BlobMissingError):
        page_of_line(line)


def test_the_spill_knows_the_place_of_everything_it_wrote() -> None:
    spill = WordSpill()
    attachments = [Attachment(name="a.xml", content=b"<a/>\n"), Attachment(name="b.xml", content=b"")]
    outcomes: list[PageContent | DocumentError] = [
        text_page(1, "hello world"),
        TimedOutError(page=2),
        text_page(3, "!blank"),
    ]
    content = b"".join(spill.lines(attachments, outcomes))
    assert [(place.name, place.offset, place.length) for place in spill.attachments] == [
        ("a.xml", 0, 5),
        ("b.xml", 5, 0),
    ]
    first, broken, blank = spill.pages
    assert page_of_line(content[first.offset : first.offset + first.length]) == text_page(1, "hello world")
    assert page_of_line(content[blank.offset : blank.offset + blank.length]) == text_page(3, "!blank")
    assert [page.state for page in spill.pages] == [PageState.WAITING, PageState.FAILED, PageState.BLANK]
    assert (first.facts.grid, first.facts.words) == (Grid(2, 3), 2)
    assert (broken.length, broken.failure is not None, broken.facts.number) == (0, True, 2)


def test_words_are_kept_without_names() -> None:
    assert json.loads(page_line(text_page(1, "a")))[-1] == [["a", 10.0, 20.0, 45.0, 30.0, 0, 1.0]]
