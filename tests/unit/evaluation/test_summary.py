"""The figures over several documents, and what two readers differ in, worked out by hand."""

import pytest
from evaluation_factory import judged, rules

from docproc.evaluation.calibration import auroc, calibration, coverage, expected_calibration_error
from docproc.evaluation.compare import compare, interval_of, mcnemar
from docproc.evaluation.given import Given
from docproc.evaluation.judge import JudgedDocument, judge
from docproc.evaluation.summary import Effort, Price, effort_of, summarise
from docproc.evaluation.truth import Truth

TRUTHS: list[dict[str, str | None]] = [
    {"seller": "sitting", "issued": "2025-03-04", "total": "10.00"},
    {"seller": "Acme", "issued": None, "total": "20.00"},
    {"seller": "Bolt", "issued": "2025-05-06", "total": "30.00"},
]
#: right to the letter, right after normalising, close, wrong, omitted and invented: all are here
GIVEN: list[dict[str, str | None]] = [
    {"seller": "kitten", "issued": "4 March 2025", "total": "10.00"},
    {"seller": "Acme", "issued": "2025-01-01", "total": "20"},
    {"seller": None, "issued": "2025-05-06", "total": "31.00"},
]


def documents(given: list[dict[str, str | None]] = GIVEN) -> list[JudgedDocument]:
    return [
        judged(truth, answer, file=f"{index}.pdf")
        for index, (truth, answer) in enumerate(zip(TRUTHS, given, strict=True))
    ]


def test_the_figures_of_plain_fields() -> None:
    summary = summarise(documents())
    seller, issued, total = (summary.fields[name] for name in ("seller", "issued", "total"))
    # seller: 3 asked, 2 given, 1 right; similarities 4/7, 1 and 0
    assert (seller.strict, seller.normalised) == pytest.approx((1 / 3, 1 / 3))
    assert seller.anls == seller.score == pytest.approx((4 / 7 + 1) / 3)
    assert (seller.precision, seller.recall, seller.f1) == pytest.approx((0.5, 1 / 3, 2 / 5))
    # issued: 2 asked, 3 given, 2 right, of which 1 to the letter
    assert (issued.strict, issued.normalised, issued.precision, issued.recall) == pytest.approx((0.5, 1.0, 2 / 3, 1.0))
    assert issued.score == issued.f1 == pytest.approx(4 / 5)
    assert (issued.documents, issued.invented) == (2, 1)
    # total: 3 asked, 3 given, 2 right, of which 1 to the letter
    assert (total.strict, total.f1) == pytest.approx((1 / 3, 2 / 3))


def test_the_figures_over_all_fields() -> None:
    summary = summarise(documents())
    # asked 8, given 8, right 5, to the letter 3
    assert summary.entity_f1 == pytest.approx(5 / 8)
    assert summary.entity_f1_strict == pytest.approx(3 / 8)
    assert summary.overall == pytest.approx(((4 / 7 + 1) / 3 + 4 / 5 + 2 / 3) / 3)
    assert summary.anls == pytest.approx((4 / 7 + 1) / 3)
    assert summary.omission_rate == pytest.approx(1 / 8)
    assert summary.hallucination_rate == pytest.approx(1 / 8)
    assert summary.documents_right == 0.0
    assert summary.row_f1 is None


def test_documents_are_fully_right_when_every_known_field_is() -> None:
    given: list[dict[str, str | None]] = [{**GIVEN[0], "seller": "Sitting"}, *GIVEN[1:]]
    assert summarise(documents(given)).documents_right == pytest.approx(1 / 3)


def test_the_figures_of_rows() -> None:
    truth = {"lines": [{"what": "Blue paint", "price": "10.00"}, {"what": "Brush", "price": "3.00"}]}
    given = {"lines": [{"what": "Blue paint", "price": "10.00"}]}
    figures = summarise([judged(truth, given)]).fields["lines"]
    # cells: 4 asked, 2 given, 2 right; rows: 2 asked, 1 given, 1 right
    assert (figures.precision, figures.recall) == (1.0, 0.5)
    assert figures.score == pytest.approx(2 / 3)
    assert figures.row_f1 == pytest.approx(2 / 3)


def test_a_field_without_any_true_value_does_not_count_in_the_overall_score() -> None:
    summary = summarise([judged({"seller": "Acme", "total": None}, {"seller": "Acme", "total": "1"})])
    assert summary.overall == 1.0
    assert summary.fields["total"].documents == 0


def test_documents_that_did_not_come_out_count_as_nothing_found() -> None:
    summary = summarise([judged({"seller": "A"}, {"seller": "A"}), judged({"seller": "B"}, None)])
    assert (summary.documents, summary.missing) == (2, 1)
    assert summary.entity_f1 == pytest.approx(2 / 3)


def given(*, valid: bool | None, failure: str | None = None) -> JudgedDocument:
    return judge(Truth(file="a", fields={"total": "1"}), Given(file="a", valid=valid, failure=failure), rules())


def test_valid_output_is_a_share_of_all_documents() -> None:
    found = [given(valid=True), given(valid=True), given(valid=False, failure="corrupt"), judged({"total": "1"}, None)]
    assert summarise(found).valid_rate == 0.5
    assert summarise(found).failed == 1
    assert summarise([given(valid=None)]).valid_rate is None


def test_calibration_error_is_the_distance_of_confidence_and_accuracy_by_bins() -> None:
    # bin 0.9: 0.95 + 0.95 against one right: 0.9; bin 0.2: 0.25 against none: 0.25
    assert expected_calibration_error([(0.95, True), (0.95, False), (0.25, False)]) == pytest.approx(1.15 / 3)
    # the last bin holds 1.0 as well
    assert expected_calibration_error([(1.0, True), (0.9, True)]) == pytest.approx(0.05)


def test_coverage_is_the_largest_share_above_one_threshold_that_is_precise_enough() -> None:
    bets = [(0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.5, True)]
    assert coverage(bets, precision=0.95) == pytest.approx(2 / 5)
    assert coverage(bets, precision=0.8) == 1.0
    assert coverage([(0.9, False), (0.9, True)], precision=0.95) == 0.0


def test_auroc_is_how_often_right_values_have_more_confidence_than_wrong_ones() -> None:
    # pairs: (0.9 over 0.5), (0.9 over 0.7), (0.6 over 0.5), not (0.6 over 0.7)
    assert auroc([(0.9, True), (0.6, True), (0.5, False), (0.7, False)]) == pytest.approx(3 / 4)
    assert auroc([(0.5, True), (0.5, False)]) == 0.5
    assert auroc([(0.5, True)]) is None


def test_brier_is_the_mean_squared_distance() -> None:
    found = calibration([(0.8, True), (0.4, False)])
    assert found is not None
    assert found.brier == pytest.approx((0.04 + 0.16) / 2)
    assert calibration([]) is None


def test_seconds_and_cost_of_a_page() -> None:
    effort = Effort(pages=4, seconds=8.0, wall_seconds=6.0, price=Price(per_page=0.01, per_hour=3.6))
    summary = summarise(documents(), effort)
    assert summary.seconds_per_page == 2.0
    # a page keeps the machine busy for 1.5 s, which cost 0.0015
    assert summary.cost_per_page == pytest.approx(0.0115)
    assert summarise(documents(), Effort(pages=4, seconds=8.0)).cost_per_page is None


def test_the_effort_is_what_the_documents_took() -> None:
    found = judge(Truth(file="a", fields={}), Given(file="a", page_count=3, seconds=1.5), rules())
    assert effort_of([found, found], wall_seconds=None, price=Price()) == Effort(pages=6, seconds=3.0)


def test_a_reader_compared_with_itself_shows_no_difference() -> None:
    found = compare(documents(), documents())
    for difference in (*found.differences.values(), *found.fields.values()):
        assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)
        assert not difference.differs
    assert (found.documents_right.only_first, found.documents_right.only_second, found.documents_right.p) == (0, 0, 1.0)


def test_a_better_reader_differs_beyond_chance() -> None:
    truth = {"total": "10.00"}
    poor = [judged(truth, {"total": "10" if number % 2 else "11"}) for number in range(40)]
    good = [judged(truth, {"total": "10"}) for _ in range(40)]
    found = compare(poor, good)
    difference = found.differences["entity_f1"]
    assert difference.value == pytest.approx(0.5)
    # the standard error of a share of one half over 40 documents is 0.079
    assert difference.low == pytest.approx(0.5 - 1.96 * 0.079, abs=0.03)
    assert difference.high == pytest.approx(0.5 + 1.96 * 0.079, abs=0.03)
    assert difference.differs
    assert (found.fields_right["total"].only_first, found.fields_right["total"].only_second) == (0, 20)


def test_the_interval_of_one_reader_holds_its_score() -> None:
    found = interval_of(documents())
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(summarise(documents()).overall)


def test_mcnemar_is_the_exact_two_sided_test_on_what_differs() -> None:
    first = [True] * 5 + [False] * 1 + [True] * 10
    second = [False] * 5 + [True] * 1 + [True] * 10
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (5, 1)
    # two tails of 6 throws with at most one head: 2 * (1 + 6) / 64
    assert found.p == pytest.approx(14 / 64)
    assert mcnemar([True], [True]).p == 1.0
