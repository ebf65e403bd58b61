"""`docproc exports` and `docproc webhooks` over a service with a worker, as an operator uses them."""

import json
import signal
import urllib.request
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.s3 import ENVIRONMENT
from doubles.waiting import PATIENCE_S
from sqlalchemy import select

from docproc.storage.database import Database
from docproc.storage.service_tables import AUDIT

pytestmark = pytest.mark.integration

BILL = "Invoice\nInvoice number: R-1\nInvoice date: 2025-03-17\nTotal amount due: EUR 119.00"


def test_a_worker_makes_an_export_that_can_be_fetched(service: Command, tmp_path: Path) -> None:
    bill = write_pdf(tmp_path / "bill.pdf", BILL)
    queues = "prepare,read.cpu,assemble,export"
    with service.start("worker", "--queues", queues, "--slots", 1) as worker:
        try:
            service("submit", bill, "--schema", "invoice", "--wait", "--quiet")
            made = json.loads(service("exports", "create", "last", "--format", "jsonl", "--wait", "--json").stdout)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=PATIENCE_S)
    assert (made["state"], made["records"]) == ("succeeded", 1)
    said = service("exports", "fetch", made["id"], "--out", "records.jsonl").stdout
    assert said == f"records.jsonl: {made['byte_count']:,} bytes, 1 records\n"
    (line,) = (service.place / "records.jsonl").read_text().splitlines()
    assert json.loads(line)["record"]["invoice_number"] == "R-1"
    assert "exists" in service("exports", "fetch", made["id"], "--out", "records.jsonl", code=2).stderr
    assert made["id"] in service("exports", "list", "last").stdout
    assert "blobs lie in a folder" in service("exports", "link", made["id"], code=2).stderr
    assert "there is no export" in service("exports", "fetch", made["id"], "--tenant", "other", code=2).stderr


def test_an_export_in_s3_is_fetched_by_a_link(
    service: Command, service_database: Database, s3_url: str, tmp_path: Path
) -> None:
    there = Command(place=service.place, settings={**service.settings, "blob_url": s3_url}, environment=ENVIRONMENT)
    bill = write_pdf(tmp_path / "bill.pdf", BILL)
    with there.start("worker", "--queues", "prepare,read.cpu,assemble,export", "--slots", 1) as worker:
        try:
            there("submit", bill, "--schema", "invoice", "--wait", "--quiet")
            made = json.loads(there("exports", "create", "last", "--wait", "--json").stdout)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=PATIENCE_S)
    link = there("exports", "link", made["id"], "--expires", 60).stdout.strip()
    with urllib.request.urlopen(link, timeout=PATIENCE_S) as answer:  # noqa: S310 our own server
        (line,) = answer.read().decode().splitlines()
        name = answer.headers["Content-Disposition"]
    assert json.loads(line)["record"]["invoice_number"] == "R-1"
    assert name == f"attachment; filename*=UTF-8''{made['id']}.jsonl"
    assert "X-Amz-Expires=60" in link
    assert "there is no export" in there("exports", "link", made["id"], "--tenant", "other", code=2).stderr
    with service_database.read() as connection:
        (deed,) = connection.execute(select(AUDIT).where(AUDIT.c.action == "export.link")).all()
    assert deed.subject == made["id"]


def test_an_open_job_is_not_exported(service: Command, tmp_path: Path) -> None:
    service("submit", write_pdf(tmp_path / "bill.pdf", BILL), "--schema", "invoice")
    assert "still open" in service("exports", "create", "last", code=2).stderr


def test_webhooks_are_added_listed_and_removed(service: Command) -> None:
    service("tenants", "create", "acme")
    asked = ("webhooks", "add", "https://erp.example.com/hook", "--kind", "job.succeeded", "--tenant", "acme")
    made = json.loads(service(*asked, "--json").stdout)
    assert len(made["secret"]) >= 32
    listed = json.loads(service("webhooks", "list", "--tenant", "acme", "--json").stdout)
    assert listed == {
        "webhooks": [
            {"id": made["id"], "url": "https://erp.example.com/hook", "kinds": ["job.succeeded"], "removed": False}
        ],
        "open": 0,
    }
    assert made["secret"] not in service("webhooks", "list", "--tenant", "acme").stdout
    service("webhooks", "remove", made["id"], "--tenant", "acme")
    assert "(removed)" in service("webhooks", "list", "--tenant", "acme").stdout
    assert "there is no webhook" in service("webhooks", "remove", made["id"], code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://example.com/",), "https://HOST"),
        (("https://me@example.com/",), "without a user's name"),
        (("https://example.com:99999/",), "a port that can be"),
        (("https://[::1",), "a port that can be"),
        (("http://example.com/",), "outside the own network a URL begins with https://"),
        (("https://10.0.0.8/hook",), "inside a network that may not be reached"),
        (("https://example.com/", "--kind", "job.exploded"), "there are no events called job.exploded"),
        (("https://example.com/", "--tenant", "nobody"), "there is no tenant 'nobody'"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(service: Command, arguments: tuple[str, ...], said: str) -> None:
    assert said in service("webhooks", "add", *arguments, code=2).stderr
