"""Rows of a renderer and lines of a recogniser become words in reading order."""

from docproc.domain.page import Word
from docproc.pages.layout import in_reading_order
from docproc.pages.words import from_rows


def test_each_line_of_each_block_gets_a_number():
    rows = [
        (0, 0, 1, 1, "a", 0, 0, 0),
        (2, 0, 3, 1, "b", 0, 0, 1),
        (0, 2, 1, 3, "c", 0, 1, 0),
        (0, 4, 1, 5, "d", 1, 0, 0),
    ]
    assert [(word.text, word.line) for word in from_rows(rows)] == [("a", 0), ("b", 0), ("c", 1), ("d", 2)]


def test_an_exotic_blank_parts_words():
    assert [word.text for word in from_rows([(0, 0, 9, 1, "a\u3000b", 0, 0, 0)])] == ["a", "b"]


def test_lines_go_from_top_to_bottom_and_from_left_to_right():
    words = [
        Word("right", 300, 101, 350, 111, 0),
        Word("below", 50, 130, 100, 140, 1),
        Word("left", 50, 100, 100, 110, 2),
    ]
    ordered = in_reading_order(words)
    assert [word.text for word in ordered] == ["left", "right", "below"]
    assert [word.line for word in ordered] == [0, 1, 2]


def test_words_of_a_line_stay_together_from_left_to_right():
    words = [Word("b", 60, 0, 70, 10, 4), Word("c", 0, 20, 10, 30, 2), Word("a", 0, 0, 10, 10, 4)]
    assert [(word.text, word.line) for word in in_reading_order(words)] == [("a", 0), ("b", 0), ("c", 1)]


def test_no_words_have_no_order():
    assert in_reading_order([]) == ()
