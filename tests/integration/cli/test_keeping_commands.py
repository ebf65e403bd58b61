"""`docproc holds`, `retention` and `receipts` on one machine: held, let go, deleted, proved."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from doubles.command import Command, write_pdf

from docproc.storage.blob_stores import open_blob_store

pytestmark = pytest.mark.integration


def test_a_job_is_held_let_go_deleted_and_the_receipt_is_proved(tmp_path: Path) -> None:
    docproc = Command(place=tmp_path)
    bill = write_pdf(tmp_path / "bill.pdf", "Invoice\nInvoice number: R-1")
    docproc("extract", bill, "--schema", "invoice", "--keep-originals", "--out", "first.jsonl")
    hold = json.loads(docproc("holds", "place", "last", "--reason", "case 12", "--json").stdout)["id"]
    assert "case 12" in docproc("holds", "list").stdout
    assert "forbids that the job is deleted" in docproc("jobs", "delete", "last", code=2).stderr
    assert "say --all" in docproc("holds", "place", "--reason", "x", code=2).stderr
    docproc("retention", "keep", "last", "--days", "30")
    assert json.loads(docproc("retention", "run", "--json").stdout)["jobs"] == 0
    docproc("holds", "lift", hold)
    docproc("jobs", "delete", "last")

    (receipt,) = map(json.loads, docproc("receipts", "list", "--json").stdout.splitlines())
    assert receipt["body"]["rows"]["documents"] == 1
    assert "bill" not in json.dumps(receipt)
    assert docproc("receipts", "verify").stdout == "1 receipts, 0 wrong\n"
    document_id = UUID(receipt["body"]["documents"][0][0])
    open_blob_store(tmp_path / "data" / "blobs").put(f"local/words/{document_id.hex}.1", [b"left"])
    told = json.loads(docproc("receipts", "verify", "1", "--json", code=3).stdout)
    assert told == {"receipts": 1, "wrong": {"1": ["blobs_left"]}}
