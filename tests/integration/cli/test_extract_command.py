"""The command line as a user meets it: real processes, real files, real exit codes."""

import csv
import json
import signal
from pathlib import Path
from typing import Any

import openpyxl
import pymupdf
import pytest
from doubles.command import Command
from doubles.waiting import PATIENCE_S, until
from doubles.work_done import documents_done

pytestmark = pytest.mark.integration
OPENER = "open sesame"
SCHEMA = {
    "title": "bill",
    "type": "object",
    "properties": {
        "invoice_number": {"type": ["string", "null"], "x-docproc": {"kind": "id"}},
        "issue_date": {"type": ["string", "null"], "format": "date"},
        "total_gross": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
    },
}


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    (tmp_path / "bill.json").write_text(json.dumps(SCHEMA))
    return tmp_path / "bill.json"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    for number in range(1, 4):
        write_bill(folder / f"bill-{number}.pdf", number)
    return folder


def write_bill(path: Path, number: int, *, password: str | None = None) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((50, 60), "Invoice", fontsize=20)
    lines = (f"Invoice number: R-{number:04d}", "Invoice date: 2025-03-17", f"Total amount due: EUR {number}19.00")
    for row, line in enumerate(lines):
        page.insert_text((50, 120 + 24 * row), line)
    options = {"encryption": pymupdf.mupdf.PDF_ENCRYPT_AES_256, "user_pw": password} if password else {}
    document.save(path, **options)


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_pipe_gets_one_contract_line_a_document(run: Command, box: Path, schema: Path) -> None:
    lines = lines_of(run("extract", box, "--schema", schema).stdout)

    assert [line["file"] for line in lines] == ["bill-1.pdf", "bill-2.pdf", "bill-3.pdf"]
    assert [line["record"]["invoice_number"] for line in lines] == ["R-0001", "R-0002", "R-0003"]
    assert [line["record"]["total_gross"] for line in lines] == ["119.00", "219.00", "319.00"]
    evidence = lines[0]["fields"]["total_gross"]["evidence"]
    assert evidence
    assert evidence[0]["page"] == 1


def test_every_format_holds_every_document(run: Command, box: Path, schema: Path, tmp_path: Path) -> None:
    for target in ("r.jsonl", "r.csv", "r.xlsx", "folder/"):
        run("extract", box, "--schema", schema, "--out", target)

    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 3
    assert len(list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))) == 3
    workbook = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert workbook.worksheets[0].max_row == 4
    assert len(list((tmp_path / "folder").glob("*.json"))) == 3


def test_an_output_that_exists_is_refused_before_any_work(
    run: Command, box: Path, schema: Path, tmp_path: Path
) -> None:
    (tmp_path / "r.jsonl").write_text("mine")

    done = run("extract", box, "--schema", schema, "--out", "r.jsonl", code=2)

    assert "--overwrite" in done.stderr
    assert (tmp_path / "r.jsonl").read_text() == "mine"
    assert run("jobs", "list", "-q").stdout == ""


def test_bad_files_are_lines_of_their_own_and_the_exit_code_is_three(run: Command, box: Path, schema: Path) -> None:
    (box / "broken.pdf").write_bytes(b"%PDF-1.4 nothing else")
    (box / "empty.pdf").write_bytes(b"")
    (box / "notes.txt").write_text("just text")
    write_bill(box / "locked.pdf", 9, password=OPENER)

    lines = {line["file"]: line for line in lines_of(run("extract", box, "--schema", schema, code=3).stdout)}

    codes = {name: line["failure"]["code"] for name, line in lines.items() if line["failure"]}
    assert codes == {
        "broken.pdf": "corrupt",
        "empty.pdf": "empty",
        "notes.txt": "unsupported",
        "locked.pdf": "password_required",
    }
    assert lines["bill-1.pdf"]["status"] in {"succeeded", "needs_review"}


def test_a_password_file_opens_what_is_locked_and_is_stored_nowhere(run: Command, schema: Path, tmp_path: Path) -> None:
    write_bill(tmp_path / "locked.pdf", 7, password=OPENER)
    (tmp_path / "passwords").write_text(f"wrong one\n{OPENER}\n")

    lines = lines_of(run("extract", "locked.pdf", "--schema", schema, "--password-file", "passwords").stdout)

    assert lines[0]["record"]["invoice_number"] == "R-0007"
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or OPENER.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["extract", "nowhere.pdf", "--schema", "invoice"], "no such file"),
        (["extract", "box"], "invoice@1"),
        (["extract", "box", "--schema", "no-such-schema"], "no-such-schema"),
        (["extract", "box", "--schema", "invoice", "--out", "r.docx"], ".xlsx"),
        (["extract", "box", "--schema", "invoice", "--pages", "3-1"], "pages '3-1'"),
        (["extract", "box", "--schema", "invoice", "--reader", "crystal-ball"], "crystal-ball"),
        (["jobs", "show", "last"], "no job"),
        (["schemas", "check", "nowhere.json"], "nowhere.json"),
    ],
)
@pytest.mark.usefixtures("box")
def test_a_wrong_request_says_what_is_wrong_and_exits_with_two(run: Command, arguments: list[str], said: str) -> None:
    done = run(*arguments, code=2)

    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_only_the_pages_asked_for_are_read(run: Command, schema: Path, tmp_path: Path) -> None:
    document = pymupdf.open()
    for number in range(1, 6):
        document.new_page().insert_text((50, 80), f"Invoice number: P-{number:04d}")
    document.save(tmp_path / "five.pdf")

    line = lines_of(run("extract", "five.pdf", "--schema", schema, "--pages", "2,4-9").stdout)[0]

    assert [page["number"] for page in line["pages"]] == [2, 4, 5]
    assert line["document"]["page_count"] == 5
    assert "pages_skipped" in [issue["code"] for issue in line["issues"]]


def test_a_job_is_listed_exported_again_and_deleted(run: Command, box: Path, schema: Path, tmp_path: Path) -> None:
    first = run("extract", box, "--schema", schema).stdout

    jobs = json.loads(run("jobs", "list", "--json").stdout)
    again = run("jobs", "export", "last").stdout
    deleted = run("jobs", "delete", jobs[0]["id"]).stdout

    assert [(job["state"], job["done"], job["total"]) for job in jobs] == [("succeeded", 3, 3)]
    assert again == first
    assert "1 jobs, 3 documents" in deleted
    assert json.loads(run("jobs", "list", "--json").stdout) == []
    assert not any(path.is_file() for path in (tmp_path / "data" / "blobs").rglob("*"))


def test_jobs_are_listed_newest_first(run: Command, box: Path, schema: Path) -> None:
    for _ in range(3):
        run("extract", box / "bill-1.pdf", "--schema", schema)

    jobs = json.loads(run("jobs", "list", "--json").stdout)

    assert run("jobs", "list", "-q").stdout.split() == [job["id"] for job in jobs]
    assert [job["created_at"] for job in jobs] == sorted((job["created_at"] for job in jobs), reverse=True)


def test_kept_originals_outlive_the_files(run: Command, box: Path, schema: Path, tmp_path: Path) -> None:
    run("extract", box, "--schema", schema, "--keep-originals")
    for path in box.iterdir():
        path.unlink()

    run("jobs", "report", "last", "--out", "report.html")

    assert "data:image/" in (tmp_path / "report.html").read_text()


def test_the_report_is_one_file_that_loads_nothing(run: Command, box: Path, schema: Path, tmp_path: Path) -> None:
    run("extract", box, "--schema", schema)
    run("jobs", "report", "last", "--out", "report.html")

    html = (tmp_path / "report.html").read_text()

    assert "R-0002" in html
    assert "http://" not in html.replace("http://www.w3.org/", "")
    assert "https://" not in html


def test_ctrl_c_finishes_what_is_in_flight_and_resume_does_the_rest(run: Command, schema: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(150):
        write_bill(folder / f"{number:03d}.pdf", number)
    with run.start("extract", folder, "--schema", schema, "--workers", 2) as process:
        until(lambda: documents_done(tmp_path / "data") > 5, every_s=0.005)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)

    stopped = json.loads(run("jobs", "list", "--json").stdout)[0]
    lines = lines_of(run("jobs", "resume", "last").stdout)

    assert process.returncode == 130
    assert "docproc jobs resume" in errors
    assert 0 < stopped["done"] < 150
    assert sorted(line["file"] for line in lines) == sorted(path.name for path in folder.iterdir())


def test_strict_asks_for_a_person_by_its_exit_code(run: Command, schema: Path, tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((50, 80), "nothing that the schema asks for")
    document.save(tmp_path / "odd.pdf")

    run("extract", "odd.pdf", "--schema", schema)
    run("extract", "odd.pdf", "--schema", schema, "--strict", code=4)


def test_help_has_an_example_for_every_command(run: Command) -> None:
    for command in (["extract"], ["inspect"], ["jobs", "list"], ["jobs", "export"], ["schemas", "check"], ["doctor"]):
        assert "Example" in run(*command, "--help").stdout, command


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(run: Command, box: Path, schema: Path) -> None:
    done = run("extract", box, "--schema", schema, "--out", "/proc/nowhere/r.jsonl", code=2)

    assert "/proc/nowhere/r.jsonl: cannot be written" in done.stderr
    assert run("jobs", "list", "-q").stdout == ""


def test_a_table_beside_a_csv_is_refused_before_any_work(run: Command, box: Path, tmp_path: Path) -> None:
    (tmp_path / "r.line_items.csv").write_text("mine")

    run("extract", box, "--schema", "invoice", "--out", "r.csv", code=2)

    assert (tmp_path / "r.line_items.csv").read_text() == "mine"


def test_an_empty_job_name_names_no_job(run: Command, box: Path, schema: Path) -> None:
    run("extract", box, "--schema", schema)

    run("jobs", "delete", "", code=2)
    run("jobs", "delete", "0", code=2)

    assert len(run("jobs", "list", "-q").stdout.split()) == 1


def test_a_link_to_nothing_is_a_failed_document_and_not_a_lost_one(run: Command, box: Path, schema: Path) -> None:
    (box / "gone.pdf").symlink_to(box / "nowhere.pdf")

    lines = {line["file"]: line for line in lines_of(run("extract", box, "--schema", schema, code=3).stdout)}

    assert lines["gone.pdf"]["failure"]["code"] == "unreadable"


def test_a_settings_file_that_is_no_toml_is_named(run: Command, tmp_path: Path) -> None:
    (tmp_path / "docproc.toml").write_text("wor[")

    assert "docproc.toml" in run("settings", "show", code=2).stderr


def test_a_name_too_long_for_any_file_is_a_usage_error(run: Command) -> None:
    assert "no such file" in run("extract", "x" * 300, "--schema", "invoice", code=2).stderr


def test_a_reader_that_has_seen_enough_is_no_crash(run: Command, box: Path, schema: Path) -> None:
    with run.start("extract", box, "--schema", schema) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "3 documents" in errors


def test_a_folder_of_documents_is_no_place_to_import_from(run: Command, schema: Path, tmp_path: Path) -> None:
    hostile = "open('PWNED', 'w').close()\n"
    for name in ("docproc/__init__.py", "typer.py", "schemas/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(hostile)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        write_bill(folder / f"{number:03d}.pdf", number)

    run("extract", folder, "--schema", schema, "--workers", "2", "--out", "r.jsonl")

    assert not (tmp_path / "PWNED").exists()
