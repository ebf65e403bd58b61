import pytest

from docproc.domain.geometry import Box
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.schema import FieldKind
from docproc.grounding.hints import says
from docproc.grounding.rows import assign
from docproc.grounding.tokens import column_order, lay_out
from docproc.grounding.track import Track

PLACE = ("place",)


def cells(*columns):
    """A row: for each of its values the positions where it may stand."""
    return [dict.fromkeys(positions, PLACE) for positions in columns]


def test_rows_go_down_the_page_in_order():
    rows = [cells([1, 5], [1, 3, 5]), cells([3], [1, 3, 5]), cells([1, 5], [1, 3, 5])]
    assert assign(rows) == [1, 3, 5]


def test_a_rare_value_speaks_louder_than_common_ones():
    assert assign([cells([7], [2, 4, 7, 9], [2, 4, 9])]) == [7]


def test_a_row_that_is_nowhere_is_left_out():
    assert assign([cells([1]), cells(), cells([2])]) == [1, None, 2]


def test_a_row_out_of_order_takes_a_free_position():
    assert assign([cells([9]), cells([1]), cells([2])]) == [9, 1, 2]


@pytest.mark.parametrize(
    ("kind", "value", "text", "said"),
    [
        (FieldKind.MONEY, "5.00", "Total 5,00 €", True),
        (FieldKind.MONEY, "1234.50", "1 234 .50", True),
        (FieldKind.MONEY, "5.00", "Total 6.00", False),
        (FieldKind.DATE, "2018-03-02", "am 2. März 2018", True),
        (FieldKind.DATE, "2018-03-02", "3 March 2018", False),
        (FieldKind.CURRENCY, "EUR", "€ 5", True),
        (FieldKind.CURRENCY, "EUR", "$ 5", False),
        (FieldKind.BOOLEAN, True, "Ja", True),
        (FieldKind.BOOLEAN, True, "Nein", False),
        (FieldKind.TEXT, "Acme GmbH", "ACME GMBH, Bonn", True),
        (FieldKind.TEXT, "Acme GmbH", "Acne GmbH", True),
        (FieldKind.TEXT, "Acme GmbH", "Beta AG", False),
    ],
)
def test_what_a_print_says(kind, value, text, said):
    assert says(kind, value, text) is said


def words(*prints):
    return tuple(
        Word(text, left, top, left + 5 * len(text), top + 10, line) for line, (left, top, text) in enumerate(prints)
    )


def layout(*prints):
    page = PageContent(number=1, width=600, height=800, rotation=0, source=TextSource.TEXT_LAYER, words=words(*prints))
    return lay_out([page])


def test_columns_are_read_one_after_the_other():
    laid = layout((50, 100, "a1"), (300, 100, "b1"), (50, 112, "a2"), (300, 112, "b2"), (50, 300, "c"))
    assert [laid.tokens[number].text for number in column_order(laid)] == ["a1", "a2", "b1", "b2", "c"]


def test_words_of_one_printed_row_share_a_band_even_when_their_boxes_differ_a_little():
    laid = layout((50, 100, "a"), (100, 103, "b"), (50, 114, "c"))
    assert [token.band for token in laid.tokens] == [0, 0, 1]
    assert laid.tokens[0].box == Box(50, 100, 55, 110)


def test_a_near_match_ends_at_word_borders():
    laid = layout((50, 100, "the"), (70, 100, "Acme"), (100, 100, "Tradlng"), (150, 100, "Company"), (200, 100, "of"))
    track = Track(laid.tokens, range(len(laid.tokens)))
    (best, *_) = track.find_near("acmetradingcompany", least=0.85)
    assert [laid.tokens[track.order[number]].text for number in range(best.first, best.last + 1)] == [
        "Acme", "Tradlng", "Company",
    ]  # fmt: skip
    assert track.find_near("somethingelsealtogether", least=0.85) == []
    assert track.find_near("acme", least=0.85) == []
