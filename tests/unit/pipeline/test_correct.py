"""A person's word on an extraction: values set by field paths, issues settled or found anew."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from docproc.domain.document import MediaType
from docproc.domain.errors import UsageError
from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import (
    ConfidenceParts,
    DocumentFacts,
    Extraction,
    ExtractionStatus,
    FieldTree,
    FieldValue,
    PageFacts,
    field_leaves,
    record_of,
)
from docproc.domain.geometry import Box
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageState
from docproc.domain.schema import JsonValue, Record
from docproc.pipeline.conclude import conclude
from docproc.pipeline.correct import Reviewer, confirmed, corrected, corrected_row, row_changes, steps_of
from docproc.pipeline.merge import Merged
from schemas import load_schema
from schemas.json_schema import compile_json_schema

INVOICE = load_schema("invoice")
ADA = Reviewer(name="ada", at=datetime(2026, 3, 1, 12, tzinfo=UTC))


def leaf(value: str | None, confidence: float = 0.95) -> FieldValue:
    place = Evidence(page=1, box=Box(1, 2, 3, 4), text="x", match=MatchKind.EXACT)
    evidence = () if value is None else (place,)
    return FieldValue(
        value=value, confidence=confidence, parts=ConfidenceParts(model=confidence, match=1.0), evidence=evidence
    )


def extraction(*merge_issues: Issue, **given: FieldTree) -> Extraction:
    fields: dict[str, FieldTree] = {
        "invoice_number": leaf("R-1"),
        "issue_date": leaf("2026-01-02"),
        "currency": leaf("EUR"),
        "total_net": leaf("100.00"),
        "total_tax": leaf("19.00"),
        "total_gross": leaf("119.00"),
        **given,
    }
    merged = Merged(reader="layout", fields=fields, issues=merge_issues)
    conclusion = conclude(merged, INVOICE, pages=[(1, PageState.READ)])
    return Extraction(
        job_id=UUID(int=1),
        document_id=UUID(int=2),
        file="a.pdf",
        document=DocumentFacts(sha256="0" * 64, media_type=MediaType.PDF, page_count=1),
        extraction_schema="invoice@1",
        reader="layout",
        status=conclusion.status,
        record=conclusion.record,
        fields=conclusion.fields,
        issues=conclusion.issues,
        pages=(PageFacts(number=1, state=PageState.READ),),
    )


def correct(before: Extraction, **changes: JsonValue) -> Extraction:
    return corrected(before, changes, INVOICE, reviewer=ADA, spilled={})


def codes(extraction: Extraction) -> set[IssueCode]:
    return {issue.code for issue in extraction.issues}


def test_a_correction_that_makes_the_sums_right_ends_the_review() -> None:
    before = extraction(total_gross=leaf("191.00"))
    assert before.status is ExtractionStatus.NEEDS_REVIEW
    assert IssueCode.SUM_MISMATCH in codes(before)

    after = correct(before, total_gross="119.00")

    assert after.status is ExtractionStatus.SUCCEEDED
    assert IssueCode.SUM_MISMATCH not in codes(after)
    assert after.record is not None
    assert (after.record["total_gross"], after.record["total_net"]) == ("119.00", "100.00")
    assert after.fields is not None
    assert record_of(after.fields) == after.record
    (note,) = (issue for issue in after.issues if issue.code is IssueCode.CORRECTED)
    assert (note.severity, note.fields) == (Severity.INFO, ("total_gross",))
    assert note.message == "Corrected by ada at 2026-03-01T12:00:00Z."


def test_a_correction_that_breaks_a_rule_asks_for_a_person_still() -> None:
    after = correct(extraction(total_gross=leaf("191.00")), total_gross="120.00")
    assert after.status is ExtractionStatus.NEEDS_REVIEW
    assert IssueCode.SUM_MISMATCH in codes(after)


def test_the_history_tells_who_changed_what_and_is_only_added_to() -> None:
    once = correct(extraction(total_gross=leaf("191.00")), total_gross="192.00")
    twice = corrected(once, {"total_gross": "119.00"}, INVOICE, reviewer=Reviewer(name="bob", at=ADA.at), spilled={})
    assert twice.review is not None
    told = [(each.field, each.old, each.new, each.by) for each in twice.review.corrections]
    assert told == [("total_gross", "191.00", "192.00", "ada"), ("total_gross", "192.00", "119.00", "bob")]
    assert (twice.review.by, twice.review.confirmed) == ("bob", False)
    assert Extraction.model_validate_json(twice.model_dump_json()) == twice


def test_a_corrected_value_is_vouched_for_and_needs_no_proof() -> None:
    after = correct(extraction(invoice_number=leaf("R-1", 0.1)), invoice_number="R-10")
    assert IssueCode.LOW_CONFIDENCE not in codes(after)
    assert IssueCode.UNGROUNDED not in codes(after)
    value = dict(field_leaves(after.fields or {}))["invoice_number"]
    assert (value.value, value.confidence, value.parts.model, value.evidence) == ("R-10", 1.0, 1.0, ())


def test_the_same_value_again_vouches_for_it_and_keeps_its_place() -> None:
    after = correct(extraction(invoice_number=leaf("R-1", 0.1)), invoice_number="R-1")
    value = dict(field_leaves(after.fields or {}))["invoice_number"]
    assert (value.confidence, len(value.evidence)) == (1.0, 1)
    assert IssueCode.LOW_CONFIDENCE not in codes(after)


def test_a_conflict_is_settled_only_when_all_its_fields_are() -> None:
    conflict = Issue(code=IssueCode.MERGE_CONFLICT, fields=("invoice_number", "issue_date"), message="two values")
    before = extraction(conflict)
    assert conflict in correct(before, invoice_number="R-2").issues
    assert conflict not in correct(before, invoice_number="R-2", issue_date="2026-01-03").issues


def test_what_no_value_can_mend_stays() -> None:
    lost = Issue(code=IssueCode.TRUNCATED, message="the reader stopped")
    after = correct(extraction(lost), invoice_number="R-2")
    assert lost in after.issues
    assert after.status is ExtractionStatus.NEEDS_REVIEW


def test_a_confirmation_accepts_the_issues_that_there_are() -> None:
    before = extraction(total_gross=leaf("191.00"))
    after = confirmed(before, reviewer=ADA)
    assert after.status is ExtractionStatus.SUCCEEDED
    assert after.record == before.record
    assert after.issues[: len(before.issues)] == before.issues
    assert after.issues[-1].code is IssueCode.CONFIRMED
    assert after.review is not None
    assert after.review.confirmed


def test_rows_and_groups_are_replaced_whole_or_in_part_and_a_list_grows() -> None:
    row: dict[str, FieldTree] = {"description": leaf("bolt"), "line_total": leaf("60.00")}
    before = extraction(line_items=[row])
    after = correct(
        before, **{"line_items[0].line_total": "40.00", "line_items[1]": {"description": "nut", "line_total": "60.00"}}
    )
    assert after.record is not None
    items = after.record["line_items"]
    assert isinstance(items, list)
    assert [(item["description"], item["line_total"]) for item in items] == [("bolt", "40.00"), ("nut", "60.00")]
    whole = correct(after, line_items=[{"description": "all", "line_total": "100.00"}])
    assert whole.record is not None
    assert len(whole.record["line_items"]) == 1


def test_a_value_in_a_group_is_set_also_where_the_group_was_not_found() -> None:
    name = {"type": "string"}
    seller = {"type": "object", "properties": {"name": name, "city": name}}
    document = {"title": "letter", "type": "object", "properties": {"seller": seller, "subject": name}}
    letter = compile_json_schema(document, reference="letter.json")
    before = extraction().model_copy(update={"fields": {"subject": leaf("hello")}, "record": {"subject": "hello"}})
    within = corrected(before, {"seller.city": "Bath"}, letter, reviewer=ADA, spilled={})
    assert within.record == {"subject": "hello", "seller": {"name": None, "city": "Bath"}}
    whole = corrected(within, {"seller": {"name": "Smith Ltd"}}, letter, reviewer=ADA, spilled={})
    assert whole.record == {"subject": "hello", "seller": {"name": "Smith Ltd", "city": None}}
    for value, said in (({"nmae": "x"}, "has no field seller.nmae"), ("x", "must be an object")):
        with pytest.raises(UsageError, match=said):
            corrected(before, {"seller": value}, letter, reviewer=ADA, spilled={})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "nothing to correct"),
        ({"no_such": "x"}, "has no field no_such"),
        ({"total_gross.x": "1"}, "has no field"),
        ({"total_gross[0]": "1"}, "has no field"),
        ({"line_items[7].line_total": "1.00"}, "the next one has the index 0"),
        ({"total_gross": ["1.00"]}, "must be a single value"),
        ({"line_items": "x"}, "must be a list"),
        ({"total_gross": "much"}, "total_gross"),
        ({"issue_date": "tomorrow"}, "issue_date"),
        ({"a..b": "x"}, "is no field path"),
        ({"": "x"}, "is no field path"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused_without_a_value_in_the_message(
    changes: dict[str, JsonValue], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        correct(extraction(), **changes)
    assert "much" not in refused.value.message
    assert "tomorrow" not in refused.value.message


def test_a_row_of_a_table_that_lies_outside_is_changed_and_checked_with_all_others() -> None:
    rows: list[Record] = [{"description": f"part {number}", "line_total": "1.00"} for number in range(100)]
    before = extraction(line_items=[])
    spilled = {"line_items": rows}
    change = {"line_items[99].line_total": "2.00", "line_items[3]": {"description": "nut"}}
    after = corrected(before, change, INVOICE, reviewer=ADA, spilled=spilled)
    assert after.review is not None
    told = {each.field: (each.old, each.new) for each in after.review.corrections}
    assert told["line_items[99].line_total"] == ("1.00", "2.00")
    old = told["line_items[3]"][0]
    assert isinstance(old, dict)
    assert (old["description"], old["line_total"]) == ("part 3", "1.00")
    assert after.record is not None
    assert after.record["line_items"] == []
    assert rows[99]["line_total"] == "1.00"

    (last, third) = row_changes(change, ["line_items"])
    assert (last.table, last.index, last.steps, third.index, third.steps) == ("line_items", 99, ("line_total",), 3, ())
    tree = corrected_row({"description": leaf("part 99"), "line_total": leaf("1.00")}, last, INVOICE)
    assert record_of(tree) == {"description": "part 99", "line_total": "2.00"}


def test_what_cannot_be_done_to_a_table_that_lies_outside_is_refused() -> None:
    for path, value, said in (
        ("line_items", [], "more than a thousand rows"),
        ("line_items[1].line_total", "1.00", "has 1 rows"),
        ("line_items[0].nothing", "1.00", "has no field"),
        ("line_items[0].line_total", "much", "decimal"),
    ):
        with pytest.raises(UsageError, match=said):
            corrected(
                extraction(), {path: value}, INVOICE, reviewer=ADA, spilled={"line_items": [{"line_total": "1.00"}]}
            )


def test_a_field_path_is_names_and_indexes() -> None:
    assert steps_of("line_items[10].taxes[0].rate") == ("line_items", 10, "taxes", 0, "rate")
