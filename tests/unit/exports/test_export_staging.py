"""Files appear whole or not at all."""

from contextlib import suppress

import pytest
from exports_factory import INVOICE, document_id, extraction

from docproc.domain.errors import ConflictError, UsageError
from docproc.exports.opening import ExportFormat, export_format, open_writer

TARGETS = ["out.jsonl", "out.csv", "out.xlsx", "out/"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_nothing_behind(tmp_path, target, error):
    seen = []
    with suppress(error), open_writer(f"{tmp_path}/{target}", INVOICE) as writer:
        writer.write(extraction())
        seen = names(tmp_path)
        raise error
    assert [name.startswith(".out") and name.endswith(".tmp") for name in seen] == [True]
    assert names(tmp_path) == []


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_has_the_final_name_before_the_end(tmp_path, target):
    final = tmp_path / target.rstrip("/")
    with open_writer(f"{tmp_path}/{target}", INVOICE) as writer:
        writer.write(extraction())
        assert not final.exists()
    assert final.exists()
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


@pytest.mark.parametrize("target", ["out.jsonl", "out.csv", "out.xlsx"])
def test_an_existing_file_is_refused_before_anything_is_written(tmp_path, target):
    (tmp_path / target).write_text("precious")
    with pytest.raises(ConflictError, match="--overwrite"):
        open_writer(tmp_path / target, INVOICE)
    assert (tmp_path / target).read_text() == "precious"


def test_an_existing_table_beside_the_csv_is_refused_too(tmp_path):
    (tmp_path / "out.line_items.csv").write_text("precious")
    with pytest.raises(ConflictError, match="line_items"):
        open_writer(tmp_path / "out.csv", INVOICE)


@pytest.mark.parametrize("target", ["out.jsonl", "out.csv", "out.xlsx"])
def test_an_existing_file_survives_an_error_and_is_replaced_at_the_end(tmp_path, target):
    (tmp_path / target).write_text("precious")
    with pytest.raises(RuntimeError), open_writer(tmp_path / target, INVOICE, overwrite=True):
        raise RuntimeError
    assert (tmp_path / target).read_text() == "precious"
    with open_writer(tmp_path / target, INVOICE, overwrite=True):
        pass
    assert (tmp_path / target).read_bytes() != b"precious"


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(ConflictError), open_writer(tmp_path / "out.jsonl", INVOICE):
        (tmp_path / "out.jsonl").write_text("precious")
    assert names(tmp_path) == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "precious"


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    (tmp_path / "out").mkdir()
    with open_writer(tmp_path / "out", INVOICE) as writer:
        writer.write(extraction())
    with pytest.raises(ConflictError):
        open_writer(tmp_path / "out", INVOICE)


def test_overwriting_a_folder_leaves_files_of_other_names_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with open_writer(tmp_path / "out", INVOICE, overwrite=True) as writer:
        writer.write(extraction(1))
    assert names(tmp_path / "out") == [f"in-invoice-1.pdf-{document_id(1)}.json", "notes.txt"]


def test_missing_folders_on_the_way_are_made(tmp_path):
    with open_writer(tmp_path / "a" / "b" / "out.jsonl", INVOICE):
        pass
    assert names(tmp_path / "a" / "b") == ["out.jsonl"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("a.jsonl", ExportFormat.JSONL),
        ("A.CSV", ExportFormat.CSV),
        ("x.y.xlsx", ExportFormat.XLSX),
        ("records/", ExportFormat.FOLDER),
        ("records", ExportFormat.FOLDER),
        ("v1.2/", ExportFormat.FOLDER),
    ],
)
def test_the_name_of_the_target_tells_the_format(target, expected):
    assert export_format(target) is expected


def test_an_unknown_suffix_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"\.jsonl, \.csv, \.xlsx"):
        export_format("out.parquet")


def test_a_folder_of_many_files_appears_whole(tmp_path):
    with open_writer(f"{tmp_path}/out/", INVOICE) as writer:
        for number in range(1, 80):
            writer.write(extraction(number))
    assert len(names(tmp_path / "out")) == 79
    assert names(tmp_path) == ["out"]
