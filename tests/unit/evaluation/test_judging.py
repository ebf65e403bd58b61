"""The verdict on fields: plain values, sets, rows, groups."""

import pytest
from evaluation_factory import judged

from docproc.evaluation.judged import Judged, Measure, Tally


def field(path: str, truth: object, given: object) -> Judged:
    return judged({path: truth}, {path: given}).fields[path]


def test_a_value_that_is_the_same_character_for_character_is_exact() -> None:
    verdict = field("total", "12.50", " 12.50 ")
    assert verdict.tally == Tally(asked=1, given=1, right=1, exact=1, alike=1.0, documents=1)
    assert verdict.whole


def test_a_value_that_means_the_same_is_right_but_not_exact() -> None:
    assert field("total", "12.50", "12.5").tally == Tally(asked=1, given=1, right=1, alike=1.0, documents=1)


def test_a_missing_value_is_omitted() -> None:
    verdict = field("seller", "Acme", None)
    assert verdict.tally == Tally(asked=1, omitted=1, documents=1)
    assert not verdict.whole


def test_a_value_that_the_document_does_not_have_is_invented() -> None:
    verdict = field("seller", None, "Acme")
    assert verdict.tally == Tally(given=1, invented=1)
    assert not verdict.whole
    assert field("seller", "", None).whole


def test_a_wrong_value_is_invented_when_no_place_on_the_page_proves_it() -> None:
    wrong = {"value": "Acorn", "evidence": []}
    proved = {"value": "Acorn", "evidence": [{"page": 2}]}
    assert field("total", "12", wrong | {"value": "13"}).tally.invented == 1
    assert field("total", "12", proved | {"value": "13"}).tally.invented == 0
    assert field("total", "12", "13").tally.invented == 0  # nobody said whether it stands anywhere
    assert field("total", "12", wrong | {"value": "12.0"}).tally.invented == 0


def test_either_of_several_right_values_is_right() -> None:
    assert field("seller", {"any": ["Acme", "Acme Holding"]}, "ACME HOLDING").tally.right == 1


def test_a_field_that_the_truth_does_not_know_is_not_scored() -> None:
    assert judged({"seller": "Acme"}, {"seller": "Acme", "total": "3"}).fields.keys() == {"seller"}


def test_a_document_that_did_not_come_out_has_everything_omitted() -> None:
    document = judged({"seller": "Acme", "total": "3"}, None)
    assert [verdict.tally.omitted for verdict in document.fields.values()] == [1, 1]
    assert not document.whole


def test_confidence_goes_with_the_outcome_of_values_that_are_given() -> None:
    assert field("total", "3", {"value": "3.0", "confidence": 0.75}).bet == (0.75, True)
    assert field("total", None, {"value": "3.0", "confidence": 0.5}).bet == (0.5, False)
    assert field("total", "3", {"value": None, "confidence": 0.9}).bet is None


def test_a_set_counts_members_in_any_order_once() -> None:
    verdict = field("parties", ["Smith & Co", "Jones Ltd."], ["Jones Ltd", "smith and co", "SMITH & CO"])
    assert verdict.measure is Measure.SET
    assert verdict.tally == Tally(asked=2, given=2, right=2, exact=0, documents=1)
    assert verdict.whole


def test_members_too_many_and_too_few_are_counted() -> None:
    # three asked, two given, one of them right: one is missing altogether, one is wrong
    verdict = field("parties", ["A", "B", "C"], ["A", {"value": "X", "evidence": []}])
    assert verdict.tally == Tally(asked=3, given=2, right=1, exact=1, omitted=1, invented=1, documents=1)


def test_members_of_a_set_that_is_empty_are_invented() -> None:
    assert field("parties", [], ["X"]).tally == Tally(given=1, invented=1)
    assert field("parties", None, []).whole


def row(what: str | None, price: str | None) -> dict[str, str | None]:
    return {"what": what, "price": price}


def test_rows_are_paired_by_likeness_and_cells_counted() -> None:
    truth = [row("Blue paint", "10.00"), row("Brush", "3.00")]
    given = [row("Brush", "3.00"), row("Blue paint", "11.00")]
    # cells: 2 + 2 asked and given, three right; rows: only the brush
    assert field("lines", truth, given).tally == Tally(
        asked=4, given=4, right=3, exact=3, rows_asked=2, rows_given=2, rows_right=1, documents=1
    )


def test_a_row_that_is_missing_has_its_cells_omitted() -> None:
    verdict = field("lines", [row("Blue paint", "10.00"), row("Brush", "3.00")], [row("Blue paint", "10.00")])
    assert (verdict.tally.asked, verdict.tally.given, verdict.tally.right, verdict.tally.omitted) == (4, 2, 2, 2)
    assert (verdict.tally.rows_asked, verdict.tally.rows_given, verdict.tally.rows_right) == (2, 1, 1)
    assert not verdict.whole


def test_a_row_that_is_like_none_of_the_truth_is_not_paired() -> None:
    verdict = field("lines", [row("Blue paint", "10.00")], [row("Zinc roof", "99.00")])
    assert (verdict.tally.right, verdict.tally.given, verdict.tally.omitted) == (0, 2, 2)


def test_a_long_text_cell_that_is_cut_is_right_from_four_fifths() -> None:
    # ten letters: two missing are 0.8, three are 0.7
    assert field("lines", [row("abcdefghij", "1")], [row("abcdefgh", "1")]).tally.right == 2
    assert field("lines", [row("abcdefghij", "1")], [row("abcdefg", "1")]).tally.right == 1


def test_a_row_that_may_be_left_out_counts_neither_way() -> None:
    truth = [row("Paint", "1.00"), {**row("Carried over", "1.00"), "_optional": True}]
    with_it = field("lines", truth, [row("Paint", "1.00"), row("Carried over", "1.00")])
    without = field("lines", truth, [row("Paint", "1.00")])
    assert with_it.tally == without.tally
    assert with_it.whole
    assert without.whole


def test_a_cell_that_the_truth_does_not_know_is_not_scored() -> None:
    verdict = field("lines", [{"what": "Paint"}], [row("Paint", "7.00")])
    assert (verdict.tally.asked, verdict.tally.given, verdict.tally.right) == (1, 1, 1)
    assert verdict.whole


def test_a_cell_that_the_row_does_not_have_is_invented() -> None:
    assert field("lines", [row("Paint", None)], [row("Paint", "7.00")]).tally.invented == 1


def test_rows_of_a_table_that_is_empty_are_invented() -> None:
    assert field("lines", [], [row("Paint", "7.00")]).tally == Tally(given=2, invented=2, rows_given=1)
    assert field("lines", [], []).whole


def test_a_wrong_cell_and_a_row_too_many_are_invented_when_nothing_proves_them() -> None:
    wrong = {"what": "Paint", "price": {"value": "8.00", "evidence": []}}
    more = {"what": {"value": "Zinc", "evidence": []}, "price": {"value": "9.00", "evidence": [{"page": 1}]}}
    assert field("lines", [row("Paint", "7.00")], [wrong, more]).tally.invented == 2


def test_hundreds_of_rows_in_another_order_are_paired() -> None:
    rows = [row(f"Article number {number}", f"{number}.00") for number in range(300)]
    assert field("lines", rows, rows[::-1]).whole


def test_groups_are_scored_by_their_fields() -> None:
    document = judged({"buyer": {"name": "Ann", "city": "Ulm"}}, {"buyer": {"name": "Ann", "city": "Bonn"}})
    assert {path: verdict.whole for path, verdict in document.fields.items()} == {
        "buyer.name": True,
        "buyer.city": False,
    }
    assert [(wrong.path, wrong.true, wrong.given) for wrong in document.wrong] == [("buyer.city", "Ulm", "Bonn")]


@pytest.mark.parametrize("given", [["12"], {"value": "12"}, 12, 12.0])
def test_a_value_may_come_in_other_wrappings(given: object) -> None:
    assert field("total", "12", given).whole


def test_a_wrong_value_is_shown_with_its_confidence_and_page() -> None:
    given = {"value": "13", "confidence": 0.4, "evidence": [{"page": 3}]}
    wrong = judged({"total": "12"}, {"total": given}).wrong[0]
    assert (wrong.true, wrong.given, wrong.confidence, wrong.page) == ("12", "13", 0.4, 3)
