"""The commands that only tell: schemas, settings, doctor, and the candidates of one field."""

import json
from pathlib import Path
from typing import Any

import pytest
from doubles.command import Command, write_pdf

from docproc.settings import Settings
from schemas import names

pytestmark = pytest.mark.integration
OPENER = "opensesame"
UNREACHABLE = f"postgresql+psycopg://docproc:{OPENER}@127.0.0.1:1/docproc"
BILL = "Invoice\nInvoice number: R-4711\nInvoice date: 2025-03-17\nOur reference: X-99\nTotal amount due: EUR 119.00"


@pytest.fixture
def docproc(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


def written(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_the_schemas_that_come_with_docproc_are_listed(docproc: Command) -> None:
    text = docproc("schemas", "list").stdout
    listed = json.loads(docproc("schemas", "list", "--json").stdout)

    assert [entry["name"] for entry in listed] == [entry.label for entry in names()]
    assert all(entry["title"] and entry["description"] for entry in listed)
    assert all(entry["name"] in text for entry in listed)


def test_a_schema_shows_its_fields_kinds_and_labels(docproc: Command) -> None:
    text = docproc("schemas", "show", "invoice").stdout

    (line,) = (line for line in text.splitlines() if line.startswith("invoice_number"))
    assert line.split()[1] == "id"
    assert "Bill number" in line
    assert "line_items[].description" in text


def test_a_schema_shows_the_json_schema_that_binds_a_reader(docproc: Command) -> None:
    document = json.loads(docproc("schemas", "show", "invoice@1", "--json").stdout)

    assert document["additionalProperties"] is False
    assert "invoice_number" in document["properties"]


def test_a_schema_of_your_own_is_shown_too(docproc: Command, tmp_path: Path) -> None:
    mine = written(
        tmp_path / "mine.json", {"properties": {"note": {"type": "string", "description": "[red]odd[/red]"}}}
    )

    assert "[red]odd[/red]" in docproc("schemas", "show", mine).stdout


def test_a_usable_schema_is_checked_place_by_place(docproc: Command, tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.json", {"properties": {"a": {"type": "string", "minLength": 2, "format": "odd"}}})

    lines = docproc("schemas", "check", mine).stdout.splitlines()
    checked = json.loads(docproc("schemas", "check", mine, "--json").stdout)

    assert lines[-1].endswith("mine.json: usable")
    assert len(lines) == len(checked["places"]) + 1
    assert checked["usable"] is True
    assert {place["pointer"]: place["verdict"] for place in checked["places"]}["/properties/a/format"] == "ignored"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"properties": {"a": {"$ref": "#/$defs/gone"}}}', "/properties/a/$ref"),
        ('{"a":\n}', "line 2"),
        ("[]", "object"),
        ("", "line 1"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_its_place(
    docproc: Command, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "mine.json").write_text(text)

    done = docproc("schemas", "check", "mine.json", code=2)

    assert said in done.stdout
    assert "mine.json: refused" in done.stdout


def test_a_schema_that_is_no_text_is_an_error_of_one_line(docproc: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b"\xff\xfe\x00")

    done = docproc("schemas", "check", "mine.json", code=2)

    assert len(done.stderr.splitlines()) == 1
    assert "mine.json" in done.stderr


def test_every_setting_is_shown_with_where_it_comes_from(docproc: Command, tmp_path: Path) -> None:
    (tmp_path / "docproc.toml").write_text("max_pages = 12\n")

    shown = {row["name"]: row for row in json.loads(docproc("settings", "show", "--json", workers=3).stdout)}

    assert list(shown) == list(Settings.model_fields)
    assert (shown["workers"]["value"], shown["workers"]["source"]) == ("3", "DOCPROC_WORKERS")
    assert shown["max_pages"]["value"] == "12"
    assert shown["max_pages"]["source"].endswith("docproc.toml")
    assert shown["max_bytes"]["source"] == "default"
    assert all(row["help"] for row in shown.values())


@pytest.mark.parametrize(
    "command", [["settings", "show"], ["settings", "show", "--json"], ["doctor"], ["jobs", "list"]]
)
def test_a_secret_is_shown_nowhere(docproc: Command, command: list[str]) -> None:
    done = docproc(*command, code=0 if command[0] == "settings" else 1, database_url=UNREACHABLE)

    assert OPENER not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [("wrkers = 3\n", "wrkers"), ('workers = "many"\n', "workers"), ("workers =\n", "docproc.toml")],
)
def test_a_wrong_settings_file_is_an_error_of_one_line(docproc: Command, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "docproc.toml").write_text(text)

    done = docproc("settings", "show", code=2)

    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def findings(output: str) -> dict[str, dict[str, Any]]:
    return {finding["what"]: finding for finding in json.loads(output)}


def test_the_doctor_finds_every_part_here(docproc: Command) -> None:
    found = findings(docproc("doctor", "--json").stdout)

    assert {"python", "pymupdf", "rapidocr", "reader einvoice", "reader layout", "data folder", "database"} <= set(
        found
    )
    assert all(finding["good"] for what, finding in found.items() if what != "psycopg")
    assert all(set(finding) == {"what", "good", "detail", "advice"} for finding in found.values())
    assert found["database"]["detail"].endswith(": new")


def test_the_doctor_says_what_to_do_about_a_data_folder_that_cannot_be(docproc: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    found = findings(docproc("doctor", "--json", code=1, data_dir=tmp_path / "file" / "data").stdout)

    assert not found["data folder"]["good"]
    assert "DOCPROC_DATA_DIR" in found["data folder"]["advice"]
    assert found["pymupdf"]["good"]


def test_the_doctor_says_what_to_do_about_a_database_that_does_not_answer(docproc: Command) -> None:
    found = findings(docproc("doctor", "--json", code=1, database_url=UNREACHABLE).stdout)

    assert not found["database"]["good"]
    assert "DOCPROC_DATABASE_URL" in found["database"]["advice"]


def test_the_candidates_of_a_field_are_shown_with_their_scores_and_no_job_is_made(
    docproc: Command, tmp_path: Path
) -> None:
    write_pdf(tmp_path / "bill.pdf", BILL)

    text = docproc("extract", "bill.pdf", "--schema", "invoice", "--explain", "invoice_number").stdout

    (chosen,) = (line for line in text.splitlines() if line.lstrip().startswith("*"))
    assert "R-4711" in chosen
    assert "X-99" in text
    assert not (tmp_path / "data").exists()


def test_a_field_that_the_schema_has_not_is_named_with_those_it_has(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "bill.pdf", BILL)

    done = docproc("extract", "bill.pdf", "--schema", "invoice", "--explain", "colour", code=2)

    assert "colour" in done.stderr
    assert "total_gross" in done.stderr


def test_a_file_without_a_candidate_says_so(docproc: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "blank.pdf", "")

    done = docproc("extract", "blank.pdf", "--schema", "invoice", "--explain", "invoice_number")

    assert "blank.pdf: no candidate" in done.stdout
