"""The client and a real server, over a line that breaks."""

import asyncio
import json
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from doubles.command import Command, write_pdf
from doubles.face import BILL, RECEIVERS, alone
from doubles.faulty_proxy import faulty_proxy

from docproc.client import AsyncClient, Attempts, Client, RefusedByServerError
from docproc.client.types import JobEvent, Progress
from docproc.domain.document import DocumentState, JobState
from docproc.domain.extraction import ExtractionStatus

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with alone(tmp_path_factory.mktemp("alone")) as place:
        yield place


@pytest.fixture
def key(place):
    return place.key(place.tenant())


@pytest.fixture
def client(place, key):
    with Client(place.addresses[0], key=key) as client:
        yield client


@pytest.fixture
def bills(tmp_path):
    return [write_pdf(tmp_path / f"{number}.pdf", BILL.format(number=number)) for number in ("A-1", "A-2")]


def test_files_become_records_and_a_spreadsheet(client, bills, tmp_path):
    sent: list[int] = []
    seen: list[Progress] = []
    job = client.submit(bills, schema="invoice", external_id="march", metadata={"box": "7"}, on_sent=sent.append)
    assert job.wait(timeout_s=60, on_progress=seen.append).state is JobState.SUCCEEDED
    assert job.is_final
    assert sum(sent) == sum(bill.stat().st_size for bill in bills)
    assert seen[-1].pages.read == 2

    numbers = [extraction.record["invoice_number"] for extraction in job.results()]
    assert numbers == ["A-1", "A-2"]
    assert [document.file for document in job.documents(state=DocumentState.SUCCEEDED)] == ["A-1.pdf", "A-2.pdf"]
    assert [found.id for found in client.jobs(external_id="march", metadata={"box": "7"})] == [job.id]
    assert job.export(tmp_path / "records.xlsx").read_bytes()[:2] == b"PK"

    document = next(job.documents())
    assert client.extraction(document.id).record["invoice_number"] == "A-1"
    assert client.pages(document.id)[0].number == 1
    assert client.page_image(document.id, 1).startswith(b"\x89PNG")

    assert job.delete().documents == 2
    with pytest.raises(RefusedByServerError, match="not_found"):
        job.refresh()


def test_a_record_that_is_ready_in_time_comes_with_the_answer(client, bills):
    job = client.submit(bills[:1], schema="invoice", wait_s=30)
    assert job.extractions is not None
    assert job.extractions[0].status is ExtractionStatus.SUCCEEDED


@contextmanager
def over_a_line_that_breaks(place, key):
    patient = Attempts(most=20, chance=lambda: 0.0)
    with (
        faulty_proxy(urlsplit(place.addresses[0]).port) as proxy,
        Client(f"http://127.0.0.1:{proxy.port}", key=key, attempts=patient) as client,
    ):
        yield client, proxy


def test_events_come_whole_over_a_line_that_breaks(place, key, bills):
    with over_a_line_that_breaks(place, key) as (client, proxy):
        job = client.submit(bills, schema="invoice")
        proxy.cut(after_bytes=500, times=3)
        news = list(job.events())
    numbers = [each.number for each in news if isinstance(each, JobEvent)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert any(isinstance(each, Progress) for each in news)


def test_a_submission_over_a_line_that_breaks_is_one_job(place, key, bills):
    with over_a_line_that_breaks(place, key) as (client, proxy):
        proxy.cut(after_bytes=0, times=2)
        job = client.submit(bills, schema="invoice")
        assert [found.id for found in client.jobs()] == [job.id]


def test_asyncio_and_threads_get_the_same(place, key, client, bills):
    async def read():
        async with AsyncClient(place.addresses[0], key=key) as docproc:
            job = await docproc.submit(bills, schema="invoice")
            await job.wait(timeout_s=60)
            return job.id, [extraction async for extraction in job.results()]

    job_id, extractions = asyncio.run(read())
    assert list(client.job(job_id).results()) == extractions


def test_the_command_line_asks_a_server_as_it_asks_this_machine(place, key, bills, tmp_path):
    run = Command(place=tmp_path, settings={"server_key": key})
    server = ("--server", place.addresses[0])

    done = run("submit", *bills, "--schema", "invoice", "--wait", "--json", *server)
    job = json.loads(done.stdout)
    assert (job["state"], job["done"]) == ("succeeded", 2)
    assert json.loads(run("jobs", "list", "--json", *server).stdout) == [job]
    assert "succeeded" in run("jobs", "show", "last", *server).stdout
    shown = json.loads(run("jobs", "show", job["id"], "--json", *server).stdout)
    assert (shown["state"], shown["failed"]) == ("succeeded", [])
    lines = run("jobs", "export", "last", *server).stdout.splitlines()
    assert [json.loads(line)["record"]["invoice_number"] for line in lines] == ["A-1", "A-2"]
    run("jobs", "export", "last", "--out", "records.csv", *server)
    assert "A-2" in (tmp_path / "records.csv").read_text()
    assert "exists" in run("jobs", "export", "last", "--out", "records.csv", *server, code=2).stderr
    assert "deleted: 1 jobs" in run("jobs", "delete", job["id"], *server).stdout
    assert "not_found" in run("jobs", "show", job["id"], *server, code=2).stderr


SAMPLES = Path(__file__).parents[3] / "samples" / "documents" / "invoices"


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("target", ["x.csv", "x.jsonl", "x.xlsx", "folder/", "report.html"])
def test_a_server_exports_the_same_files_as_this_machine(place, tmp_path, target):
    tenant = place.tenant()
    with Client(place.addresses[0], key=place.key(tenant)) as client:
        job = client.submit([SAMPLES / "brightwater-english.pdf"], schema="invoice")
        job.wait(timeout_s=60)
        for folder in ("local", "server", "client"):
            (tmp_path / folder).mkdir()
        slash = "/" * target.endswith("/")
        job.export(f"{tmp_path / 'client' / target}{slash}", dialect="european")
    run = Command(place=tmp_path, settings={"server_key": place.key(tenant), "data_dir": place.folder / "data"})
    command, said = ("report", ()) if target == "report.html" else ("export", ("--csv-dialect", "european"))
    asked = ("jobs", command, job.id, *said, "--out")
    at_server = ("--server", place.addresses[0])
    run(*asked, f"local/{target}", "--tenant", tenant)
    run(*asked, f"server/{target}", *at_server)
    made = files_of(tmp_path / "local")
    assert made == files_of(tmp_path / "server") == files_of(tmp_path / "client")
    assert target != "x.csv" or "x.line_items.csv" in made
    assert "exists" in run(*asked, f"server/{target}", *at_server, code=2).stderr
    run(*asked, f"server/{target}", "--overwrite", *at_server)
    assert files_of(tmp_path / "server") == made


def test_a_submission_says_all_that_the_api_takes(place, tmp_path):
    tenant = place.tenant()
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n")
    run = Command(place=tmp_path, settings={"server_key": place.key(tenant)})
    server = ("--server", place.addresses[0])
    chosen = ("--schema", "auto", "--candidates", "bank_statement,invoice")
    called = ("--callback", f"http://{RECEIVERS}:9/hook", "--callback-secret-file", secret)
    told = ("--metadata", "box=7", "--metadata", "note=a=b", "--external-id", "march")
    done = run("submit", SAMPLES / "brightwater-english.pdf", *chosen, *told, *called, "--json", *server)
    with Client(place.addresses[0], key=place.key(tenant)) as client:
        job = client.job(json.loads(done.stdout)["id"])
        facts = job.wait(timeout_s=60)
        callbacks = client.request("GET", "/v1/deliveries", query={"job_id": str(job.id)}).json()["items"]
    assert facts.extraction_schema == "invoice@1"
    assert (facts.external_id, facts.metadata) == ("march", {"box": "7", "note": "a=b"})
    assert [each["kind"] for each in callbacks] == [f"job.{facts.state}"]
    inside = ("--callback", "http://10.0.0.1/", "--callback-secret-file", secret)
    said = run("submit", SAMPLES / "brightwater-english.pdf", "--schema", "invoice", *inside, *server, code=2)
    assert "begins with https://" in said.stderr


def test_a_failed_document_ends_the_command_as_extract_does(place, key, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing follows")
    run = Command(place=tmp_path, settings={"server_key": key})
    run("submit", broken, "--schema", "invoice", "--wait", "--server", place.addresses[0], code=3)


def test_without_a_key_or_a_server_the_command_says_what_to_do(place, tmp_path):
    run = Command(place=tmp_path)
    asked = ("jobs", "list", "--server")
    assert "DOCPROC_SERVER_KEY" in run(*asked, place.addresses[0], code=2).stderr
    keyed = Command(place=tmp_path, settings={"server_key": "docproc_x"})
    assert "unknown_key" in keyed(*asked, place.addresses[0], code=2).stderr
    assert "tenant by the key" in keyed("jobs", "list", "--tenant", "x", "--server", "http://x", code=2).stderr
