"""Schemas and extractions for the tests of the exports."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from docproc.domain.document import MediaType
from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import (
    DocumentFacts,
    Extraction,
    ExtractionStatus,
    FieldTree,
    FieldValue,
    PageFacts,
    record_of,
)
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.geometry import Box
from docproc.domain.page import PageState, TextSource
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape

JOB = UUID("01939f00-0000-7000-8000-000000000001")


def document_id(number: int) -> UUID:
    return UUID(int=JOB.int + (number << 64))


def leaf(name: str, kind: FieldKind = FieldKind.TEXT, **more) -> FieldSpec:
    return FieldSpec(name=name, kind=kind, **more)


def group(name: str, *children: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.GROUP, children=children)


def rows_of(name: str, *children: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.LIST, item=group("", *children))


def set_of(name: str, kind: FieldKind = FieldKind.TEXT) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.LIST, item=leaf("", kind))


def schema_of(*fields: FieldSpec) -> ExtractionSchema:
    return ExtractionSchema(
        name="invoice",
        version=1,
        fields=fields,
        json_schema={},
        check_shape=lambda _record: (),
        check_rules=lambda _record: RuleFindings(),
    )


INVOICE = schema_of(
    leaf("number", FieldKind.ID),
    leaf("issued_on", FieldKind.DATE),
    group("seller", leaf("name"), leaf("vat_id", FieldKind.VAT_ID)),
    set_of("orders", FieldKind.ID),
    rows_of("line_items", leaf("text"), leaf("amount", FieldKind.MONEY)),
    leaf("total", FieldKind.MONEY),
)


def evidence(text: str = "print", *, page: int = 1, box: Box = Box(10, 20, 110, 32)) -> Evidence:  # noqa: B008
    return Evidence(page=page, box=box, text=text, match=MatchKind.EXACT)


def value(content, confidence: float | None = 0.95, *, grounded: bool = True) -> FieldValue:
    shown = grounded and content is not None
    return FieldValue(value=content, confidence=confidence, evidence=(evidence(str(content)),) if shown else ())


def invoice_fields(**changes: FieldTree) -> dict[str, FieldTree]:
    return {
        "number": value("0012345678"),
        "issued_on": value("2025-03-04"),
        "seller": {"name": value("Müller & Söhne"), "vat_id": value(None, None)},
        "orders": [value("A-1"), value("A-2")],
        "line_items": [
            {"text": value("Screws"), "amount": value("12.50", 0.7)},
            {"text": value("Return"), "amount": value("-3.00")},
        ],
        "total": value("9.50"),
        **changes,
    }


def extraction(number: int = 1, fields: Mapping[str, Any] | None = None, **changes) -> Extraction:
    tree = invoice_fields() if fields is None else fields
    facts: dict[str, Any] = {
        "job_id": JOB,
        "document_id": document_id(number),
        "file": f"in/invoice-{number}.pdf",
        "document": DocumentFacts(sha256="0" * 64, media_type=MediaType.PDF, page_count=1),
        "schema": "invoice@1",
        "reader": "layout",
        "status": ExtractionStatus.SUCCEEDED,
        "record": record_of(tree),
        "fields": tree,
        "pages": (
            PageFacts(
                number=1,
                state=PageState.READ,
                width=595,
                height=842,
                words=120,
                source=TextSource.TEXT_LAYER,
                grid=(2, 3),
            ),
        ),
        "seconds": 0.5,
    }
    return Extraction(**facts | changes)


def failed_extraction(number: int = 9) -> Extraction:
    return Extraction(
        job_id=JOB,
        document_id=document_id(number),
        file="in/locked.pdf",
        document=DocumentFacts(),
        extraction_schema="invoice@1",
        status=ExtractionStatus.FAILED,
        failure=Failure(
            code=FailureCode.PASSWORD_REQUIRED,
            category=FailureCategory.DOCUMENT,
            message="The document is encrypted",
            retryable=False,
            phase=Phase.PREPARE,
        ),
    )


def long_rows(count: int) -> Iterator[dict[str, FieldTree]]:
    for number in range(1, count + 1):
        yield {"text": value(f"Row {number}"), "amount": value(f"{number}.00", 0.9 if number != 2 else 0.4)}
