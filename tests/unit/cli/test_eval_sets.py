"""Truth and predictions as files: what is read, and how a wrong file is told."""

import json
from pathlib import Path

import pytest

from docproc.cli.eval_sets import is_admitted, load_predictions, load_truth, named
from docproc.domain.errors import UsageError
from docproc.evaluation.given import GivenValue
from schemas import load_schema

TRUTH = {"file": "a.pdf", "fields": {"answer": "7"}, "question": "How many?"}


def write(path: Path, *objects: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, objects)))
    return path


def test_a_set_has_truth_documents_and_schema(tmp_path: Path) -> None:
    write(tmp_path / "truth" / "a.pdf.json", TRUTH)
    write(tmp_path / "schema.json", {"properties": {"answer": {"x-kind": "relaxed"}, "note": {}}})
    found = load_truth(tmp_path, docs=None)
    assert [(truth.file, truth.question) for truth in found.truths] == [("a.pdf", "How many?")]
    assert found.docs == tmp_path / "docs"
    assert found.schema == tmp_path / "schema.json"
    assert found.relaxed == {"answer"}
    assert load_truth(tmp_path / "truth", docs=None) == found


def test_truth_may_be_lines_of_one_file(tmp_path: Path) -> None:
    found = load_truth(write(tmp_path / "truth.jsonl", TRUTH, {**TRUTH, "file": "b.pdf"}), docs=tmp_path / "scans")
    assert [truth.file for truth in found.truths] == ["a.pdf", "b.pdf"]
    assert (found.docs, found.schema, found.relaxed) == (tmp_path / "scans", None, frozenset())


@pytest.mark.parametrize("wrong", [[], {"file": "a.pdf"}, {"fields": {}}, {"file": 3, "fields": {}}])
def test_a_file_that_is_no_truth_is_named_but_not_quoted(tmp_path: Path, wrong: object) -> None:
    write(tmp_path / "a.json", wrong)
    with pytest.raises(UsageError, match=r"a\.json"):
        load_truth(tmp_path, docs=None)


def test_no_truth_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no truth file"):
        load_truth(tmp_path, docs=None)
    with pytest.raises(UsageError, match="no such file"):
        load_truth(tmp_path / "nowhere", docs=None)


def test_predictions_are_contract_lines_or_bare_fields(tmp_path: Path) -> None:
    contract = {
        "file": "box/a.pdf",
        "record": {"answer": "7"},
        "fields": {"answer": {"value": "7", "confidence": 0.5, "evidence": [{"page": 2}]}},
        "pages": [{"number": 1}, {"number": 2}],
        "seconds": 1.5,
        "failure": None,
    }
    failed = {"file": "c.pdf", "record": None, "fields": None, "failure": {"code": "corrupt"}}
    lines = write(tmp_path / "p.jsonl", contract, {"file": "b.pdf", "fields": {"answer": "8"}}, failed)
    found = load_predictions(lines, load_schema("qa"))
    assert found["a.pdf"].fields == {"answer": GivenValue(value="7", confidence=0.5, grounded=True, page=2)}
    assert (found["a.pdf"].page_count, found["a.pdf"].seconds, found["a.pdf"].valid) == (2, 1.5, True)
    assert found["b.pdf"].fields == {"answer": GivenValue(value="8")}
    assert found["b.pdf"].valid is None
    assert (found["c.pdf"].failure, found["c.pdf"].valid) == ("corrupt", False)


def test_documents_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    lines = [{"file": f"{folder}/a.pdf", "fields": {"answer": folder}} for folder in ("north", "south")]
    found = load_predictions(write(tmp_path / "p.jsonl", *lines), load_schema("qa"))
    assert [named(found, f"{folder}/a.pdf") for folder in ("north", "south")] == [
        found["north/a.pdf"],
        found["south/a.pdf"],
    ]
    assert named(found, "b.pdf") is None


def test_a_document_is_found_by_its_name_whatever_folder_it_was_in(tmp_path: Path) -> None:
    found = load_predictions(write(tmp_path / "p.jsonl", {"file": "box/a.pdf", "fields": {}}), load_schema("qa"))
    assert named(found, "a.pdf") is named(found, "other/a.pdf") is found["box/a.pdf"]


def test_a_line_that_is_no_json_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"file": "a"}\nnonsense\n')
    with pytest.raises(UsageError, match="line 2"):
        load_predictions(tmp_path / "p.jsonl", load_schema("qa"))


def test_a_record_is_admitted_when_it_has_the_shape_of_the_schema() -> None:
    schema = load_schema("qa")
    assert is_admitted({"answer": None}, schema)
    assert not is_admitted({"answer": ["7"]}, schema)
    assert not is_admitted(None, schema)
