"""Merging windows and concluding a document: rules of merging, conflicts, thresholds, review."""

from collections.abc import Mapping, Sequence

import pytest

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import ConfidenceParts, ExtractionStatus, FieldTree, FieldValue, record_of
from docproc.domain.geometry import Box
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import PageState
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, MergeRule, Record, RuleFindings, Shape
from docproc.pipeline.conclude import conclude
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.merge import Merged, merge


def place(page: int, top: float = 10.0) -> Evidence:
    return Evidence(page=page, box=Box(1, top, 50, top + 9), text="x", match=MatchKind.EXACT)


def value(what: str | None, confidence: float = 0.9, page: int = 1, top: float = 10.0) -> FieldValue:
    return FieldValue(
        value=what,
        confidence=confidence,
        parts=ConfidenceParts(model=confidence, match=1.0),
        evidence=(place(page, top),) if what is not None else (),
    )


def schema(*fields: FieldSpec, checks: Mapping[str, float] | None = None) -> ExtractionSchema:
    def no_findings(record: Record) -> tuple[Issue, ...]:
        del record
        return ()

    def rules(record: Record) -> RuleFindings:
        del record
        return RuleFindings(checks=checks or {})

    return ExtractionSchema(
        name="s", version=1, fields=fields, json_schema={}, check_shape=no_findings, check_rules=rules
    )


def reading(number: int, **fields: FieldTree) -> GroundedReading:
    return GroundedReading(reader="layout", reader_version="1", pages=(number,), fields=fields)


def merged_value(rule: MergeRule, *values: FieldValue, kind: FieldKind = FieldKind.TEXT) -> Merged:
    spec = FieldSpec(name="a", merge=rule, kind=kind)
    return merge([reading(i, a=one) for i, one in enumerate(values, 1)], schema(spec))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(MergeRule.FIRST, "one"), (MergeRule.LAST, "three!"), (MergeRule.LONGEST, "three!"), (MergeRule.BEST, "two")],
)
def test_each_merge_rule_takes_its_value(rule: MergeRule, expected: str) -> None:
    merged = merged_value(rule, value("one", 0.5), value("two", 0.9), value(None), value("three!", 0.6))

    assert record_of(merged.fields) == {"a": expected}


def test_amounts_are_summed_as_decimals() -> None:
    merged = merged_value(MergeRule.SUM, value("0.10"), value("0.20", 0.4, page=2), kind=FieldKind.MONEY)

    total = merged.fields["a"]

    assert isinstance(total, FieldValue)
    assert (total.value, total.confidence, len(total.evidence)) == ("0.30", 0.4, 2)


def test_windows_that_agree_outvote_a_more_confident_one() -> None:
    merged = merged_value(
        MergeRule.BEST, value("5.00", 0.7), value("5.0", 0.7, page=2), value("9.00", 0.8, page=3), kind=FieldKind.MONEY
    )

    assert record_of(merged.fields) == {"a": "5.00"}
    assert [issue.code for issue in merged.issues] == [IssueCode.MERGE_CONFLICT]
    assert "pages 1, 2, 3" in merged.issues[0].message


def test_equal_values_in_other_forms_are_no_conflict() -> None:
    merged = merged_value(MergeRule.BEST, value("5.00"), value("5.0", page=2), kind=FieldKind.MONEY)

    assert merged.issues == ()


def rows_schema() -> ExtractionSchema:
    row = FieldSpec(name="row", shape=Shape.GROUP, children=(FieldSpec(name="a"),))
    return schema(FieldSpec(name="rows", shape=Shape.LIST, item=row))


def test_rows_are_appended_in_order_and_equal_rows_at_other_places_stay() -> None:
    one: FieldTree = [{"a": value("x", page=1)}, {"a": value("x", page=1, top=30)}]
    two: FieldTree = [{"a": value("x", page=2)}]

    merged = merge([reading(1, rows=one), reading(2, rows=two)], rows_schema())

    assert record_of(merged.fields) == {"rows": [{"a": "x"}] * 3}


def test_a_row_that_two_windows_saw_at_the_same_place_is_one_row() -> None:
    seen: dict[str, FieldTree] = {"a": value("x", page=2)}

    merged = merge([reading(1, rows=[seen]), reading(2, rows=[dict(seen)])], rows_schema())

    assert record_of(merged.fields) == {"rows": [{"a": "x"}]}


def test_a_set_keeps_each_value_once() -> None:
    spec = FieldSpec(name="tags", shape=Shape.LIST, item=FieldSpec(name="tag"))

    merged = merge([reading(1, tags=[value("A"), value("B")]), reading(2, tags=[value("a", page=2)])], schema(spec))

    assert record_of(merged.fields) == {"tags": ["A", "B"]}


def test_groups_merge_field_by_field() -> None:
    spec = FieldSpec(name="seller", shape=Shape.GROUP, children=(FieldSpec(name="name"), FieldSpec(name="city")))

    merged = merge(
        [reading(1, seller={"name": value("X"), "city": value(None)}), reading(2, seller={"city": value("Y")})],
        schema(spec),
    )

    assert record_of(merged.fields) == {"seller": {"name": "X", "city": "Y"}}


def concluded(*, pages: tuple[PageState, ...] = (PageState.READ,), spec: FieldSpec | None = None, **fields: FieldTree):
    specs = [spec] if spec else [FieldSpec(name=name) for name in fields]
    merged = Merged(reader="layout", fields=fields, issues=())
    return conclude(merged, schema(*specs), pages=[(n, state) for n, state in enumerate(pages, 1)])


def test_a_grounded_confident_record_succeeds() -> None:
    conclusion = concluded(a=value("x", 0.99))

    assert conclusion.status is ExtractionStatus.SUCCEEDED
    assert conclusion.record == {"a": "x"}


def test_a_failed_page_sends_the_document_to_review_and_is_named() -> None:
    conclusion = concluded(pages=(PageState.READ, PageState.FAILED), a=value("x", 0.99))

    assert conclusion.status is ExtractionStatus.NEEDS_REVIEW
    assert [(i.code, "2" in i.message) for i in conclusion.issues] == [(IssueCode.PAGE_FAILED, True)]


def test_nothing_found_is_said() -> None:
    conclusion = concluded(a=value(None))

    assert [issue.code for issue in conclusion.issues] == [IssueCode.NOTHING_FOUND]
    assert conclusion.status is ExtractionStatus.NEEDS_REVIEW


def test_an_ungrounded_value_is_said_and_is_an_error_where_it_must_be_verbatim() -> None:
    bare = FieldValue(value="x", confidence=0.99, parts=ConfidenceParts(model=0.99))

    loose = concluded(a=bare)
    strict = concluded(a=bare, spec=FieldSpec(name="a", verbatim=True))

    assert [issue.severity for issue in loose.issues if issue.code is IssueCode.UNGROUNDED] == ["info"]
    assert [issue.severity for issue in strict.issues if issue.code is IssueCode.UNGROUNDED] == ["error"]


@pytest.mark.parametrize("verbatim", [False, True])
def test_a_document_without_pages_has_no_print_to_miss_a_value_from(verbatim: bool) -> None:
    sure = FieldValue(value="x", confidence=1.0, parts=ConfidenceParts(model=1.0))

    conclusion = concluded(pages=(), a=sure, spec=FieldSpec(name="a", verbatim=verbatim))

    assert conclusion.issues == ()
    assert conclusion.status is ExtractionStatus.SUCCEEDED


def test_a_value_under_the_schemas_threshold_goes_to_review() -> None:
    spec = FieldSpec(name="a", threshold=1.0)

    conclusion = concluded(a=value("x", 0.9), spec=spec)

    assert IssueCode.LOW_CONFIDENCE in {issue.code for issue in conclusion.issues}
    assert conclusion.status is ExtractionStatus.NEEDS_REVIEW


class Spill:
    """Keeps what was spilled."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, object]] = []

    def add(self, path: str, rows: Sequence[dict[str, FieldTree]]) -> None:
        self.rows.extend((path, record_of(row)) for row in rows)


def test_a_table_of_more_than_a_thousand_rows_is_spilled_in_order_and_reaches_the_rules() -> None:
    windows = [
        reading(page, rows=[{"a": value(f"{page}-{row}", page=page, top=row * 10)} for row in range(600)])
        for page in (1, 2, 3)
    ]
    spill, seen = Spill(), rows_schema()

    merged = merge(windows, seen, spill=spill)

    assert record_of(merged.fields) == {"rows": []}
    assert [row for _, row in spill.rows] == [{"a": f"{page}-{row}"} for page in (1, 2, 3) for row in range(600)]
    rows = conclude(merged, seen).record["rows"]
    assert isinstance(rows, list)
    assert len(rows) == 1800


def test_a_short_table_stays_where_it_is() -> None:
    spill = Spill()

    merged = merge([reading(1, rows=[{"a": value("x")}])], rows_schema(), spill=spill)

    assert spill.rows == []
    assert record_of(merged.fields) == {"rows": [{"a": "x"}]}
