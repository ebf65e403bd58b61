"""`docproc submit`, `jobs`, `tenants` and `worker` over a service's database, as an operator uses them."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from doubles.command import Command, write_pdf
from doubles.s3 import ENVIRONMENT
from doubles.waiting import PATIENCE_S, until

pytestmark = pytest.mark.integration

BILL = "Invoice\nInvoice number: R-{0}\nInvoice date: 2025-03-17\nTotal amount due: EUR 119.00"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    write_pdf(folder / "a.pdf", BILL.format(1))
    write_pdf(folder / "b.pdf", BILL.format(2))
    return folder


def shown(service: Command, job: str = "last", *, tenant: str = "local") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service("jobs", "show", job, "--json", "--tenant", tenant).stdout)
    return found


def test_submitted_files_are_kept_as_blobs_and_wait_for_a_worker(service: Command, inbox: Path) -> None:
    submitted = json.loads(service("submit", inbox, "--schema", "invoice", "--json", "--priority", 7).stdout)

    job = shown(service, str(submitted["id"]))
    assert (submitted["total"], job["state"], job["priority"]) == (2, "queued", 7)
    assert job["waiting_for"] == "a worker serving the queue prepare"
    assert len(list((service.place / "blobs/local/original").rglob("*"))) == 2 + len({"folders"}) * 2
    assert "stopped" not in service("jobs", "list").stdout


def test_a_submission_carries_metadata_a_callback_and_a_schema_that_fits(service: Command, inbox: Path) -> None:
    secret = inbox.parent / "secret"
    secret.write_text("0123456789abcdef\n")
    chosen = ("--schema", "auto", "--candidates", "contract,invoice")
    called = ("--callback", "https://erp.example.com/hook", "--callback-secret-file", secret)
    asked = ("submit", inbox, *chosen, "--metadata", "box=7", *called, "--idempotency-key", "k", "--json")
    submitted = json.loads(service(*asked).stdout)
    assert submitted["schema"] == "invoice@1"
    assert json.loads(service(*asked).stdout)["id"] == submitted["id"]
    other = [word if word != "box=7" else "box=8" for word in asked]
    assert "another request" in service(*other, code=2).stderr
    inside = [word if word != called[1] else "http://10.1.2.3/" for word in asked]
    assert "begins with https://" in service(*inside, code=2).stderr
    elsewhere = [word if word != called[1] else "https://other.example.com/" for word in asked]
    assert "another request" in service(*elsewhere, code=2).stderr


def test_a_job_for_a_model_names_the_model_that_it_waits_for(service: Command, inbox: Path) -> None:
    readers = json.dumps({"nvlm-d-72b": "house.nvlm:reader"})
    service("submit", inbox, "--schema", "invoice", "--reader", "nvlm-d-72b", readers=readers)
    workers = [service.start("worker", "--queues", queues, "--slots", 1) for queues in ("prepare", "assemble")]
    try:
        until(lambda: shown(service)["waiting_for"] == "a worker serving nvlm-d-72b", every_s=0.2)
    finally:
        for process in workers:
            process.send_signal(signal.SIGTERM)
        for process in workers:
            process.communicate(timeout=PATIENCE_S)


def test_the_same_key_is_the_same_job_and_another_request_is_refused(service: Command, inbox: Path) -> None:
    asked = ("submit", inbox, "--schema", "invoice", "--idempotency-key", "monday")
    first = service(*asked, "--quiet").stdout
    again = service(*asked, "--quiet").stdout
    said = service(*asked).stdout
    other = service("submit", inbox / "a.pdf", "--schema", "invoice", "--idempotency-key", "monday", code=2)

    assert first == again
    assert "made before" in said
    assert "another request" in other.stderr
    assert len(json.loads(service("jobs", "list", "--json").stdout)) == 1


def test_simultaneous_submits_with_one_key_make_one_job(service: Command, inbox: Path) -> None:
    asked = ("submit", inbox, "--schema", "invoice", "--idempotency-key", "race", "--quiet")
    together = [service.start(*asked) for _ in range(4)]
    said = {process.communicate()[0] for process in together}

    assert [process.returncode for process in together] == [0] * 4
    assert len(said) == 1
    assert shown(service)["total"] == 2


def test_a_file_that_intake_refuses_is_a_failed_document_with_its_reason(service: Command, inbox: Path) -> None:
    (inbox / "c.pdf").write_bytes(b"")
    service("submit", inbox, "--schema", "invoice")

    job = shown(service)
    assert job["failures"] == {"empty": 1}
    (failed,) = job["failed"]
    assert (failed["file"], failed["failure"]["code"], failed["failure"]["phase"]) == ("c.pdf", "empty", "intake")


def test_without_a_sealing_key_passwords_are_refused_before_anything_is_recorded(service: Command, inbox: Path) -> None:
    (inbox / "p.txt").write_text("opensesame")
    refused = service("submit", inbox, "--schema", "invoice", "--password-file", inbox / "p.txt", code=2)

    assert "DOCPROC_SEALING_KEY" in refused.stderr
    assert json.loads(service("jobs", "list", "--json").stdout) == []


def test_a_reader_that_nobody_knows_or_serves_is_refused(service: Command, inbox: Path) -> None:
    refused = service("submit", inbox, "--schema", "invoice", "--reader", "layuot", code=2)

    assert "no reader called 'layuot'" in refused.stderr


def test_tenants_see_their_own_jobs_only(service: Command, inbox: Path) -> None:
    unknown = service("submit", inbox, "--schema", "invoice", "--tenant", "acme", code=2)
    service("tenants", "create", "acme")
    job = service("submit", inbox, "--schema", "invoice", "--tenant", "acme", "--quiet").stdout.strip()

    assert "no tenant 'acme'" in unknown.stderr
    assert shown(service, job, tenant="acme")["tenant"] == "acme"
    for command in ("show", "cancel", "delete", "retry", "export", "resume"):
        assert "there is no job" in service("jobs", command, job, code=2).stderr, command
    assert service("jobs", "list", "--quiet").stdout == ""


def test_a_paused_tenant_is_named_as_what_its_jobs_wait_for(service: Command, inbox: Path) -> None:
    service("tenants", "create", "acme")
    service("submit", inbox, "--schema", "invoice", "--tenant", "acme")
    service("tenants", "pause", "acme")

    assert shown(service, tenant="acme")["waiting_for"] == "the tenant acme is paused"
    listed = {tenant["name"]: tenant["paused"] for tenant in json.loads(service("tenants", "list", "--json").stdout)}
    assert listed["acme"] is True
    service("tenants", "resume", "acme")
    assert shown(service, tenant="acme")["waiting_for"] == "a worker serving the queue prepare"


def test_resume_leaves_a_complete_job_to_the_workers(service: Command, inbox: Path) -> None:
    service("submit", inbox, "--schema", "invoice")

    assert "the service's workers" in service("jobs", "resume", "last", code=2).stderr


def test_a_canceled_job_ends_at_once_and_can_be_deleted_with_its_blobs(service: Command, inbox: Path) -> None:
    service("submit", inbox, "--schema", "invoice")

    assert "2 documents canceled" in service("jobs", "cancel", "last").stdout
    assert json.loads(service("jobs", "delete", "last", "--json").stdout)["blobs"] == 2


def test_a_worker_reads_what_was_submitted_though_the_files_are_gone(service: Command, inbox: Path) -> None:
    submitting = service.start("submit", inbox, "--schema", "invoice", "--wait", "--json")
    until(lambda: service("jobs", "list", "--quiet").stdout and shown(service)["submitted"], every_s=0.1)
    for path in inbox.iterdir():
        path.unlink()
    worker = service.start("worker", "--slots", 1)
    try:
        output, errors = submitting.communicate(timeout=PATIENCE_S)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=PATIENCE_S)

    assert submitting.returncode == 0, errors
    assert json.loads(output)["done"] == 2
    assert "waiting for a worker serving the queue prepare" in errors
    records = [json.loads(line) for line in service("jobs", "export", "last").stdout.splitlines()]
    assert [record["record"]["invoice_number"] for record in records] == ["R-1", "R-2"]


def test_ctrl_c_while_waiting_leaves_the_job_to_the_service(service: Command, inbox: Path) -> None:
    submitting = service.start("submit", inbox, "--schema", "invoice", "--wait")
    assert submitting.stderr is not None
    assert "waiting for" in submitting.stderr.readline()
    submitting.send_signal(signal.SIGINT)
    _, errors = submitting.communicate(timeout=PATIENCE_S)

    assert submitting.returncode == 130
    assert "goes on in the service" in errors
    assert shown(service)["state"] == "queued"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"broker_url": ""}, "broker"),
        ({"database_url": "sqlite:///own.db"}, "Postgres"),
        ({"database_url": "postgresql+psycopg://x@127.0.0.1:1/none"}, "cannot be reached"),
    ],
)
def test_a_worker_says_what_it_lacks(service: Command, settings: dict[str, str], said: str) -> None:
    with service.start("worker", **settings) as process:
        _, errors = process.communicate(timeout=PATIENCE_S)

    assert process.returncode in {1, 2}
    assert said in errors
    assert "Traceback" not in errors


def test_a_worker_refuses_queues_that_nobody_has(service: Command) -> None:
    assert "names no queue" in service("worker", "--queues", "prepare,raed.cpu", code=2).stderr
    assert "can start" in service("worker", "--queues", "prepare,read.nvlm-d-72b", "--check").stdout


def test_a_database_without_tables_is_upgraded_on_demand_only(tmp_path: Path, empty_postgres: str) -> None:
    service = Command(place=tmp_path, settings={"database_url": empty_postgres})
    refused = service("tenants", "list", code=1)
    unchecked = service("db", "check", code=3)
    upgraded = json.loads(service("db", "upgrade", "--json").stdout)
    checked = json.loads(service("db", "check", "--json").stdout)

    assert "docproc db upgrade" in refused.stderr
    assert "docproc db upgrade" in unchecked.stdout
    assert (upgraded["from"], upgraded["upgraded"]) == (None, True)
    assert checked["good"] is True
    assert json.loads(service("db", "revision", "--json").stdout)["revision"] == upgraded["to"]
    assert "nothing to do" in service("db", "upgrade").stdout


def test_a_table_that_somebody_changed_is_named(service: Command, service_database) -> None:
    with service_database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN mine text")

    assert "column not of docproc: jobs mine" in service("db", "check", code=3).stdout


def test_originals_go_to_a_bucket(service: Command, inbox: Path, s3_url: str) -> None:
    there = Command(place=service.place, settings={**service.settings, "blob_url": s3_url}, environment=ENVIRONMENT)

    assert json.loads(there("submit", inbox, "--schema", "invoice", "--json").stdout)["total"] == 2
    there("jobs", "cancel", "last")
    assert json.loads(there("jobs", "delete", "last", "--json").stdout)["blobs"] == 2
