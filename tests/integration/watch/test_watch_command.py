"""`docproc watch` as an operator uses it: whoever reads, what is refused, how it stands. More in tests/slow."""

import json
import re
import shutil
import signal
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.containers import attach, mail, pdf, zipped
from doubles.face import alone
from doubles.postgres import empty_database
from doubles.watch_page import BILL, PAGE, QUICKLY, blocks, inbox_file, records

from docproc.services.key_records import Scope
from docproc.services.ledger_records import EntryState, Sighting, Trouble, Version, Where
from docproc.storage.database import Database
from docproc.storage.ledger import SqlLedger
from docproc.watch.config import WatchSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


def texts(folder: Path) -> dict[str, str]:
    """Records by the name of the file, letter for letter but for what depends on when and where they were read."""
    found = (path.read_text() for path in folder.rglob("*.json"))
    own = re.compile(r'^  "(job_id|document_id|seconds)": .*$', re.MULTILINE)
    return {json.loads(text)["file"]: own.sub("", text) for text in found}


def test_every_setting_state_and_trouble_is_on_the_page() -> None:
    for name in WatchSettings.model_fields:
        key = {"schema_name": "schema", "folders": 'folders."NAME"'}.get(name, name)
        assert f"`{key}`" in PAGE, key
    for word in (*EntryState, *Trouble):
        assert f"| `{word}` |" in PAGE
    for word in Where:
        assert f"`{word}`" in PAGE
    tomllib.loads(blocks("An SFTP drop", "toml")[0])


def test_embedded_with_a_service_and_with_a_server_the_same_drop_gives_the_same_records(
    command: Command, postgres_url: str, migrated_postgres: str, valkey_url: str
) -> None:
    inboxes = {name: command.place / name for name in ("embedded", "served", "asked")}
    whole = {"in/a.pdf": pdf(BILL.format("Z-1")), "b.pdf": pdf(BILL.format("Z-2"))}
    scans = zipped({**whole, "c.pdf": b"%PDF-1.7 broken"})
    for inbox in inboxes.values():
        inbox_file(inbox, "scans.zip").write_bytes(scans)
        (inbox / "scans.zip.meta.json").write_text('{"external_id": "Z", "metadata": {"box": "ü 7"}}')
    for number in range(2):
        content = write_pdf(command.place / "one.pdf", BILL.format(number)).read_bytes()
        for inbox in inboxes.values():
            inbox_file(inbox, f"sub/{number}.pdf").write_bytes(content)
    words = command.place / "words.txt"
    words.write_text("opensesame")
    locked = write_pdf(command.place / "locked.pdf", BILL.format("L"), password=words.read_text())
    for inbox in inboxes.values():
        inbox_file(inbox, "broken.pdf").write_bytes(b"%PDF-1.7 broken")
        shutil.copy(locked, inbox / "locked.pdf")
    reading = ("-s", "invoice", "--password-file", words)
    command("watch", inboxes["embedded"], *reading, "-o", "out-embedded", *QUICKLY, code=3)
    with empty_database(postgres_url, template=migrated_postgres) as url:
        settings = {
            "database_url": url,
            "broker_url": valkey_url,
            "blob_url": command.place / "blobs",
            "log_level": "ERROR",
            "sealing_key": command("sealing", "key").stdout.strip(),
        }
        service = Command(place=command.place, settings=settings)
        worker = service.start("worker", "--slots", 1)
        try:
            service("watch", inboxes["served"], *reading, "-o", "out-served", "--service", *QUICKLY, code=3)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=60)
    (command.place / "server").mkdir()
    with alone(command.place / "server") as server:
        key = server.key(server.tenant(), Scope.SUBMIT, Scope.READ)
        asking = ("watch", inboxes["asked"], *reading, "-o", "out-asked", "--server", server.addresses[0])
        command(*asking, *QUICKLY, code=3, server_key=key, data_dir=command.place / "ledger")

    embedded, served, asked = (texts(command.place / f"out-{name}") for name in inboxes)
    of_scans = [f"scans.zip/{name}" for name in ("b.pdf", "c.pdf", "in/a.pdf")]
    assert sorted(embedded) == ["locked.pdf", *of_scans, "sub/0.pdf", "sub/1.pdf"]
    assert embedded == served
    assert embedded == asked
    assert '"box": "ü 7"' in asked["scans.zip/b.pdf"]
    errors = [json.loads((inbox / "failed/broken.pdf.error.json").read_text()) for inbox in inboxes.values()]
    assert len({each["code"] for each in errors}) == 1
    partly = [json.loads((inbox / "done/scans.zip.error.json").read_text()) for inbox in inboxes.values()]
    assert [[each["file"] for each in told["failures"]] for told in partly] == [["scans.zip/c.pdf"]] * 3
    assert len({told["failures"][0]["code"] for told in partly}) == 1


def test_of_a_mail_and_an_archive_that_are_read_in_part_nothing_is_left_out_in_silence(command: Command) -> None:
    good = pdf(BILL.format("M-1"))
    message = attach(mail(BILL.format("M-0")), "good.pdf", good)
    attach(message, "broken.pdf", b"%PDF-1.7 broken")
    attach(message, "empty.pdf", b"")
    inbox_file(command.place / "scans", "mail.eml").write_bytes(message.as_bytes())
    archive = zipped({"good.pdf": pdf(BILL.format("M-2")), "letter.docx": b"no document"})
    (command.place / "scans/batch.zip").write_bytes(archive)

    ended = json.loads(command("watch", "scans", "-s", "invoice", "-o", "out", "--json", *QUICKLY, code=3).stdout)

    assert (ended["ended"], ended["failed_documents"]) == ({"done": 2}, 3)
    lines = {name: each["failure"] for name, each in records(command.place / "out").items()}
    assert {name for name, failure in lines.items() if failure is None} == {
        "batch.zip/good.pdf",
        "mail.eml/attachments/good.pdf",
        "mail.eml/body.html",
    }
    assert len(lines) == 6, "and each failed document has its line"
    done = command.place / "scans/done"
    told = [json.loads((done / f"{name}.error.json").read_text())["failures"] for name in ("batch.zip", "mail.eml")]
    assert [[(each["file"], each["code"]) for each in failures] for failures in told] == [
        [("batch.zip/letter.docx", "unsupported")],
        [("mail.eml/attachments/broken.pdf", "corrupt"), ("mail.eml/attachments/empty.pdf", "empty")],
    ]


def test_an_outbox_in_the_watched_folder_is_refused_before_anything_is_touched(command: Command) -> None:
    file = write_pdf(inbox_file(command.place / "scans", "a.pdf"), "x")

    told = command("watch", "scans", "-s", "invoice", "-o", "scans/records", *QUICKLY, code=2).stderr

    assert "outbox_inside" in told
    assert list(file.parent.iterdir()) == [file]


def test_a_status_names_what_is_in_trouble(command: Command) -> None:
    (command.place / "scans").mkdir()
    command("watch", "scans", "-s", "invoice", "-o", "out", *QUICKLY)
    with closing(Database.open(f"sqlite:///{command.place / 'data' / 'docproc.db'}")) as database:
        ledger = SqlLedger(database, tenant="local", place=str(command.place / "scans"))
        version = Version(identity="1", byte_count=1, modified_ns=1)
        (entry,) = ledger.claim_new([Sighting(path="a.pdf", version=version)], owner="one", lease_s=30)
        ledger.put_off(entry, Trouble.DISK_FULL, after_s=60, where=Where.OUTBOX)

    told = json.loads(command("watch", "scans", "--status", "--json", code=3).stdout)

    assert told["troubles"] == {"disk_full": 1}
    assert (told["waiting"][0]["path"], told["waiting"][0]["where"]) == ("a.pdf", "outbox")
    assert "disk_full (outbox): a.pdf" in command("watch", "scans", "--status", code=3).stdout


def test_a_place_is_one_however_its_path_is_spelled_and_an_unknown_one_is_said_to_be(command: Command) -> None:
    write_pdf(inbox_file(command.place / "scans", "a.pdf"), BILL.format(1))
    (command.place / "sub").mkdir()
    in_place = ("-s", "invoice", "-o", "out", "--in-place", *QUICKLY)
    command("watch", "scans", *in_place)
    command("watch", "sub/../scans/.", *in_place)
    assert len(texts(command.place / "out")) == len(list((command.place / "out").rglob("*.json"))) == 1
    assert "1 done" in command("watch", "sub/../scans", "--status").stdout

    for wrong in (("scan",), ("scans", "--json", "--place", "office")):
        told = command("watch", *wrong, "--status", code=2)
        assert told.stdout == ""
        assert str(command.place / "scans") in told.stderr


def test_what_a_place_remembers_of_files_that_were_put_away_goes_with_old_jobs_but_for_the_newest(
    command: Command,
) -> None:
    for number, name in enumerate(("a.pdf", "b.pdf")):
        write_pdf(inbox_file(command.place / "scans", name), BILL.format(number))
    command("watch", "scans", "-s", "invoice", "-o", "out", *QUICKLY)
    assert "2 done" in command("watch", "scans", "--status").stdout

    assert json.loads(command("jobs", "prune", "--older-than", 0, "--json").stdout)["jobs"] == 2

    # a place of which nothing is known would be made anew on the mount point of a share that is away
    assert "1 done" in command("watch", "scans", "--status").stdout
