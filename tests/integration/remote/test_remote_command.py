"""`docproc extract --reader remote` as a user starts it, against a real HTTP server."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.command import Command, write_pdf
from doubles.openai_server import OpenAiServer, openai_server, said, status

pytestmark = pytest.mark.integration

SCHEMA = {
    "title": "bill",
    "type": "object",
    "properties": {
        "invoice_number": {"type": ["string", "null"], "x-docproc": {"kind": "id"}},
        "total_gross": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
    },
}
ANSWER = json.dumps({"invoice_number": "R-77", "total_gross": "119.00"})


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with openai_server() as running:
        yield running


@pytest.fixture
def run(tmp_path: Path) -> Command:
    (tmp_path / "bill.json").write_text(json.dumps(SCHEMA))
    write_pdf(tmp_path / "a.pdf", "Invoice R-77\nTotal 119.00")
    return Command(place=tmp_path)


def test_a_server_named_on_the_command_line_reads_the_pages(server: OpenAiServer, run: Command) -> None:
    server.replies(said(ANSWER, logprob=-0.05))
    done = run("extract", "a.pdf", "--schema", "bill.json", "--reader", "remote", "--endpoint", server.url)
    line = json.loads(done.stdout)

    assert line["fields"]["total_gross"]["value"] == "119.00"
    assert line["fields"]["total_gross"]["evidence"]
    assert "| Invoice R-77" in server.asked[0]["messages"][1]["content"]
    assert line["reader"] == "remote"


def test_settings_name_the_server_and_the_key_lies_in_a_file(
    server: OpenAiServer, run: Command, tmp_path: Path
) -> None:
    server.replies(said(ANSWER))
    (tmp_path / "key").write_text("sesame\n")
    told = replace(
        run, settings={"remote_endpoints": json.dumps([server.url]), "remote_api_key_file": run.place / "key"}
    )
    told("extract", "a.pdf", "--schema", "bill.json", "--reader", "remote", "--route", "vision")

    assert server.keys == ["Bearer sesame"]
    assert [part["type"] for part in server.asked[0]["messages"][1]["content"]] == ["text", "image_url", "text"]
    shown = told("settings", "show", remote_api_key="sesame").stdout
    assert "sesame" not in shown


def test_what_was_read_once_is_not_asked_again(server: OpenAiServer, run: Command) -> None:
    server.replies(said(ANSWER))
    asked = ("extract", "a.pdf", "--schema", "bill.json", "--reader", "remote", "--endpoint", server.url)
    run(*asked)
    run(*asked)
    assert len(server.asked) == 1
    run(*asked, "--route", "vision")
    assert len(server.asked) == 2


def test_what_was_answered_in_vain_is_metered_and_shown_with_its_page(server: OpenAiServer, run: Command) -> None:
    server.replies(said("R-77? No."), said(ANSWER), said("R-77? No."))
    asked = ("extract", "a.pdf", "--schema", "bill.json", "--reader", "remote", "--endpoint", server.url)
    first = json.loads(run(*asked, "--route", "vision").stdout)
    failed = run(*asked, "--route", "text", code=3)
    second = json.loads(failed.stdout)

    assert [attempt["said"] for attempt in first["pages"][0]["attempts"]] == ["R-77? No."]
    assert second["failure"]["code"] == "invalid_answer"
    assert [attempt["said"] for attempt in second["pages"][0]["attempts"]] == ["R-77? No."] * 2
    assert "R-77" not in failed.stderr + second["failure"]["message"]
    used = json.loads(run("usage", "--by", "reader", "--json").stdout)
    assert (used["reader"], used["pages"], used["tiles"], used["prompt_tokens"]) == ("remote", 1, 2, 400)


def test_a_server_that_is_down_fails_the_document_and_says_so(server: OpenAiServer, run: Command) -> None:
    server.replies(status(500))
    done = run("extract", "a.pdf", "--schema", "bill.json", "--reader", "remote", "--endpoint", server.url, code=3)

    assert json.loads(done.stdout)["failure"]["code"] == "unreachable"


@pytest.mark.parametrize(
    ("arguments", "said_of_it"),
    [
        (["--reader", "remote"], "--endpoint"),
        (["--reader", "remote", "--endpoint", "nowhere"], "no address"),
        (["--reader", "layout", "--endpoint", "http://127.0.0.1:1"], "--reader remote"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(run: Command, arguments: list[str], said_of_it: str) -> None:
    done = run("extract", "a.pdf", "--schema", "bill.json", *arguments, code=2)

    assert said_of_it in done.stderr


def test_the_doctor_asks_the_server_for_its_models(server: OpenAiServer, run: Command) -> None:
    def remote(code: int = 0, **settings: str) -> dict[str, object]:
        findings = json.loads(replace(run, settings=settings)("doctor", "--json", code=code).stdout)
        told: dict[str, object] = next(finding for finding in findings if finding["what"] == "reader remote")
        return told

    assert remote()["good"]
    assert "tiny" in str(remote(remote_endpoints=json.dumps([server.url]))["detail"])
    assert not remote(1, remote_endpoints=json.dumps([server.url]), remote_model="huge")["good"]
    with openai_server() as gone:
        pass
    told = remote(1, remote_endpoints=json.dumps([server.url, gone.url]))
    assert (told["good"], told["advice"]) == (False, f"{gone.url}: it cannot be reached")


def test_auto_leaves_to_the_server_only_what_it_is_not_sure_of(server: OpenAiServer, run: Command) -> None:
    server.replies(said(ANSWER, logprob=-0.05))
    write_pdf(run.place / "b.pdf", "no label at all")
    done = run("extract", "a.pdf", "b.pdf", "--schema", "bill.json", "--endpoint", server.url, "--out", "-.jsonl")
    lines = [json.loads(line) for line in (run.place / "-.jsonl").read_text().splitlines()]

    assert [line["pages"][0]["reader"] for line in lines] == ["layout", "remote"]
    assert [line["pages"][0]["route"] for line in lines] == [None, "text"]
    assert len(server.asked) == 1
    assert "read by a model: 1 of 2 pages (50%): remote" in done.stderr


def test_eval_tells_the_share_of_pages_that_needed_the_model(server: OpenAiServer, run: Command) -> None:
    server.replies(said(ANSWER, logprob=-0.05))
    write_pdf(run.place / "b.pdf", "no label at all")
    truths = [{"file": f"{name}.pdf", "fields": json.loads(ANSWER)} for name in "ab"]
    (run.place / "truth.jsonl").write_text("".join(json.dumps(truth) + "\n" for truth in truths))
    told = ("--schema", "bill.json", "--docs", ".", "--endpoint", server.url, "--json")
    done = run("eval", "truth.jsonl", *told, "--reader", "auto", "--reader", "remote")

    assert [one["model_share"] for one in json.loads(done.stdout)["readers"]] == [0.5, 1.0]
