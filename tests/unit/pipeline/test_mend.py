"""Asking again: only what fails, at most twice, every attempt kept; by a reader that answers what a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack

import pytest
from doubles.documents import text_page

from docproc.domain.errors import InvalidAnswerError, TimedOutError
from docproc.domain.extraction import FieldValue, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.reading import Attempt, FieldHint, Reading, Route, Spent, Usage, Window
from docproc.domain.schema import ExtractionSchema, Record
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.steps import read_window
from schemas import load_schema
from schemas.json_schema import compile_json_schema

INVOICE = load_schema("invoice")
SUMS: Record = {"invoice_number": "A-7", "total_net": "10.00", "total_tax": "2.00", "total_gross": "13.00"}
RIGHT: Record = {**SUMS, "total_gross": "12.00"}
WINDOW = Window(pages=[text_page(1, "Invoice A-7 net 10.00 tax 2.00 total 12.00")], page_count=1, is_whole=True)


class Told(TypedDict, total=False):
    """What a test says of a first reading."""

    hints: Mapping[str, FieldHint]
    issues: tuple[Issue, ...]
    rejected: Mapping[str, str]
    routes: Mapping[int, Route]
    attempts: int
    earlier: tuple[Attempt, ...]


class ToldReader:
    """Gives one answer after the other, and remembers what it was asked."""

    name, version, window_pages, image = "told", "1", 1, None

    def __init__(self, first: Record, *others: Record | Exception, **told: Unpack[Told]) -> None:
        self.first = first
        self.others = list(others)
        self.told = told
        self.asked: list[tuple[Record, tuple[Issue, ...]]] = []

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        del window, schema
        return reading_of(self.first, **self.told)

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        del window, schema
        self.asked.append((reading.record, tuple(findings)))
        said = self.others.pop(0)
        if isinstance(said, Exception):
            raise said
        routes = dict.fromkeys(reading.routes, Route.VISION)
        return reading_of(said, hints={path: FieldHint(model=0.7) for path in said}, routes=routes)


class PlainReader:
    """A reader that cannot be asked again."""

    name, version, window_pages, image = "plain", "1", 1, None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        del window, schema
        return reading_of(SUMS)


def reading_of(record: Record, **told: Unpack[Told]) -> Reading:
    usage = Usage(seconds=1.0, prompt_tokens=100, output_tokens=10)
    return Reading(reader="told", reader_version="1", record=record, usage=usage, **told)


def read(reader: ToldReader | PlainReader, window: Window = WINDOW, schema: ExtractionSchema = INVOICE) -> Record:
    return given(read_window(reader, window, schema))


def given(grounded: GroundedReading) -> Record:
    return {path: value for path, value in record_of(grounded.fields).items() if value not in (None, [], {})}


def test_a_sum_that_does_not_hold_is_asked_again_and_mended() -> None:
    reader = ToldReader(SUMS, RIGHT)
    assert read(reader) == {**read(PlainReader()), "total_gross": "12.00"}
    ((record, findings),) = reader.asked
    assert record == SUMS
    assert {issue.code for issue in findings} == {IssueCode.SUM_MISMATCH}


def test_nothing_but_the_failing_values_is_taken_from_another_answer() -> None:
    reader = ToldReader(SUMS, {**RIGHT, "invoice_number": "B-8", "currency": "EUR"})
    mended = read(reader)
    assert mended["invoice_number"] == "A-7"
    assert mended["total_gross"] == "12.00"


def test_it_is_asked_twice_at_most_and_every_attempt_is_kept() -> None:
    wrong = [{**SUMS, "total_gross": total} for total in ("14.00", "15.00", "12.00")]
    reader = ToldReader(SUMS, *wrong, hints={path: FieldHint(model=0.7) for path in SUMS})
    grounded = read_window(reader, WINDOW, INVOICE)
    assert len(reader.asked) == 2
    assert grounded.attempts == 3
    assert [attempt.values["total_gross"] for attempt in grounded.earlier] == ["14.00", "15.00"]
    assert all(attempt.findings for attempt in grounded.earlier)
    assert grounded.usage == Usage(seconds=3.0, prompt_tokens=300, output_tokens=30)
    # of answers that are equally wrong the first one stands
    assert given(grounded)["total_gross"] == "13.00"


def test_a_second_answer_mends_what_the_first_one_did_not() -> None:
    grounded = read_window(ToldReader(SUMS, {**SUMS, "total_gross": "14.00"}, RIGHT), WINDOW, INVOICE)
    assert given(grounded)["total_gross"] == "12.00"
    assert [attempt.values["total_gross"] for attempt in grounded.earlier] == ["13.00", "14.00"]


def test_who_says_the_same_again_is_not_asked_a_third_time() -> None:
    reader = ToldReader(SUMS, SUMS, RIGHT)
    read(reader)
    assert len(reader.asked) == 1


def test_a_reader_that_asked_again_by_itself_has_used_that_up() -> None:
    reader = ToldReader(SUMS, {**SUMS, "total_gross": "14.00"}, RIGHT, attempts=2)
    read(reader)
    assert len(reader.asked) == 1


def test_silence_mends_no_sum() -> None:
    reader = ToldReader(SUMS, {**SUMS, "total_gross": None, "total_net": None}, RIGHT)
    assert read(reader)["total_gross"] == "13.00"


def test_a_reader_that_fails_at_mending_leaves_what_was_read() -> None:
    assert read(ToldReader(SUMS, TimedOutError("late"))) == read(PlainReader())


def test_what_the_checkpoint_raises_ends_the_asking() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    reader = ToldReader(SUMS, RIGHT)
    with pytest.raises(KeyboardInterrupt):
        read(reader, replace(WINDOW, checkpoint=stop))
    assert not reader.asked


def test_sums_are_not_judged_on_a_part_of_a_document() -> None:
    reader = ToldReader(SUMS, RIGHT)
    read(reader, replace(WINDOW, is_whole=False))
    assert not reader.asked


BILL = compile_json_schema(
    {
        "title": "Bill",
        "type": "object",
        "properties": {
            "total": {"type": ["string", "null"], "pattern": "^\\d+\\.\\d\\d$"},
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "code": {"type": ["string", "null"], "pattern": "^[A-Z]\\d$"},
                        "name": {"type": ["string", "null"]},
                    },
                },
            },
            "clause": {"type": ["string", "null"], "x-docproc": {"verbatim": True}},
        },
    }
)
BILL_WINDOW = Window(pages=[text_page(1, "Total 12.50 A1 Bolt B2 Nut the whole clause")], page_count=3)


def bill(total: str | None = "12.50", code: str = "B2", clause: str | None = None) -> Record:
    rows = [{"code": "A1", "name": "Bolt"}, {"code": code, "name": "Nut"}]
    return {"total": total, "rows": [dict(row) for row in rows], "clause": clause}


@pytest.mark.parametrize("planted", [{"total": "12,50 EUR"}, {"code": "2b"}, {"clause": "the other clause"}])
def test_planted_failures_are_mended_and_all_else_is_equal(planted: Mapping[str, Any]) -> None:
    reader = ToldReader(bill(**planted), bill(clause="the whole clause" if "clause" in planted else None))
    grounded = read_window(reader, BILL_WINDOW, BILL)
    assert record_of(grounded.fields) == bill(clause="the whole clause" if "clause" in planted else None)
    ((_, findings),) = reader.asked
    paths = [path for issue in findings for path in issue.fields]
    assert paths == [{"total": "total", "code": "rows[1].code", "clause": "clause"}[next(iter(planted))]]
    (attempt,) = grounded.earlier
    assert attempt.values == {paths[0]: next(iter(planted.values()))}


def test_a_value_that_its_reader_gave_up_is_asked_again_and_its_print_is_kept() -> None:
    issue = Issue(code=IssueCode.WRONG_SHAPE, fields=("total",), severity=Severity.ERROR, message="total: no.")
    reader = ToldReader(bill(total=None), bill(), issues=(issue,), rejected={"total": "12.5"})
    grounded = read_window(reader, BILL_WINDOW, BILL)
    assert record_of(grounded.fields) == bill()
    assert not grounded.issues
    assert grounded.earlier[0].values == {"total": "12.5"}


def test_the_probability_of_a_mended_value_is_that_of_its_own_answer() -> None:
    hints = {path: FieldHint(model=0.9) for path in ("total", "rows[1].code")}
    grounded = read_window(ToldReader(bill(total="no"), bill(), hints=hints), BILL_WINDOW, BILL)
    total = grounded.fields["total"]
    assert isinstance(total, FieldValue)
    assert total.parts.model == pytest.approx(0.7)


SEEN = replace(BILL_WINDOW, images={1: b"\x89PNG"})


def test_what_is_unsure_of_a_page_read_as_text_is_looked_at() -> None:
    unsure = {"total": FieldHint(model=0.02)}
    reader = ToldReader(bill(total="99.99"), bill(total="12.50"), routes={1: Route.TEXT}, hints=unsure)
    grounded = read_window(reader, SEEN, BILL)
    assert record_of(grounded.fields)["total"] == "12.50"
    assert grounded.routes == {1: Route.VISION}
    assert [issue.code for issue in reader.asked[0][1]] == [IssueCode.LOW_CONFIDENCE]


@pytest.mark.parametrize(("window", "route"), [(BILL_WINDOW, Route.TEXT), (SEEN, Route.VISION)])
def test_what_is_unsure_is_not_asked_again_where_nothing_new_can_be_seen(window: Window, route: Route) -> None:
    unsure = {"total": FieldHint(model=0.02)}
    reader = ToldReader(bill(total="99.99"), bill(), routes={1: route}, hints=unsure)
    assert record_of(read_window(reader, window, BILL).fields)["total"] == "99.99"
    assert not reader.asked


def test_an_answer_that_is_no_record_is_kept_and_paid_for() -> None:
    error = InvalidAnswerError("no record")
    error.spent = Spent(reader="told", usage=Usage(prompt_tokens=5), attempts=1, earlier=(Attempt(said="I will not."),))
    grounded = read_window(ToldReader(SUMS, {**SUMS, "total_gross": "14.00"}, error), WINDOW, INVOICE)

    assert [attempt.said for attempt in grounded.earlier] == [None, "I will not."]
    assert (grounded.attempts, grounded.usage.prompt_tokens) == (3, 205)


def test_what_was_no_record_before_the_first_one_stands_before_its_mending() -> None:
    reader = ToldReader(SUMS, RIGHT, earlier=(Attempt(said="Well, "),), attempts=2)
    grounded = read_window(reader, WINDOW, INVOICE)

    assert [(attempt.said, dict(attempt.values)) for attempt in grounded.earlier[:1]] == [("Well, ", {})]
    assert grounded.earlier[1].values["total_gross"] == "13.00"
    assert grounded.attempts == 3


class StoppedError(Exception):
    pass


def test_answers_are_told_when_the_window_is_left_before_it_is_mended() -> None:
    told: list[Spent] = []
    reader = ToldReader(SUMS, {**SUMS, "total_gross": "14.00"}, StoppedError())

    with pytest.raises(StoppedError):
        read_window(reader, replace(WINDOW, left=told.append), INVOICE)

    assert [(spent.reader, spent.usage.prompt_tokens, spent.attempts) for spent in told] == [("told", 100, 1)] * 2


def test_a_checkpoint_that_raises_behind_the_first_answer_leaves_that_told() -> None:
    told: list[Spent] = []

    def checkpoint() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        read_window(ToldReader(SUMS, RIGHT), replace(WINDOW, left=told.append, checkpoint=checkpoint), INVOICE)

    assert [spent.usage.output_tokens for spent in told] == [10]
