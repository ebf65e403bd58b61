"""Which pages are asked for."""

import pytest

from docproc.domain.errors import NoPagesError
from docproc.pages.ranges import chosen_pages


def test_without_ranges_all_pages_are_meant():
    assert list(chosen_pages(None, 3)) == [1, 2, 3]


def test_overlapping_ranges_give_each_page_once_in_order():
    assert list(chosen_pages(((5, 6), (1, 3), (2, 5)), 10)) == [1, 2, 3, 4, 5, 6]


def test_a_range_is_cut_to_the_document_at_no_cost():
    assert list(chosen_pages(((2, 9_999_999_999),), 3)) == [2, 3]


def test_pages_that_do_not_exist_are_an_error():
    with pytest.raises(NoPagesError, match="has 3"):
        chosen_pages(((4, 9),), 3)
