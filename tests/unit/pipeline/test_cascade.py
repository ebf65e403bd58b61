"""Which pages a model reads after a reader by rules: the decision, and what stands beside it."""

from dataclasses import replace

import pytest
from doubles.documents import text_page

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import ConfidenceParts, FieldTree, FieldValue, record_of
from docproc.domain.geometry import Box
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, Record, RuleFindings, Shape
from docproc.pipeline.cascade import beside, pages_for_model
from docproc.pipeline.grounded import GroundedReading

ROW = FieldSpec(name="", shape=Shape.GROUP, children=(FieldSpec(name="text"),))
FIELDS = (
    FieldSpec(name="number", kind=FieldKind.ID, required=True, nullable=False),
    FieldSpec(name="total", kind=FieldKind.MONEY, threshold=0.8),
    FieldSpec(name="rows", shape=Shape.LIST, item=ROW),
)
WINDOW = Window(pages=[text_page(number, "some words") for number in (1, 2, 3)], page_count=3, is_whole=True)
SUM = Issue(code=IssueCode.SUM_MISMATCH, fields=("total",), message="It does not add up.")


def schema(*findings: Issue) -> ExtractionSchema:
    def shape(record: Record) -> tuple[Issue, ...]:
        missing = Issue(code=IssueCode.MISSING_REQUIRED, fields=("number",), message="It is missing.")
        return () if record["number"] else (missing,)

    return ExtractionSchema(
        name="s",
        version=1,
        fields=FIELDS,
        json_schema={},
        check_shape=shape,
        check_rules=lambda _: RuleFindings(issues=findings),
    )


def value(what: str | None, *pages: int, confidence: float = 0.95) -> FieldValue:
    places = tuple(Evidence(page=page, box=Box(1, 1, 50, 9), text="x", match=MatchKind.EXACT) for page in pages)
    parts = ConfidenceParts(model=confidence, match=1.0)
    return FieldValue(value=what, confidence=confidence, parts=parts, evidence=places)


def reading(**fields: FieldTree) -> GroundedReading:
    told: dict[str, FieldTree] = {
        "number": value("A-7", 1),
        "total": value("12.00", 3),
        "rows": [{"text": value("bolt", 1)}, {"text": value("nut", 2)}],
    }
    return GroundedReading(reader="layout", reader_version="1", pages=(1, 2, 3), fields={**told, **fields})


def test_a_reading_that_is_sure_and_holds_stops_there() -> None:
    assert pages_for_model(reading(), WINDOW, schema()) == frozenset()


def test_pages_with_unsure_values_go_to_the_model() -> None:
    assert pages_for_model(reading(total=value("12.00", 3, confidence=0.7)), WINDOW, schema()) == {3}


def test_the_threshold_is_the_schemas() -> None:
    assert pages_for_model(reading(number=value("A-7", 1, confidence=0.7)), WINDOW, schema()) == frozenset()
    assert pages_for_model(reading(number=value("A-7", 1, confidence=0.4)), WINDOW, schema()) == {1}


def test_pages_whose_values_fail_a_check_go_to_the_model() -> None:
    assert pages_for_model(reading(), WINDOW, schema(SUM)) == {3}


def test_a_finding_that_only_informs_moves_nothing() -> None:
    told = SUM.model_copy(update={"severity": Severity.INFO})
    assert pages_for_model(reading(), WINDOW, schema(told)) == frozenset()


@pytest.mark.parametrize(
    "fields", [{"number": value(None)}, {"total": value("12.00", confidence=0.1)}], ids=["missing", "stands nowhere"]
)
def test_what_may_stand_anywhere_sends_every_page(fields: dict[str, FieldTree]) -> None:
    assert pages_for_model(reading(**fields), WINDOW, schema()) == {1, 2, 3}


def test_where_nothing_is_found_every_page_goes() -> None:
    empty = reading(number=value(None), total=value(None), rows=[])
    assert pages_for_model(empty, WINDOW, schema()) == {1, 2, 3}


def test_a_page_without_words_goes_whatever_the_others_say() -> None:
    picture = replace(WINDOW.pages[1], words=())
    window = replace(WINDOW, pages=[WINDOW.pages[0], picture, WINDOW.pages[2]])
    assert pages_for_model(reading(), window, schema()) == {2}


@pytest.mark.parametrize("fields", [{"number": value(None)}, {"total": value("13.00", 3)}])
def test_of_a_part_of_a_document_it_is_not_said_what_is_missing(fields: dict[str, FieldTree]) -> None:
    part = replace(WINDOW, is_whole=False)
    assert pages_for_model(reading(**fields), part, schema(SUM)) == frozenset()
    assert pages_for_model(reading(total=value("12.00", 3, confidence=0.1)), part, schema(SUM)) == {3}


def test_a_reading_for_the_whole_document_leaves_nothing() -> None:
    unsure = replace(reading(total=value("12.00", 3, confidence=0.1)), complete=True)
    assert pages_for_model(unsure, WINDOW, schema(SUM)) == frozenset()
    assert pages_for_model(unsure, Window(pages=()), schema(SUM)) == frozenset()


def test_beside_a_model_stands_what_is_on_other_pages() -> None:
    left = beside(reading(), {2, 3})
    assert left is not None
    assert left.pages == (1,)
    assert record_of(left.fields) == {"number": "A-7", "total": None, "rows": [{"text": "bolt"}]}


def test_a_row_over_a_border_is_the_models() -> None:
    left = beside(reading(rows=[{"text": value("long", 1, 2)}, {"text": value("short", 1)}]), {2})
    assert left is not None
    assert record_of(left.fields)["rows"] == [{"text": "short"}]


def test_what_was_said_of_a_value_goes_with_it() -> None:
    about = [
        Issue(code=IssueCode.AMBIGUOUS_DATE, fields=(name,), message="It may be another day.")
        for name in ("number", "total")
    ]
    left = beside(replace(reading(), issues=tuple(about)), {3})
    assert left is not None
    assert [issue.fields for issue in left.issues] == [("number",)]


def test_nothing_stands_beside_a_model_that_reads_all() -> None:
    assert beside(reading(), {1, 2, 3}) is None
