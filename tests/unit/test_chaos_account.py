"""The count of a chaos run, which must find what it is there to find."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_SPEC = spec_from_file_location("chaos_account", Path(__file__).parents[2] / "bench/chaos/account.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
account = _MODULE.account


def test_the_count_finds_what_is_lost_doubled_or_left_behind(tmp_path: Path) -> None:
    _write_leavings(tmp_path)
    assert account(tmp_path).is_clean

    spoiled = {
        "lost": ("tables/pages.csv", "d1,2,read", "d1,2,leased"),
        "doubled": ("tables/readings.csv", 'd1,"[2]",', 'd1,"[1, 2]",'),
        "orphan_blobs": ("blobs.txt", "local/words/d1.1\n", "local/words/d1.1\nlocal/words/d1.2\n"),
        "missing_blobs": ("blobs.txt", "local/words/d1.1\n", ""),
        "miscounted": ("tables/jobs.csv", "j1,2,0,0,0,0", "j1,1,0,0,0,1"),
    }
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


def _write_leavings(folder: Path) -> None:
    (folder / "tables").mkdir()
    (folder / "exports").mkdir()
    paper = {
        "path": "/a.pdf",
        "sha256": "0",
        "pages": 2,
        "blank": [],
        "reader": "quick",
        "tenant": "local",
        "job": "j1",
    }
    pairs = [{"key": "page 1", "value": "x"}, {"key": "page 2", "value": "y"}]
    files = {
        "submitted.jsonl": json.dumps(paper),
        "tables/jobs.csv": "id,pages_read,pages_blank,pages_failed,pages_canceled,pages_open\nj1,2,0,0,0,0\n",
        "tables/documents.csv": (
            "id,job_id,path,state,original_key,words_key\nd1,j1,/a.pdf,succeeded,local/original/0,local/words/d1.1\n"
        ),
        "tables/pages.csv": "document_id,number,state\nd1,1,read\nd1,2,read\n",
        "tables/readings.csv": 'document_id,pages,body_key\nd1,"[1]",\nd1,"[2]",\n',
        "tables/extractions.csv": "document_id,revision,body_key,tables\nd1,1,,\n",
        "exports/j1.jsonl": json.dumps({"document_id": "d1", "record": {"pairs": pairs}}),
        "blobs.txt": "local/original/0\nlocal/words/d1.1\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
