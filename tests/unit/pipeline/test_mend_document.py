"""Which windows a finding on a whole document concerns, by their own paths, and when another answer stands."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from doubles.documents import text_page

from docproc.domain.errors import TimedOutError, TooLargeError
from docproc.domain.extraction import FieldTree, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.reading import Attempt, FieldHint, Reading, Spent, Usage, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, Record, RuleFindings, Shape
from docproc.pipeline.grounded import GroundedReading, ground_reading
from docproc.pipeline.mend import MOST_MENDS
from docproc.pipeline.mend_document import MOST_WINDOWS, findings_by_reading, mended_document, mended_in_document

ROW = FieldSpec(name="", shape=Shape.GROUP, children=(FieldSpec(name="amount", kind=FieldKind.INTEGER),))
FIELDS = (
    FieldSpec(name="number", kind=FieldKind.ID),
    FieldSpec(name="total", kind=FieldKind.INTEGER),
    FieldSpec(name="rows", shape=Shape.LIST, item=ROW),
)
TEXTS = ("A-7 1 2", "3 4 99", "total 10")


def rules(record: Record) -> RuleFindings:
    told: Any = record
    amounts = [int(row["amount"]) for row in told["rows"]]
    if told["total"] is None or sum(amounts) == int(told["total"]):
        return RuleFindings()
    paths = ("total", *(f"rows[{index}].amount" for index in range(len(amounts))))
    return RuleFindings(issues=(Issue(code=IssueCode.LINES_MISMATCH, fields=paths, message="It does not add up."),))


SCHEMA = ExtractionSchema(
    name="bill", version=1, fields=FIELDS, json_schema={}, check_shape=lambda _: (), check_rules=rules
)
WINDOWS = [Window(pages=[text_page(number, text)], page_count=3) for number, text in enumerate(TEXTS, 1)]


def record(number: str | None = None, total: str | None = None, rows: Sequence[str] = ()) -> Record:
    return {"number": number, "total": total, "rows": [{"amount": amount} for amount in rows]}


def readings(*records: Record) -> list[GroundedReading]:
    made = []
    for told, window in zip(records, WINDOWS, strict=True):
        hints = {path: FieldHint(model=0.9) for path in ("number", "total", "rows[0].amount", "rows[1].amount")}
        said = Reading(reader="told", reader_version="1", record=told, hints=hints, usage=Usage(prompt_tokens=10))
        made.append(ground_reading(said, window, SCHEMA))
    return made


WRONG = readings(record("A-7", rows=["1", "2"]), record(rows=["3", "99"]), record(total="10"))


class Told:
    """Says what a test tells it, window after window."""

    name, version, window_pages, image = "told", "1", 1, None

    def __init__(self, *said: Record | Exception) -> None:
        self.said = list(said)
        self.asked: list[tuple[tuple[int, ...], tuple[str, ...]]] = []

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        raise NotImplementedError

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        del schema
        self.asked.append((window.numbers, findings[0].fields))
        said = self.said.pop(0) if self.said else reading.record
        if isinstance(said, Exception):
            raise said
        return Reading(reader="told", reader_version="1", record=said, usage=Usage(prompt_tokens=7))


def values(fields: dict[str, FieldTree]) -> list[str]:
    told: Any = record_of(fields)
    return [row["amount"] for row in told["rows"]]


def test_a_finding_goes_to_the_windows_that_its_values_stand_in_by_their_own_paths() -> None:
    found = findings_by_reading(WRONG, SCHEMA, can_mend=lambda _: True)

    assert {place: issues[0].fields for place, issues in found.items()} == {
        0: ("rows[0].amount", "rows[1].amount"),
        1: ("rows[0].amount", "rows[1].amount"),
        2: ("total",),
    }


def test_who_cannot_be_asked_or_had_its_turns_is_not_asked() -> None:
    spent = [replace(WRONG[0], attempts=MOST_MENDS + 1), *WRONG[1:]]

    assert findings_by_reading(WRONG, SCHEMA, can_mend=lambda _: False) == {}
    assert list(findings_by_reading(spent, SCHEMA, can_mend=lambda _: True)) == [1, 2]


@pytest.mark.parametrize("count", [1, MOST_WINDOWS + 1])
def test_one_window_was_judged_before_and_too_many_are_not_gone_through(count: int) -> None:
    assert findings_by_reading([WRONG[1]] * count, SCHEMA, can_mend=lambda _: True) == {}


def test_what_only_informs_asks_for_nothing() -> None:
    def informs(told: Record) -> RuleFindings:
        issues = (issue.model_copy(update={"severity": Severity.INFO}) for issue in rules(told).issues)
        return RuleFindings(issues=tuple(issues))

    assert findings_by_reading(WRONG, replace(SCHEMA, check_rules=informs), can_mend=lambda _: True) == {}


def test_the_answer_with_which_the_document_adds_up_stands_and_the_other_is_kept() -> None:
    reader = Told(record("B-8", total="5", rows=["3", "4"]))
    mended = mended_in_document(WRONG, 1, WINDOWS[1], SCHEMA, reader=reader)

    assert values(mended.fields) == ["3", "4"]
    assert record_of(mended.fields)["number"] is None
    assert (mended.attempts, mended.usage.prompt_tokens) == (2, 7)
    assert [attempt.values for attempt in mended.earlier] == [{"rows[0].amount": "3", "rows[1].amount": "99"}]


def test_an_answer_that_mends_nothing_is_kept_beside_what_was_read() -> None:
    mended = mended_in_document(WRONG, 1, WINDOWS[1], SCHEMA, reader=Told(record(rows=["3", "5"])))

    assert values(mended.fields) == ["3", "99"]
    assert mended.attempts == 2
    assert [attempt.values["rows[1].amount"] for attempt in mended.earlier] == ["5"]


def test_a_reader_that_fails_had_its_turns() -> None:
    mended = mended_in_document(WRONG, 1, WINDOWS[1], SCHEMA, reader=Told(TimedOutError("late")))

    assert mended.fields == WRONG[1].fields
    assert mended.attempts == MOST_MENDS + 1


def test_what_a_failed_mending_cost_and_said_is_kept() -> None:
    error = TooLargeError("cut off")
    error.spent = Spent(reader="told", usage=Usage(prompt_tokens=9), attempts=1, earlier=(Attempt(said='{"rows":['),))
    mended = mended_in_document(WRONG, 1, WINDOWS[1], SCHEMA, reader=Told(error))

    assert (mended.attempts, mended.usage.prompt_tokens) == (MOST_MENDS + 1, 9)
    assert [attempt.said for attempt in mended.earlier] == ['{"rows":[']


def test_once_it_adds_up_nobody_else_is_asked() -> None:
    reader = Told(record(rows=["1", "2"]), record(rows=["3", "4"]))
    mended = mended_document(WRONG, WINDOWS, SCHEMA, reader=reader)

    assert [numbers for numbers, _ in reader.asked] == [(1,), (2,)]
    assert [values(reading.fields) for reading in mended] == [["1", "2"], ["3", "4"], []]


def test_what_stays_wrong_comes_to_an_end() -> None:
    reader = Told()
    mended = mended_document(WRONG, WINDOWS, SCHEMA, reader=reader)

    assert len(reader.asked) == MOST_MENDS * len(WINDOWS)
    assert [reading.fields for reading in mended] == [reading.fields for reading in WRONG]
