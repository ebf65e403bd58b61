"""`docproc watch` in processes of its own: the examples of its page, kills, metrics, what is refused."""

import json
import re
import shlex
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.ports import free_port
from doubles.s3 import ENVIRONMENT
from doubles.waiting import PATIENCE_S
from doubles.watch_page import BILL, PAGE, QUICKLY, blocks, inbox_file, records
from doubles.watching import until
from doubles.watching_a_bucket import WatchedBucket

from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


def run_example(command: Command, line: str, *, code: int = 0) -> str:
    program, *words = shlex.split(line)
    assert program == "docproc"
    more = QUICKLY if "--status" not in words else ()
    return command(*words, *more, code=code).stdout


@pytest.fixture
def watched(migrated_file: Path, tmp_path: Path, s3_url: str) -> Iterator[WatchedBucket]:
    (tmp_path / "docproc.db").write_bytes(migrated_file.read_bytes())
    with closing(Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")) as database:
        yield WatchedBucket(base=tmp_path, ledger=SqlLedger(database, tenant="local", place="bucket"), url=s3_url)


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
    assert run_example(command, f"{status} --place office-scans", code=2) == "", "by that name nothing was taken yet"


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
    for number in range(40):
        write_pdf(inbox_file(inbox, f"{number:02}.pdf"), BILL.format(number))
    arguments = ("watch", "scans", "-s", "invoice", "-o", "out", "--settle", "0.2", "--rescan", "0.5", "--workers", "1")
    for end in (signal.SIGKILL, signal.SIGINT):
        process = command.start(*arguments)
        before = len(records(command.place / "out"))
        until(lambda: len(records(command.place / "out")) > before)  # noqa: B023 called at once
        process.send_signal(end)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 0)

    command(*arguments, "--once")

    found = [json.loads(path.read_text())["file"] for path in (command.place / "out").rglob("*.json")]
    assert (
        sorted(found) == sorted(path.name for path in (inbox / "done").iterdir()) == [f"{n:02}.pdf" for n in range(40)]
    )


def test_metrics_tell_what_was_done_and_what_waits(command: Command) -> None:
    port = free_port()
    write_pdf(inbox_file(command.place / "scans", "a.pdf"), BILL.format(1))
    process = command.start(
        "watch", "scans", "-s", "invoice", "-o", "out", "--settle", "0.2", "--workers", "1", "--metrics-port", port
    )
    told = [""]

    def done_is_told() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S) as answer:
            told[0] = answer.read().decode()
        return 'docproc_watch_files_total{state="done"} 1.0' in told[0]

    try:
        until((command.place / "scans/done/a.pdf").exists)
        until(done_is_told)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert "docproc_watch_place_up 1.0" in told[0]
    assert 'docproc_watch_waiting{trouble="disk_full"} 0.0' in told[0]
    documented = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()
    named = {line.split()[2] for line in told[0].splitlines() if line.startswith("# TYPE docproc_watch")}
    assert named
    assert all(f"| `{name}` |" in documented for name in named)


def test_the_example_of_a_bucket_runs_as_it_is_written(watched: WatchedBucket, tmp_path: Path) -> None:
    watched.put("2025/bill.pdf", write_pdf(tmp_path / "bill.pdf", BILL.format(1)).read_bytes())
    (line,) = re.findall(r"docproc watch .s3://.*", PAGE)
    _, *words = shlex.split(line)
    words[1] = watched.url
    command = Command(place=tmp_path, environment=ENVIRONMENT)

    command(*words, "--once", "--settle", "0.1", "--workers", "1")

    assert watched.lying() == ["done/2025/bill.pdf"]
    assert len(list((tmp_path / "records" / "2025").glob("bill*.json"))) == 1
    assert '"states": {"done": 1}' in command(*words, "--status", "--json").stdout
