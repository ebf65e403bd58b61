"""`docproc review` on one machine, without a service: from a wrong total to an export that says who mended it."""

import json
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf

pytestmark = pytest.mark.integration

BILL = (
    "Invoice\nInvoice number: R-1\nInvoice date: 2025-03-17\nCurrency: EUR\nNet amount: 100.00\nVAT 19%: 19.00\n"
    "Total amount: 191.00"
)


def test_a_wrong_total_is_found_mended_and_exported(tmp_path: Path) -> None:
    docproc = Command(place=tmp_path)
    docproc("extract", write_pdf(tmp_path / "bill.pdf", BILL), "--schema", "invoice", "--out", "first.jsonl")
    (line,) = docproc("review", "list", "--json").stdout.splitlines()
    waiting = json.loads(line)
    assert (waiting["file"], waiting["revision"], waiting["state"]) == ("bill.pdf", 1, "needs_review")
    assert waiting["issues"] == ["sum_mismatch"]
    document = waiting["document_id"]

    assert "be a valid decimal" in docproc("review", "set", document, "total_gross=much", code=2).stderr
    assert "is no JSON" in docproc("review", "set", document, "line_items:=[", code=2).stderr
    assert "there is no document" in docproc("review", "confirm", document, "--tenant", "other", code=2).stderr
    done = json.loads(docproc("review", "set", document, "total_gross=119.00", "buyer_name:=null", "--json").stdout)
    assert (done["state"], done["revision"]) == ("succeeded", 2)
    assert "at revision 2, not 1" in docproc("review", "confirm", document, "--revision", 1, code=2).stderr
    assert docproc("review", "list").stdout == ""

    shown = json.loads(docproc("review", "show", document, "--history", "--json").stdout)
    assert [(each["field"], each["old"], each["new"]) for each in shown["history"]] == [
        ("total_gross", "191.00", "119.00"),
        ("buyer_name", None, None),
    ]
    docproc("jobs", "export", "last", "--out", "after.csv")
    docproc("jobs", "export", "last", "--out", "after.jsonl")
    table = (tmp_path / "after.csv").read_text()
    assert "119.00" in table
    assert "corrected: Corrected by " in table
    assert json.loads((tmp_path / "after.jsonl").read_text())["review"]["corrections"][0]["new"] == "119.00"
