"""Mails and archives as a user hands them in: extracted here, and submitted to a service."""

import json
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.containers import attach, mail, zipped

pytestmark = pytest.mark.integration

BILL = "Invoice\nInvoice number: R-{0}\nInvoice date: 2025-03-17\nTotal amount due: EUR 119.00"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    bill = write_pdf(tmp_path / "bill.pdf", BILL.format(2)).read_bytes()
    message = attach(mail(BILL.format(1)), "bill.pdf", bill)
    (folder / "mail.eml").write_bytes(message.as_bytes())
    (folder / "batch.zip").write_bytes(zipped({"x/bill.pdf": bill, "letter.docx": b"PK\x03\x04 no document"}))
    return folder


def test_the_body_of_a_mail_and_its_attachment_are_records_with_evidence(tmp_path: Path, inbox: Path) -> None:
    command = Command(place=tmp_path)
    found = command("extract", inbox, "--schema", "invoice", "--workers", "1", code=3)
    lines = {line["file"]: line for line in map(json.loads, found.stdout.splitlines())}

    assert sorted(lines) == [
        "batch.zip/letter.docx",
        "batch.zip/x/bill.pdf",
        "mail.eml/attachments/bill.pdf",
        "mail.eml/body.html",
    ]
    assert lines["batch.zip/letter.docx"]["failure"]["code"] == "corrupt"
    body = lines["mail.eml/body.html"]
    assert body["record"]["invoice_number"] == "R-1"
    (evidence,) = body["fields"]["invoice_number"]["evidence"]
    assert (evidence["page"], evidence["text"]) == (1, "R-1")
    assert body["document"]["container"]["member"] == "body.html"
    assert lines["mail.eml/attachments/bill.pdf"]["record"]["invoice_number"] == "R-2"


def test_a_service_is_handed_the_documents_of_a_container(service: Command, inbox: Path) -> None:
    asked = ("submit", inbox, "--schema", "invoice", "--json", "--idempotency-key", "monday")
    submitted = json.loads(service(*asked).stdout)
    assert submitted["total"] == 4
    assert json.loads(service(*asked).stdout)["id"] == submitted["id"]
    kept = [path for path in (service.place / "blobs/local/original").rglob("*") if path.is_file()]
    assert len(kept) == 2, "the same bill in both containers is kept once"
