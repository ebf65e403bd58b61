"""The way of a document in memory gives what the durable steps give: there is one implementation of every step."""

import json
from pathlib import Path

import pytest
from doubles.command import Command

from docproc.bootstrap import make_reader
from docproc.domain.document import MediaType
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.extract import extract
from docproc.pipeline.ports import SourceDocument
from docproc.settings import Settings
from schemas import load_schema

pytestmark = pytest.mark.integration
INVOICES = Path(__file__).parents[3] / "samples" / "documents" / "invoices"


@pytest.mark.parametrize("name", ["brightwater-english.pdf", "nordlicht-facturx.pdf"])
def test_a_document_comes_out_the_same_in_memory_and_through_a_job(name: str, tmp_path: Path) -> None:
    document = SourceDocument(path=INVOICES / name, media_type=MediaType.PDF)
    with ChildPool(size=1) as pool:
        reader = make_reader("auto", Settings())
        concluded = extract(document, load_schema("invoice"), source=DocprocPages(pool), reader=reader)

    line = json.loads(Command(place=tmp_path)("extract", INVOICES / name, "--schema", "invoice").stdout)

    assert concluded.record == line["record"]
    assert concluded.status == line["status"]
    assert [issue.code for issue in concluded.issues] == [issue["code"] for issue in line["issues"]]
