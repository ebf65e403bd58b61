"""The count of a chaos run, which must find what it is there to find."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_SPEC = spec_from_file_location("chaos_account", Path(__file__).parents[2] / "bench/chaos/account.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
account, FAULTS = _MODULE.account, _MODULE.FAULTS


def test_the_count_finds_what_is_lost_doubled_or_left_behind(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    assert account(tmp_path).is_clean

    spoiled = {
        "lost": ("tables/pages.csv", "d1,2,read,", "d1,2,leased,"),
        "doubled": ("tables/readings.csv", 'd1,"[2]",', 'd1,"[1, 2]",'),
        "undue_failures": ("tables/pages.csv", "d1,2,read,", 'd1,2,failed,"{""code"": ""internal""}"'),
        "orphan_blobs": ("blobs.txt", "local/words/d1.1\n", "local/words/d1.1\nlocal/words/d1.2\n"),
        "missing_blobs": ("blobs.txt", "local/words/d1.1\n", ""),
        "miscounted": ("tables/jobs.csv", "j1,batch-1,local,2,0,0,0,0", "j1,batch-1,local,1,0,0,0,1"),
        "bad_answers": ("answers.jsonl", '"retry_after": "5"', '"retry_after": null'),
        "misled_watchers": ("watched.jsonl", '[2, "job.succeeded"]', '[2, "job.succeeded"], [2, "job.succeeded"]'),
        "unlike_records": ("fetched/batch-1.jsonl", '"y"', '"z"'),
        "webhooks_lost": ("received.jsonl", '"id": "j1.2"', '"id": "j2.2"'),
        "webhooks_unlike": ("received.jsonl", '"signed": true', '"signed": false'),
    }
    assert tuple(spoiled) == FAULTS
    for name, (file, before, after) in spoiled.items():
        whole = (tmp_path / file).read_text()
        assert before in whole
        (tmp_path / file).write_text(whole.replace(before, after))
        assert getattr(account(tmp_path), name), name
        (tmp_path / file).write_text(whole)


def test_the_count_misses_a_row_of_the_record(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    line = json.loads((tmp_path / "exports/j1.jsonl").read_text())
    line["record"]["pairs"].pop()
    (tmp_path / "exports/j1.jsonl").write_text(json.dumps(line))

    assert len(account(tmp_path).lost) == 1


_ENDS = [("failed", "crashed", 0), ("failed", "internal", 1), ("failed", "timeout", 1), ("canceled", None, 1)]


@pytest.mark.parametrize(("table", "row"), [("documents", "d1,j1,a.pdf,succeeded,"), ("pages", "d1,2,read,")])
@pytest.mark.parametrize(("state", "code", "undue"), _ENDS)
def test_only_what_was_killed_again_and_again_may_fail(
    tmp_path: Path, table: str, row: str, state: str, code: str | None, undue: int
) -> None:
    _write_leavings(tmp_path)
    file = tmp_path / f"tables/{table}.csv"
    whole = file.read_text()
    assert row in whole
    name = row.rsplit(",", 2)[0]
    failure = f'"{{""code"": ""{code}""}}"' if code else ""
    file.write_text(whole.replace(row, f"{name},{state},{failure}"))

    counted = account(tmp_path)
    assert len(counted.undue_failures) == undue
    assert counted.to_json()["undue_failures"] == undue


def test_a_document_that_failed_before_it_had_pages_is_undue_too(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    for name in ("pages", "readings", "extractions"):
        file = tmp_path / f"tables/{name}.csv"
        file.write_text(file.read_text().splitlines()[0] + "\n")
    documents = tmp_path / "tables/documents.csv"
    failed = documents.read_text().replace("succeeded,,", 'failed,"{""code"": ""unreadable""}",')
    documents.write_text(failed)

    assert account(tmp_path).undue_failures == ["d1 a.pdf: failed unreadable"]


def test_a_job_that_was_made_twice_is_found_even_without_documents(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    with (tmp_path / "tables/jobs.csv").open("a") as file:
        file.write("j2,batch-1,local,0,0,0,0,0\n")

    assert account(tmp_path).doubled == ["batch-1: 2 jobs"]


def test_any_error_but_503_with_its_pause_is_a_bad_answer(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    for status, bad in ((200, 0), (404, 1), (409, 1), (500, 1), (502, 1), (None, 0)):
        answer = {"replica": 0, "method": "GET", "path": "/v1/jobs", "status": status, "retry_after": "5"}
        (tmp_path / "answers.jsonl").write_text(json.dumps(answer))
        assert len(account(tmp_path).bad_answers) == bad


def test_a_message_that_comes_again_is_the_same_or_it_is_told(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    first = (tmp_path / "received.jsonl").read_text().splitlines()[0]
    with (tmp_path / "received.jsonl").open("a") as file:
        file.write(first + "\n")
    counted = account(tmp_path)
    assert counted.is_clean
    assert (counted.webhooks, counted.webhooks_again) == (1, 1)

    with (tmp_path / "received.jsonl").open("a") as file:
        file.write(first.replace('"sha256": "a"', '"sha256": "b"') + "\n")
    assert account(tmp_path).webhooks_unlike == ["j1.2 job.succeeded"]


def test_a_record_that_a_client_was_not_given_is_missed(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    rows = (tmp_path / "tables/documents.csv").read_text()
    (tmp_path / "tables/documents.csv").write_text(rows + "d2,j1,b.pdf,failed,,,\n")

    assert account(tmp_path).unlike_records == ["fetched j1: 1 of 2 records"]


def _write_leavings(folder: Path) -> None:
    (folder / "tables").mkdir()
    (folder / "exports").mkdir()
    (folder / "fetched").mkdir()
    paper = {
        "path": "/a.pdf",
        "sha256": "0",
        "pages": 2,
        "blank": [],
        "reader": "quick",
        "tenant": "local",
        "job": "batch-1",
    }
    counts = "pages_read,pages_blank,pages_failed,pages_canceled,pages_open"
    answer = {"replica": 0, "method": "GET", "path": "/v1/jobs", "status": 503, "retry_after": "5"}
    watched = {"job_id": "j1", "events": [(1, "document.succeeded"), (2, "job.succeeded")]}
    told = {"tenant": "local", "id": "j1.2", "number": 2, "kind": "job.succeeded", "job_id": "j1"}
    pairs = [{"key": "page 1", "value": "x"}, {"key": "page 2", "value": "y"}]
    files = {
        "submitted.jsonl": json.dumps(paper),
        "answers.jsonl": json.dumps(answer),
        "watched.jsonl": json.dumps(watched),
        "received.jsonl": json.dumps({**told, "sha256": "a", "signed": True}) + "\n",
        "tables/jobs.csv": f"id,external_id,tenant,{counts}\nj1,batch-1,local,2,0,0,0,0\n",
        "tables/documents.csv": (
            "id,job_id,file,state,failure,original_key,words_key\n"
            "d1,j1,a.pdf,succeeded,,local/original/0,local/words/d1.1\n"
        ),
        "tables/events.csv": "job_id,number,kind\nj1,1,document.succeeded\nj1,2,job.succeeded\n",
        "tables/webhooks.csv": 'tenant,kinds\nlocal,"[""job.succeeded""]"\n',
        "tables/exports.csv": "blob_key\n",
        "tables/pages.csv": "document_id,number,state,failure\nd1,1,read,\nd1,2,read,\n",
        "tables/readings.csv": 'document_id,pages,body_key\nd1,"[1]",\nd1,"[2]",\n',
        "tables/extractions.csv": "document_id,revision,body_key,tables\nd1,1,,\n",
        "exports/j1.jsonl": json.dumps({"document_id": "d1", "record": {"pairs": pairs}}),
        "fetched/batch-1.jsonl": json.dumps({"document_id": "d1", "record": {"pairs": pairs}}),
        "blobs.txt": "local/original/0\nlocal/words/d1.1\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
