"""Exports in a process of their own: interrupted, killed, and with a table that would not fit in memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from doubles.waiting import PATIENCE_S

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]

COMMON = """
import itertools, resource, sys
from pathlib import Path
from uuid import UUID
from docproc.domain.extraction import DocumentFacts, Extraction, FieldValue
from docproc.domain.schema import ExtractionSchema, FieldSpec, Shape
from docproc.exports.export_item import ExportItem
from docproc.exports.opening import open_writer
from docproc.exports.report.report_writer import ReportWriter

row = FieldSpec(name="", shape=Shape.GROUP, children=(FieldSpec(name="text"), FieldSpec(name="more")))
schema = ExtractionSchema(
    name="list", version=1, fields=(FieldSpec(name="rows", shape=Shape.LIST, item=row),), json_schema={},
    check_shape=lambda record: (), check_rules=lambda record: (),
)
def rows(count):
    for number in itertools.islice(itertools.count(), count):
        yield {"text": FieldValue(value=f"row {number}", confidence=0.9), "more": FieldValue(value="x" * 200)}
def item(number, count):
    extraction = Extraction(
        job_id=UUID(int=1), document_id=UUID(int=number), file="long.pdf", document=DocumentFacts(), schema="list@1",
        status="succeeded", record={}, fields={},
    )
    return ExportItem(extraction=extraction, tables={"rows": lambda: rows(count)})
target = Path(sys.argv[1])
writer = ReportWriter(target, schema, overwrite=True) if target.suffix == ".html" else open_writer(
    sys.argv[1], schema, overwrite=True)
"""

ENDLESS = f"""{COMMON}
with writer:
    writer.write(item(1, 10))
    print("writing", flush=True)
    writer.write(item(2, None))
"""

MEASURED = f"""{COMMON}
with writer:
    writer.write(item(1, 100))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    writer.write(item(2, 20_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""

TARGETS = ["out.jsonl", "out.csv", "out.xlsx", "out/", "report.html"]


def started(code, target):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, target],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_ctrl_c_in_the_middle_of_a_document_leaves_the_folder_as_it_was(tmp_path, target):
    if not target.endswith("/"):
        (tmp_path / target).write_text("precious")
    before = sorted(tmp_path.iterdir())
    with started(ENDLESS, f"{tmp_path}/{target}") as process:
        assert process.stdout.readline() == "writing\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE_S)
    assert complaints.rstrip().endswith("KeyboardInterrupt")
    assert sorted(tmp_path.iterdir()) == before
    assert all(path.read_text() == "precious" for path in before)


def test_a_killed_export_never_shows_half_a_file(tmp_path):
    with started(ENDLESS, f"{tmp_path}/out.jsonl") as process:
        assert process.stdout.readline() == "writing\n"
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
    left = [path.name for path in tmp_path.iterdir()]
    assert all(name.startswith(".out.jsonl.") and name.endswith(".tmp") for name in left)


@pytest.mark.parametrize("target", TARGETS)
def test_memory_does_not_grow_with_the_rows_of_a_document(tmp_path, target):
    with started(MEASURED, f"{tmp_path}/{target}") as process:
        growth_kib, complaints = process.communicate(timeout=120)
    assert complaints == ""
    # 20,000 rows are more than 20 MB as objects
    assert int(growth_kib) < 6_000
