"""`docproc dead`, `queues`, `workers`, `store` and `doctor --service`, as whoever looks after a service uses them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.s3 import ENVIRONMENT
from doubles.waiting import PATIENCE_S, until
from sqlalchemy import select

from docproc.storage.database import Database
from docproc.storage.service_tables import AUDIT

pytestmark = pytest.mark.integration


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    write_pdf(folder / "good.pdf", "Invoice\nInvoice number: R-1")
    (folder / "empty.pdf").write_bytes(b"")
    return folder


@contextmanager
def working(service: Command, *options: object) -> Iterator[None]:
    """A worker that is alive within the context."""
    worker = service.start("worker", "--slots", 1, *options)
    try:
        until(lambda: json.loads(service("workers", "list", "--json").stdout) or worker.poll() is not None, every_s=0.2)
        assert worker.poll() is None
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=PATIENCE_S)


def test_dead_documents_are_listed_shown_and_replayed_with_a_note_of_who_did(
    service: Command, service_database: Database, inbox: Path
) -> None:
    service("submit", inbox, "--schema", "invoice")
    (dead,) = map(json.loads, service("dead", "list", "--job", "last", "--json").stdout.splitlines())
    text = service("dead", "show", dead["place"]).stdout
    whole = json.loads(service("dead", "show", dead["place"], "--json").stdout)

    assert (dead["file"], dead["page"], dead["failure"]["code"], dead["attempts"]) == ("empty.pdf", None, "empty", 0)
    assert "failure phase    intake" in text
    assert whole["document_state"] == "failed"
    assert service("dead", "list", "--code", "crashed").stdout == ""
    assert "no failed document" in service("dead", "show", dead["place"], "--tenant", "acme", code=2).stderr

    write_pdf(inbox / "empty.pdf", "Invoice\nInvoice number: R-2")
    assert "name one page or document" in service("dead", "replay", code=2).stderr
    assert json.loads(service("dead", "replay", "--all", "--code", "empty", "--json").stdout)["documents"] == 1
    assert service("dead", "list").stdout == ""
    with service_database.read() as connection:
        (deed,) = connection.execute(select(AUDIT)).all()
    assert (deed.tenant, deed.action, deed.subject) == ("local", "dead.replay", dead["place"])
    assert "@" in deed.actor


def test_queues_and_workers_tell_what_waits_and_who_is_there(service: Command, inbox: Path) -> None:
    service("submit", inbox, "--schema", "invoice")
    alone = {each["queue"]: each for each in json.loads(service("queues", "list", "--json").stdout)}
    service("queues", "pause", "prepare")

    assert (alone["prepare"]["due"], alone["prepare"]["slots"], alone["prepare"]["paused"]) == (1, 0, False)
    assert alone["read.cpu"]["due"] == 0
    assert "paused" in service("queues", "list").stdout
    assert "names no queue" in service("queues", "pause", "prepaer", code=2).stderr
    with working(service):
        (worker,) = json.loads(service("workers", "list", "--json").stdout)
        assert (worker["state"], worker["slots"]) == ("alive", 1)
        assert {"prepare", "read.cpu", "assemble"} <= set(worker["queues"])
        assert worker["id"] in service("workers", "list").stdout.replace("\n", "")
        assert (
            json.loads(service("jobs", "show", "last", "--json").stdout)["waiting_for"] == "the queue prepare is paused"
        )
        findings = {each["what"]: each for each in json.loads(service("doctor", "--service", "--json").stdout)}
        service("queues", "resume", "prepare")
        until(lambda: json.loads(service("jobs", "show", "last", "--json").stdout)["done"] == 2, every_s=0.2)

    assert all(finding["good"] for finding in findings.values()), findings
    assert findings["workers"]["detail"] == "1 alive with 1 slots"
    assert findings["paused"]["detail"] == "queue prepare"
    assert "are refused" in findings["sealed passwords"]["detail"]
    assert set(findings) == {
        *("revision", "broker", "blobs", "clock of blobs", "clock of database"),
        *("workers", "models", "queues", "paused", "sealed passwords"),
    }


def test_the_doctor_says_which_part_of_a_service_does_not_answer(service: Command, inbox: Path, s3_url: str) -> None:
    service("submit", inbox, "--schema", "invoice")
    there = Command(place=service.place, settings={**service.settings, "blob_url": s3_url}, environment=ENVIRONMENT)
    broken = there("doctor", "--service", "--json", code=1, broker_url="redis://127.0.0.1:1/0")
    findings = {each["what"]: each for each in json.loads(broken.stdout)}

    assert {what for what, each in findings.items() if not each["good"]} == {"broker", "workers", "queues"}
    assert findings["queues"]["detail"] == "without a worker: prepare (1 waiting)"
    assert findings["clock of blobs"]["detail"].endswith("s from this machine's")
    assert all(findings[what]["advice"] for what in ("broker", "workers", "queues"))


def test_a_broker_url_that_can_be_none_is_said_at_the_start_and_by_the_doctor_among_the_rest(
    service: Command, inbox: Path
) -> None:
    mistyped = {"broker_url": "redis://:quiet@127.0.0.1:abc/0"}
    told = service("doctor", "--service", "--json", code=1, **mistyped).stdout
    findings = {each["what"]: each for each in json.loads(told)}
    refused = [
        service("submit", inbox, "--schema", "invoice", code=2, **mistyped).stderr,
        service("worker", code=2, **mistyped).stderr,
    ]

    assert {"revision", "blobs", "clock of database", "workers", "queues"} < set(findings)
    assert {what for what, each in findings.items() if not each["good"]} == {"broker", "workers"}
    for said in (findings["broker"]["detail"], *refused):
        assert "DOCPROC_BROKER_URL" in said
        assert "port" in said
        assert "quiet" not in said


def test_a_doctor_without_a_service_says_what_to_set(tmp_path: Path) -> None:
    text = Command(place=tmp_path)("doctor", "--service", code=1).stdout

    assert "DOCPROC_BROKER_URL" in text
    assert "DOCPROC_DATABASE_URL" in text


def test_the_store_is_checked_with_a_receipt(service: Command, inbox: Path) -> None:
    service("submit", inbox, "--schema", "invoice")
    whole = json.loads(service("store", "check", "--json").stdout)
    (original,) = (path for path in (service.place / "blobs").rglob("*") if path.is_file())
    original.unlink()
    broken = service("store", "check", "--json", code=3)
    finding, receipt = map(json.loads, broken.stdout.splitlines())

    assert (whole["named"], whole["blobs"], whole["missing"]) == (1, 1, 0)
    assert (finding["finding"], finding["kind"]) == ("missing", "original")
    assert (receipt["missing"], receipt["blobs"]) == (1, 0)
    assert f"missing  {finding['key']}" in service("store", "check", "--delete-orphans", code=3).stdout
    assert "no tenant" in service("store", "check", "--tenant", "acme", code=2).stderr


def test_whoever_ends_retries_or_deletes_is_noted(
    service: Command, service_database: Database, inbox: Path, tmp_path: Path
) -> None:
    job = service("submit", inbox, "--schema", "invoice", "--quiet").stdout.strip()
    service("jobs", "retry", job)
    service("jobs", "cancel", job)
    service("jobs", "delete", job)
    assert "no job" in service("jobs", "delete", job, code=2).stderr
    service("jobs", "prune", "--older-than", 30)
    orphan = tmp_path / "blobs" / "local" / "words" / "ff" / ("f" * 32 + ".1")
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"left")
    os.utime(orphan, (time.time() - 200_000,) * 2)
    service("store", "check")
    service("store", "check", "--delete-orphans")
    service("store", "check", "--delete-orphans")

    with service_database.read() as connection:
        deeds = connection.execute(select(AUDIT).order_by(AUDIT.c.id)).all()
    assert [(deed.tenant, deed.action, deed.subject) for deed in deeds] == [
        ("local", "job.retry", job),
        ("local", "job.cancel", job),
        ("local", "job.delete", job),
        ("local", "job.prune", "0 jobs older than 30 days"),
        ("local", "store.delete_orphans", "1 blobs"),
    ]
    assert all("@" in deed.actor for deed in deeds)


def test_a_secret_among_the_options_of_a_url_is_not_printed(service: Command, service_url: str) -> None:
    url = f"{service_url}{'&' if '?' in service_url else '?'}password=SECRET"
    said = service("db", "revision", database_url=url).stdout + service("doctor", database_url=url).stdout
    assert "postgresql " in said
    assert "SECRET" not in said
