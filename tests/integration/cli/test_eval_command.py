"""`docproc eval` as a user meets it: real processes, real documents, real exit codes."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from doubles.command import Command, write_pdf
from doubles.waiting import until
from doubles.work_done import documents_done

pytestmark = pytest.mark.integration
SCHEMA = {
    "title": "bill",
    "type": "object",
    "properties": {
        "invoice_number": {"type": ["string", "null"], "x-docproc": {"kind": "id"}},
        "total_gross": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
    },
}


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(place=tmp_path)


@pytest.fixture
def bills(tmp_path: Path) -> Path:
    return write_set(tmp_path / "bills", count=3)


def write_set(folder: Path, *, count: int) -> Path:
    """The truth of the last document says another total than is printed."""
    for name in ("docs", "truth"):
        (folder / name).mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(1, count + 1):
        name = f"bill-{number}.pdf"
        write_pdf(folder / "docs" / name, f"Invoice number: R-{number:04d}\nTotal amount due: EUR {number}19.00")
        total = "1.00" if number == count else f"{number}19.00"
        truth = {"file": name, "fields": {"invoice_number": f"R-{number:04d}", "total_gross": total}}
        (folder / "truth" / f"{name}.json").write_text(json.dumps(truth))
    return folder


def figures(run: Command, *arguments: object) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run("eval", *arguments, "--json").stdout)
    return parsed


def test_a_reader_is_scored_and_leaves_no_job_behind(run: Command, bills: Path) -> None:
    found = figures(run, bills, "--reader", "layout")

    reader = found["readers"][0]
    assert reader["documents"] == 3
    assert reader["fields"]["invoice_number"]["score"] == 1.0
    assert reader["fields"]["total_gross"]["normalised"] == pytest.approx(2 / 3, abs=1e-6)
    assert reader["documents_right"] == pytest.approx(2 / 3, abs=1e-6)
    assert reader["valid_rate"] == 1.0
    assert reader["pages"] == 3
    assert reader["seconds_per_page"] > 0
    assert reader["overall_95"][0] <= reader["overall"] <= reader["overall_95"][1]
    assert found["comparison"] is None
    assert run("jobs", "list", "-q").stdout == ""


def test_the_layout_reader_differs_nowhere_from_itself(run: Command, bills: Path) -> None:
    found = figures(run, bills, "--reader", "layout", "--reader", "layout")

    assert [reader["name"] for reader in found["readers"]] == ["layout", "layout (2)"]
    comparison = found["comparison"]
    for difference in (*comparison["differences"].values(), *comparison["fields"].values()):
        assert difference == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert comparison["documents_right"] == {"only_first": 0, "only_second": 0, "p": 1.0}


def test_records_that_were_extracted_before_score_the_same(run: Command, bills: Path) -> None:
    run("extract", bills / "docs", "--schema", bills / "schema.json", "--reader", "layout", "--out", "r.jsonl")

    read, kept = (
        figures(run, bills, *source)["readers"][0] for source in (("--reader", "layout"), ("--predictions", "r.jsonl"))
    )
    job = figures(run, bills, "--job", "last")["readers"][0]
    assert read["fields"] == kept["fields"] == job["fields"]


def test_what_is_wrong_is_written_side_by_side(run: Command, bills: Path, tmp_path: Path) -> None:
    done = run("eval", bills, "--reader", "layout", "--out", "wrong.jsonl")
    assert "total_gross" in done.stdout
    assert "documents fully right" in done.stdout
    (line,) = [json.loads(text) for text in (tmp_path / "wrong.jsonl").read_text().splitlines()]
    assert (line["file"], line["field"], line["truth"]) == ("bill-3.pdf", "total_gross", "1.00")
    assert line["given"]["layout"]["given"] == "319.00"
    assert line["given"]["layout"]["page"] == 1

    run("eval", bills, "--reader", "layout", "--out", "wrong.html")
    assert "319.00" in (tmp_path / "wrong.html").read_text()
    assert "--overwrite" in run("eval", bills, "--out", "wrong.html", code=2).stderr


def test_a_price_gives_the_cost_of_a_page(run: Command, bills: Path) -> None:
    found = figures(run, bills, "--reader", "layout", "--price-per-page", "0.5")
    assert found["readers"][0]["cost_per_page"] == 0.5


def test_documents_that_are_not_there_count_as_nothing_found(run: Command, bills: Path) -> None:
    (bills / "docs" / "bill-1.pdf").unlink()
    (bills / "docs" / "bill-2.pdf").write_bytes(b"%PDF-1.4 nothing else")

    reader = figures(run, bills, "--reader", "layout")["readers"][0]
    assert (reader["missing"], reader["failed"]) == (1, 1)
    assert reader["valid_rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert reader["fields"]["invoice_number"]["recall"] == pytest.approx(1 / 3, abs=1e-6)


def test_a_question_is_asked_of_each_document_and_stands_in_its_record(run: Command, tmp_path: Path) -> None:
    folder = tmp_path / "charts"
    for name in ("docs", "truth"):
        (folder / name).mkdir(parents=True)
    write_pdf(folder / "docs" / "a.pdf", "Answer: 42")
    (folder / "truth" / "a.json").write_text(json.dumps({"file": "a.pdf", "fields": {"answer": "42"}}))
    (tmp_path / "q.jsonl").write_text(json.dumps({"file": "a.pdf", "question": "How many?"}))

    found = figures(run, folder, "--schema", "qa", "--questions", "q.jsonl", "--reader", "layout", "--keep")
    assert found["readers"][0]["documents"] == 1
    run("jobs", "export", "last", "--out", "kept.jsonl")
    kept = json.loads((tmp_path / "kept.jsonl").read_text())
    assert kept["metadata"] == {"question": "How many?"}
    assert kept["schema"] == "qa@1"


def test_extract_asks_questions_too(run: Command, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "Answer: 42")
    (tmp_path / "q.json").write_text(json.dumps({"a.pdf": "How many?"}))

    line = json.loads(run("extract", "a.pdf", "--schema", "qa", "--questions", "q.json").stdout)
    assert line["metadata"] == {"question": "How many?"}
    assert line["record"].keys() == {"answer"}
    assert "qa has one" in run("extract", "a.pdf", "--schema", "invoice", "--questions", "q.json", code=2).stderr


def test_ctrl_c_leaves_a_job_that_can_be_resumed_and_scored(run: Command, tmp_path: Path) -> None:
    many = write_set(tmp_path / "many", count=300)
    with run.start("eval", many, "--reader", "layout", "--workers", "1", "--json") as process:
        until(lambda: documents_done(tmp_path / "data"), every_s=0.005)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "docproc jobs resume" in errors

    run("jobs", "resume", "last", "--out", "rest.jsonl")
    assert figures(run, many, "--job", "last")["readers"][0]["missing"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "TRUTH"),
        (("nowhere",), "no such file"),
        (("bills", "--reader", "magic"), "magic"),
        (("bills", "--reader", "layout", "--reader", "auto", "--job", "last"), "at most two"),
        (("bills", "--questions", "bills/schema.json"), "question"),
        (("bills", "--docs", "elsewhere"), "--docs"),
        (("bills", "--schema", "receipt"), "none of the fields"),
        (("--benchmark", "mmlu"), "docvqa"),
        (("--benchmark", "docvqa"), "--answers"),
    ],
)
def test_what_cannot_be_scored_is_a_wrong_use(run: Command, bills: Path, arguments: tuple[str, ...], said: str) -> None:
    del bills
    assert said in run("eval", *arguments, code=2).stderr


def test_a_benchmark_is_scored_over_its_own_files(run: Command, tmp_path: Path) -> None:
    questions = {"data": [{"questionId": 1, "question": "?", "answers": ["1/8/93"]}]}
    (tmp_path / "val.json").write_text(json.dumps(questions))
    (tmp_path / "said.json").write_text(json.dumps([{"questionId": 1, "answer": "1/8/94"}]))
    scoring = ("eval", "--benchmark", "docvqa", "--questions", "val.json", "--answers", "said.json")

    found = json.loads(run(*scoring, "--json", "--out", "wrong.jsonl").stdout)
    # one of six characters is wrong
    assert found["score"] == pytest.approx(100 * 5 / 6)
    assert json.loads((tmp_path / "wrong.jsonl").read_text())["answer"] == "1/8/94"
    assert "83.33" in run(*scoring).stdout
    assert "ocrbench" in run("eval", "--benchmark", "list").stdout
