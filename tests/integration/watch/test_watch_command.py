"""`docproc watch` as an operator uses it: the examples of its page, a service behind it, signals, what is refused."""

import json
import re
import shlex
import signal
import time
import tomllib
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from doubles.command import Command, write_pdf
from doubles.containers import pdf, zipped
from doubles.face import alone
from doubles.ports import free_port
from doubles.postgres import empty_database
from doubles.watching import until

from docproc.services.key_records import Scope
from docproc.services.ledger_records import EntryState, Sighting, Trouble, Version
from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger
from docproc.watch.config import WatchSettings

pytestmark = pytest.mark.integration

PAGE = (Path(__file__).parents[3] / "docs" / "watch.md").read_text()
BILL = "Invoice\nInvoice number: R-{0}\nInvoice date: 2025-03-17\nTotal amount due: EUR 119.00"
#: added where an example runs until it is told to end
QUICKLY = ("--once", "--settle", "0.2", "--workers", "1")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


def blocks(heading: str, language: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0] if heading else PAGE.split("\n## ")[0]
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return found


def run_example(command: Command, line: str, *, code: int = 0) -> str:
    program, *words = shlex.split(line)
    assert program == "docproc"
    more = QUICKLY if "--status" not in words else ()
    return command(*words, *more, code=code).stdout


def records(folder: Path) -> dict[str, Any]:
    """By the name of the file."""
    found = [json.loads(path.read_text()) for path in folder.rglob("*.json")]
    return {each["file"]: each for each in found}


def texts(folder: Path) -> dict[str, str]:
    """Records by the name of the file, letter for letter but for what depends on when and where they were read."""
    found = (path.read_text() for path in folder.rglob("*.json"))
    own = re.compile(r'^  "(job_id|document_id|seconds)": .*$', re.MULTILINE)
    return {json.loads(text)["file"]: own.sub("", text) for text in found}


def test_the_examples_of_a_scanner_share_run_as_they_are_written(command: Command) -> None:
    (first,) = blocks("", "sh")
    settled, once = blocks("A scanner share", "sh")
    (status,) = blocks("How it stands", "sh")
    inbox = command.place / "scans"
    for number, line in enumerate((first, once)):
        write_pdf(inbox_file(inbox, f"{number}.pdf"), BILL.format(number))
        run_example(command, line)

    found = records(command.place / "records")
    assert sorted(found) == ["0.pdf", "1.pdf"]
    assert found["1.pdf"]["record"]["invoice_number"] == "R-1"
    assert run_example(command, status).split() == ["2", "done"]
    run_example(command, settled)
    assert run_example(command, f"{status} --place office-scans") == "", "by that name nothing was watched yet"


def inbox_file(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_the_example_of_an_sftp_drop_runs_as_it_is_written(command: Command) -> None:
    (settings,) = blocks("An SFTP drop", "toml")
    (line,) = blocks("An SFTP drop", "sh")
    (command.place / "docproc-watch.toml").write_text(settings)
    sidecar = re.search(r"`(\{\"external_id\".*?\})`", PAGE, re.DOTALL)
    assert sidecar is not None
    upload = command.place / "upload"
    for name in ("invoice.pdf", "customer-b/scan.pdf", "late.pdf"):
        write_pdf(inbox_file(upload, name), BILL.format(name))
    (upload / "invoice.pdf.ready").touch()
    (upload / "customer-b/scan.ready").touch()
    (upload / "customer-b/scan.pdf.meta.json").write_text(sidecar[1])

    run_example(command, line)

    found = records(command.place / "records")
    assert sorted(found) == ["customer-b/scan.pdf", "invoice.pdf"], "the third has no trigger yet"
    assert found["invoice.pdf"]["schema"].startswith("invoice@")
    of_b = found["customer-b/scan.pdf"]
    assert of_b["schema"].startswith("receipt@")
    assert of_b["external_id"] == "B-17"
    assert of_b["metadata"] == {"source": "sftp", "customer": "b", "batch": 4}


def test_every_setting_state_and_trouble_is_on_the_page() -> None:
    for name in WatchSettings.model_fields:
        key = {"schema_name": "schema", "folders": 'folders."NAME"'}.get(name, name)
        assert f"`{key}`" in PAGE, key
    for word in (*EntryState, *Trouble):
        assert f"| `{word}` |" in PAGE
    tomllib.loads(blocks("An SFTP drop", "toml")[0])


def test_embedded_with_a_service_and_with_a_server_the_same_drop_gives_the_same_records(
    command: Command, postgres_url: str, migrated_postgres: str, valkey_url: str
) -> None:
    inboxes = {name: command.place / name for name in ("embedded", "served", "asked")}
    scans = zipped({"in/a.pdf": pdf(BILL.format("Z-1")), "b.pdf": pdf(BILL.format("Z-2"))})
    for inbox in inboxes.values():
        inbox_file(inbox, "scans.zip").write_bytes(scans)
        (inbox / "scans.zip.meta.json").write_text('{"external_id": "Z", "metadata": {"box": "ü 7"}}')
    for number in range(2):
        content = write_pdf(command.place / "one.pdf", BILL.format(number)).read_bytes()
        for inbox in inboxes.values():
            inbox_file(inbox, f"sub/{number}.pdf").write_bytes(content)
    for inbox in inboxes.values():
        inbox_file(inbox, "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    command("watch", inboxes["embedded"], "-s", "invoice", "-o", "out-embedded", *QUICKLY, code=3)
    with empty_database(postgres_url, template=migrated_postgres) as url:
        settings = {
            "database_url": url,
            "broker_url": valkey_url,
            "blob_url": command.place / "blobs",
            "log_level": "ERROR",
        }
        service = Command(place=command.place, settings=settings)
        worker = service.start("worker", "--slots", 1)
        try:
            service("watch", inboxes["served"], "-s", "invoice", "-o", "out-served", "--service", *QUICKLY, code=3)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=60)
    (command.place / "server").mkdir()
    with alone(command.place / "server") as server:
        key = server.key(server.tenant(), Scope.SUBMIT, Scope.READ)
        asking = ("watch", inboxes["asked"], "-s", "invoice", "-o", "out-asked", "--server", server.addresses[0])
        command(*asking, *QUICKLY, code=3, server_key=key, data_dir=command.place / "ledger")

    embedded, served, asked = (texts(command.place / f"out-{name}") for name in inboxes)
    assert sorted(embedded) == ["scans.zip/b.pdf", "scans.zip/in/a.pdf", "sub/0.pdf", "sub/1.pdf"]
    assert embedded == served
    assert embedded == asked
    assert '"box": "ü 7"' in asked["scans.zip/b.pdf"]
    errors = [json.loads((inbox / "failed/broken.pdf.error.json").read_text()) for inbox in inboxes.values()]
    assert len({each["code"] for each in errors}) == 1


def test_an_outbox_in_the_watched_folder_is_refused_before_anything_is_touched(command: Command) -> None:
    file = write_pdf(inbox_file(command.place / "scans", "a.pdf"), "x")

    told = command("watch", "scans", "-s", "invoice", "-o", "scans/records", *QUICKLY, code=2).stderr

    assert "outbox_inside" in told
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("scans", "-s", "invoice", "-o", "out", "--reader", "nobody"), "nobody"),
        (("scans", "-s", "invoice", "-o", "out", "--service"), "DOCPROC_DATABASE_URL"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_a_word_on_why(
    command: Command, arguments: tuple[str, ...], told: str
) -> None:
    (command.place / "scans").mkdir()

    assert told in command("watch", *arguments, *QUICKLY, code=2).stderr


def test_a_folder_that_is_not_there_is_no_crash(command: Command) -> None:
    told = command("watch", "nowhere", "-s", "invoice", "-o", "out", *QUICKLY, code=1).stderr

    assert "nowhere" in told
    assert "Traceback" not in told


def test_killed_and_told_to_end_nothing_is_lost_or_doubled(command: Command) -> None:
    inbox = command.place / "scans"
    for number in range(12):
        write_pdf(inbox_file(inbox, f"{number:02}.pdf"), BILL.format(number))
    arguments = ("watch", "scans", "-s", "invoice", "-o", "out", "--settle", "0.2", "--rescan", "0.5", "--workers", "1")
    for end in (signal.SIGKILL, signal.SIGINT):
        process = command.start(*arguments)
        before = len(records(command.place / "out"))
        until(lambda: len(records(command.place / "out")) > before, seconds=60)  # noqa: B023 called at once
        process.send_signal(end)
        process.communicate(timeout=60)
        assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 0)

    command(*arguments, "--once")

    found = [json.loads(path.read_text())["file"] for path in (command.place / "out").rglob("*.json")]
    assert (
        sorted(found) == sorted(path.name for path in (inbox / "done").iterdir()) == [f"{n:02}.pdf" for n in range(12)]
    )


def test_metrics_tell_what_was_done_and_what_waits(command: Command) -> None:
    port = free_port()
    write_pdf(inbox_file(command.place / "scans", "a.pdf"), BILL.format(1))
    process = command.start(
        "watch", "scans", "-s", "invoice", "-o", "out", "--settle", "0.2", "--workers", "1", "--metrics-port", port
    )
    try:
        until((command.place / "scans/done/a.pdf").exists, seconds=60)
        time.sleep(0.5)
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert 'docproc_watch_files_total{state="done"} 1.0' in text
    assert "docproc_watch_place_up 1.0" in text
    assert 'docproc_watch_waiting{trouble="disk_full"} 0.0' in text
    documented = (Path(__file__).parents[3] / "docs" / "observability.md").read_text()
    named = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE docproc_watch")}
    assert named
    assert all(f"| `{name}` |" in documented for name in named)


def test_a_status_names_what_is_in_trouble(command: Command) -> None:
    (command.place / "scans").mkdir()
    command("watch", "scans", "-s", "invoice", "-o", "out", *QUICKLY)
    with closing(Database.open(f"sqlite:///{command.place / 'data' / 'docproc.db'}")) as database:
        ledger = SqlLedger(database, tenant="local", place=str(command.place / "scans"))
        version = Version(identity="1", byte_count=1, modified_ns=1)
        (entry,) = ledger.claim_new([Sighting(path="a.pdf", version=version)], owner="one", lease_s=30)
        ledger.put_off(entry, Trouble.DISK_FULL, after_s=60)

    told = json.loads(command("watch", "scans", "--status", "--json", code=3).stdout)

    assert told["troubles"] == {"disk_full": 1}
    assert told["waiting"][0]["path"] == "a.pdf"
    assert "disk_full: a.pdf" in command("watch", "scans", "--status", code=3).stdout
