"""Records on a terminal: which fields get a column, what a cell shows, and that what is left out is said."""

import io
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from docproc.cli.record_table import MAX_ROWS, record_table
from docproc.domain.extraction import DocumentFacts, Extraction, ExtractionStatus, FieldValue
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape

LOCKED = Failure(
    code=FailureCode.PASSWORD_REQUIRED,
    category=FailureCategory.DOCUMENT,
    message="The document is encrypted",
    retryable=False,
    phase=Phase.PREPARE,
)


def schema(**kinds: FieldKind) -> ExtractionSchema:
    rows = FieldSpec(name="rows", shape=Shape.LIST, item=FieldSpec(name="", shape=Shape.GROUP))
    return ExtractionSchema(
        name="bill",
        version=1,
        fields=(*(FieldSpec(name=name, kind=kind) for name, kind in kinds.items()), rows),
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
    )


def value(content: str | None, confidence: float = 0.9) -> FieldValue:
    return FieldValue(value=content, confidence=confidence)


def extraction(
    fields: Mapping[str, Any] | None,
    *,
    file: str = "a.pdf",
    status: ExtractionStatus = ExtractionStatus.SUCCEEDED,
    issues: tuple[Issue, ...] = (),
    failure: Failure | None = None,
) -> Extraction:
    return Extraction(
        job_id=UUID(int=1),
        document_id=UUID(int=2),
        file=file,
        document=DocumentFacts(),
        extraction_schema="bill@1",
        status=status,
        fields=None if fields is None else dict(fields),
        record=None,
        issues=issues,
        failure=failure,
    )


def shown(*extractions: Extraction, spec: ExtractionSchema, width: int = 200) -> str:
    paper = io.StringIO()
    Console(width=width, file=paper).print(record_table(extractions, spec, width=width))
    return paper.getvalue()


def columns(*extractions: Extraction, spec: ExtractionSchema, width: int = 200) -> list[str]:
    table = record_table(extractions, spec, width=width)
    return [str(column.header) for column in table.columns][2:-1]


def columns_of(count: int, *extractions: Extraction, spec: ExtractionSchema) -> list[str]:
    """The fields of the narrowest table that has room for `count` of them."""
    found = (columns(*extractions, spec=spec, width=width) for width in range(40, 400))
    return next(names for names in found if len(names) == count)


def test_a_document_is_a_line_with_its_file_status_and_fields() -> None:
    spec = schema(invoice_number=FieldKind.ID, total=FieldKind.MONEY)
    text = shown(extraction({"invoice_number": value("R-17"), "total": value("119.00")}), spec=spec)

    (header,) = (line for line in text.splitlines() if "status" in line)
    (line,) = (line for line in text.splitlines() if "a.pdf" in line)
    assert [word for word in ("file", "invoice number", "total", "issues") if word in header] == [
        "file",
        "invoice number",
        "total",
        "issues",
    ]
    assert all(word in line for word in ("succeeded", "R-17", "119.00"))


def test_a_doubtful_value_has_a_question_mark_and_a_missing_one_a_dash() -> None:
    spec = schema(sure=FieldKind.ID, doubtful=FieldKind.ID, missing=FieldKind.ID)
    text = shown(extraction({"sure": value("S1"), "doubtful": value("D1", 0.4), "missing": value(None)}), spec=spec)

    (line,) = (line for line in text.splitlines() if "a.pdf" in line)
    assert "S1?" not in line
    assert "D1?" in line
    assert " - " in line


def test_columns_stand_in_schema_order_and_filled_fields_come_first() -> None:
    spec = schema(a=FieldKind.ID, b=FieldKind.DATE, c=FieldKind.TEXT, d=FieldKind.CURRENCY, e=FieldKind.MONEY)
    fields = {"a": value(None), "b": value("2025-01-02"), "c": value(None), "d": value("EUR"), "e": value("1.00")}

    assert columns_of(3, extraction(fields), spec=spec) == ["b", "d", "e"]


def test_a_wider_terminal_shows_more_fields_and_what_is_left_out_is_counted() -> None:
    spec = schema(**{f"field_{number}": FieldKind.TEXT for number in range(10)})
    one = extraction({f"field_{number}": value("x") for number in range(10)})

    counts = [len(columns(one, spec=spec, width=width)) for width in (60, 80, 120, 160, 240)]

    assert counts == sorted(counts)
    assert 1 <= counts[0] < counts[-1]
    left_out = len(spec.fields) - len(columns(one, spec=spec, width=160))
    assert f"{left_out} more fields: see --out" in shown(one, spec=spec, width=160)


def test_amounts_take_no_more_than_three_columns_of_the_first_four() -> None:
    amounts = {f"amount_{number}": FieldKind.MONEY for number in range(5)}
    spec = schema(**amounts, number=FieldKind.ID)
    one = extraction({name: value("1.00") for name in [*amounts, "number"]})

    assert columns_of(4, one, spec=spec) == ["amount 0", "amount 1", "amount 2", "number"]


def test_amounts_are_set_to_the_right() -> None:
    spec = schema(total=FieldKind.MONEY, name=FieldKind.TEXT)
    table = record_table([extraction({"total": value("1.00"), "name": value("x")})], spec, width=120)

    assert [(str(column.header), column.justify) for column in table.columns[2:4]] == [
        ("total", "right"),
        ("name", "left"),
    ]


def test_more_documents_than_a_person_reads_are_counted() -> None:
    one = extraction({"number": value("1")})

    text = shown(*[one] * (MAX_ROWS + 5), spec=schema(number=FieldKind.ID))

    assert text.count("a.pdf") == MAX_ROWS
    assert "5 more documents" in text


def test_a_failed_document_says_why() -> None:
    failed = extraction(None, status=ExtractionStatus.FAILED, failure=LOCKED)

    text = " ".join(shown(failed, spec=schema(number=FieldKind.ID), width=160).split())

    assert "password_required: The document is encrypted" in text


def test_issues_are_named_once_and_mere_remarks_not_at_all() -> None:
    issues = (
        Issue(code=IssueCode.SUM_MISMATCH, message="m"),
        Issue(code=IssueCode.SUM_MISMATCH, message="n"),
        Issue(code=IssueCode.CHECK_DIGIT, severity=Severity.ERROR, message="m"),
        Issue(code=IssueCode.UNGROUNDED, severity=Severity.INFO, message="m"),
    )
    one = extraction({"number": value("1")}, status=ExtractionStatus.NEEDS_REVIEW, issues=issues)

    text = " ".join(shown(one, spec=schema(number=FieldKind.ID), width=160).split())

    assert "sum_mismatch, check_digit" in text
    assert text.count("sum_mismatch") == 1
    assert "ungrounded" not in text
    assert "needs review" in text


@pytest.mark.parametrize("hostile", ["[bold]x[/bold]", "[/]", "[link=x]y"])
def test_what_is_printed_on_a_document_is_never_markup(hostile: str) -> None:
    text = shown(extraction({"name": value(hostile)}, file=f"{hostile}.pdf"), spec=schema(name=FieldKind.TEXT))

    assert text.count(hostile) == 2


def test_white_space_within_a_value_is_one_space() -> None:
    text = shown(extraction({"name": value("Oak\n  Board")}), spec=schema(name=FieldKind.TEXT))

    assert "Oak Board" in text


def test_without_a_document_the_table_is_its_header() -> None:
    assert "status" in shown(spec=schema(number=FieldKind.ID))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 240])
def test_the_file_is_named_at_any_width_however_long_the_values_are(width: int) -> None:
    names = [f"field_{number}" for number in range(12)]
    one = extraction({name: value("words without an end " * 4) for name in names}, file="invoice-2025.pdf")

    text = shown(one, spec=schema(**dict.fromkeys(names, FieldKind.TEXT)), width=width)

    assert "".join(line.split("│")[1].strip() for line in text.splitlines() if "│" in line) == "invoice-2025.pdf"
