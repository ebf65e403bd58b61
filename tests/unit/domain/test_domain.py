"""The words of docproc: states, ids, geometry, the contract line, errors across processes."""

import pickle
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, DocumentError, PasswordRequiredError, TooLargeError
from docproc.domain.extraction import Extraction, FieldTree, FieldValue, field_leaves, record_of
from docproc.domain.failure import FailureCategory, FailureCode, Phase
from docproc.domain.geometry import Box, enclosing
from docproc.domain.ids import new_id
from docproc.domain.page import PageState
from docproc.domain.schema import FieldSpec, Shape
from docproc.domain.states import (
    DOCUMENT_TRANSITIONS,
    FINAL_DOCUMENT_STATES,
    PAGE_TRANSITIONS,
    job_state,
    require_transition,
)

boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    *(st.integers(0, 1000).map(float) for _ in range(4)),
)


def test_ids_are_version_seven_and_sort_by_age_also_within_a_millisecond() -> None:
    ids = [new_id() for _ in range(5000)]

    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in ids)
    assert ids == sorted(set(ids))
    milliseconds = ids[-1].int >> 80
    assert abs(milliseconds / 1000 - time.time()) < 60


def test_ids_go_on_in_order_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)

    assert before < new_id() < new_id()


@given(st.lists(boxes, min_size=1))
def test_an_enclosing_box_holds_every_box(given_boxes: list[Box]) -> None:
    around = enclosing(given_boxes)

    assert all(around.intersection(box) == box.area for box in given_boxes)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_a_share(one: Box, other: Box) -> None:
    assert one.vertical_overlap(other) == other.vertical_overlap(one)
    assert 0.0 <= one.horizontal_overlap(other) <= 1.0


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], JobState.QUEUED),
        (["received", "received"], JobState.QUEUED),
        (["received", "succeeded"], JobState.RUNNING),
        (["reading"], JobState.RUNNING),
        (["succeeded", "needs_review"], JobState.SUCCEEDED),
        (["succeeded", "failed"], JobState.PARTIAL),
        (["succeeded", "canceled"], JobState.PARTIAL),
        (["failed", "failed"], JobState.FAILED),
        (["failed", "canceled"], JobState.FAILED),
        (["canceled"], JobState.CANCELED),
    ],
)
def test_a_jobs_state_follows_from_its_documents(states: list[str], expected: JobState) -> None:
    assert job_state(DocumentState(state) for state in states) is expected


def test_every_state_has_its_row_in_the_transition_table() -> None:
    assert set(DOCUMENT_TRANSITIONS) == set(DocumentState)
    assert set(PAGE_TRANSITIONS) == set(PageState)


def test_every_document_state_leads_to_a_final_one() -> None:
    for state in DocumentState:
        reached, frontier = set(), {state}
        while frontier:
            reached |= frontier
            frontier = {after for one in frontier for after in DOCUMENT_TRANSITIONS[one]} - reached
        assert reached & FINAL_DOCUMENT_STATES


def test_a_transition_that_the_table_does_not_allow_is_refused() -> None:
    require_transition(DOCUMENT_TRANSITIONS, DocumentState.RECEIVED, DocumentState.PREPARING)
    with pytest.raises(ConflictError, match="succeeded to reading"):
        require_transition(DOCUMENT_TRANSITIONS, DocumentState.SUCCEEDED, DocumentState.READING)


def test_a_document_error_keeps_code_message_and_page_across_processes() -> None:
    error = pickle.loads(pickle.dumps(TooLargeError("page 3 asks for 9 GB", page=3)))  # noqa: S301 our own bytes

    failure = error.failure(Phase.PREPARE)

    assert (failure.code, failure.page, failure.category) == (FailureCode.TOO_LARGE, 3, FailureCategory.LIMIT)
    assert failure.message == "page 3 asks for 9 GB"


def test_an_error_without_words_says_its_docstring() -> None:
    assert "password" in PasswordRequiredError().message


def test_every_document_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in DocumentError.__subclasses__()]

    assert len(codes) == len(set(codes))


def line(**changes: object) -> Extraction:
    facts: dict[str, object] = {
        "job_id": new_id(),
        "document_id": new_id(),
        "file": "a.pdf",
        "document": {"sha256": "0" * 64, "media_type": "application/pdf", "page_count": 1},
        "schema": "invoice@1",
        "status": "succeeded",
        "record": {"total": "1.00"},
        "fields": {"total": FieldValue(value="1.00", confidence=0.9)},
    }
    return Extraction.model_validate(facts | changes)


def test_the_contract_line_reads_back_as_it_was_written() -> None:
    one = line()

    assert Extraction.model_validate_json(one.model_dump_json()) == one
    assert '"schema":"invoice@1"' in one.model_dump_json()


def test_a_failed_line_without_a_failure_record_is_refused() -> None:
    with pytest.raises(ValidationError, match="failure record"):
        line(status="failed", record=None, fields=None)


def test_a_field_tree_gives_its_record_and_its_paths() -> None:
    tree: dict[str, FieldTree] = {
        "rows": [{"a": FieldValue(value=1)}, {"a": FieldValue(value=None)}],
        "tags": [FieldValue(value="x")],
    }

    assert record_of(tree) == {"rows": [{"a": 1}, {"a": None}], "tags": ["x"]}
    assert [path for path, _ in field_leaves(tree)] == ["rows[0].a", "rows[1].a", "tags[0]"]


def test_a_schema_names_its_leaves_by_generic_path() -> None:
    row = FieldSpec(name="row", shape=Shape.GROUP, children=(FieldSpec(name="amount"),))
    table = FieldSpec(name="rows", shape=Shape.LIST, item=row)
    group = FieldSpec(name="seller", shape=Shape.GROUP, children=(FieldSpec(name="name"), table))

    assert [path for path, _ in group.leaves()] == ["seller.name", "seller.rows[].amount"]
