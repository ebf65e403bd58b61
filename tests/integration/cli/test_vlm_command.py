"""`docproc extract --reader vlm` as a user starts it, with a tiny model."""

import json
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf

pytestmark = pytest.mark.integration

SCHEMA = {
    "title": "bill",
    "type": "object",
    "properties": {
        "invoice_number": {"type": ["string", "null"], "maxLength": 12},
        "paid": {"type": ["boolean", "null"]},
    },
}


@pytest.fixture
def run(tmp_path: Path) -> Command:
    (tmp_path / "bill.json").write_text(json.dumps(SCHEMA))
    for name in ("a.pdf", "b.pdf"):
        write_pdf(tmp_path / name, "Invoice R-77\nTotal 119.00")
    return Command(place=tmp_path)


def test_a_model_reads_files_into_records_of_the_same_contract(run: Command, checkpoint: Path) -> None:
    done = run("extract", "a.pdf", "b.pdf", "--schema", "bill.json", "--reader", "vlm", "--model", str(checkpoint))
    first, second = map(json.loads, done.stdout.splitlines())

    assert first["contract"] == "1"
    assert first["reader"] == "vlm"
    assert set(first["record"]) == {"invoice_number", "paid"}
    assert first["record"] == second["record"]
    assert 0 < first["fields"]["paid"]["parts"]["model"] < 1
    assert first["pages"][0]["route"] == "vision"
    assert "WARNING" not in done.stderr
    assert "Warning" not in done.stderr
    assert all(line.startswith(("job ", "records")) for line in done.stderr.splitlines()), done.stderr
