"""A truth folder, and what is wrong with folders that are none."""

import json
from pathlib import Path

import pytest

from docproc.domain.errors import NotFoundError
from docproc.training.truth import TruthError, read_truth


def put(folder: Path, name: str, truth: object, *, document: str | None = None) -> None:
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "truth").mkdir(exist_ok=True)
    (folder / "docs" / (document or name)).write_bytes(b"x")
    (folder / "truth" / f"{name}.json").write_text(json.dumps(truth))


def test_documents_come_in_the_order_of_names_with_their_fields(tmp_path: Path) -> None:
    put(tmp_path, "b.pdf", {"file": "b.pdf", "fields": {"total": "1"}})
    put(tmp_path, "a.pdf", {"fields": {"total": None}})
    found = read_truth(tmp_path)
    assert [(one.name, dict(one.fields)) for one in found] == [("a.pdf", {"total": None}), ("b.pdf", {"total": "1"})]
    assert found[0].path == tmp_path / "docs" / "a.pdf"


def test_the_file_that_a_truth_names_counts_more_than_its_own_name(tmp_path: Path) -> None:
    put(tmp_path, "a", {"file": "scan.tif", "fields": {}}, document="scan.tif")
    assert [one.name for one in read_truth(tmp_path)] == ["scan.tif"]


def test_a_folder_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        read_truth(tmp_path / "nowhere")


def test_a_folder_without_documents_is_told_how_to_be_laid_out(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="no folder docs/ in it"):
        read_truth(tmp_path)


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "truth").mkdir()
    with pytest.raises(TruthError, match="no truth in it"):
        read_truth(tmp_path)


@pytest.mark.parametrize(
    "truth", [[], {}, {"fields": 3}, {"file": "../a.pdf", "fields": {}}, {"file": 3, "fields": {}}]
)
def test_a_truth_of_another_form_is_refused_by_name(tmp_path: Path, truth: object) -> None:
    put(tmp_path, "a.pdf", truth)
    with pytest.raises(TruthError, match=r"a\.pdf\.json"):
        read_truth(tmp_path)


def test_a_truth_that_is_no_json_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf", {})
    (tmp_path / "truth" / "a.pdf.json").write_text("{")
    with pytest.raises(TruthError, match="cannot be read as JSON"):
        read_truth(tmp_path)


def test_a_truth_without_its_document_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf", {"fields": {}}, document="b.pdf")
    with pytest.raises(TruthError, match="there is no document"):
        read_truth(tmp_path)
