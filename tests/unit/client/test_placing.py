"""What is fetched becomes files: called as asked, whole or not at all, and never anywhere else."""

import zipfile

import pytest

from docproc.client.placing import beside, format_of, move_together, place
from docproc.domain.errors import ConflictError, StorageError, UsageError
from docproc.domain.file_format import FileFormat


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("a.jsonl", FileFormat.JSONL),
        ("A.CSV", FileFormat.CSV),
        ("x.y.xlsx", FileFormat.XLSX),
        ("report.html", FileFormat.HTML),
        ("records/", FileFormat.JSON),
        ("records", FileFormat.JSON),
        ("v1.2/", FileFormat.JSON),
    ],
)
def test_the_name_tells_the_format(target, expected):
    assert format_of(target) is expected


@pytest.mark.parametrize("target", ["a.json", "a.parquet", "a.csv.zip"])
def test_another_ending_is_refused(target):
    with pytest.raises(UsageError, match="an export is"):
        format_of(target)


def placed(target, members, *, file_format, overwrite=False):
    with beside(target) as scratch:
        fetched = scratch / "fetched"
        with zipfile.ZipFile(fetched, "w") as archive:
            for name, text in members:
                archive.writestr(name, text)
        place(fetched, target, file_format=file_format, overwrite=overwrite)


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


TABLES = [("records.csv", "one"), ("records.line_items.csv", "two")]


def test_tables_lie_beside_each_other_under_the_name_asked_for(tmp_path):
    placed(tmp_path / "march" / "Bills.CSV", TABLES, file_format=FileFormat.CSV)
    assert texts(tmp_path / "march") == {"Bills.CSV": "one", "Bills.line_items.CSV": "two"}


def test_nothing_is_replaced_unless_asked(tmp_path):
    (tmp_path / "bills.line_items.csv").write_text("mine")
    with pytest.raises(ConflictError, match="exists"):
        placed(tmp_path / "bills.csv", TABLES, file_format=FileFormat.CSV)
    assert texts(tmp_path) == {"bills.line_items.csv": "mine"}
    placed(tmp_path / "bills.csv", TABLES, file_format=FileFormat.CSV, overwrite=True)
    assert texts(tmp_path) == {"bills.csv": "one", "bills.line_items.csv": "two"}


def test_a_folder_is_new_or_empty_or_filled_up_when_asked(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        placed(tmp_path / name, [("a.json", "{}")], file_format=FileFormat.JSON)
        assert texts(tmp_path / name) == {"a.json": "{}"}
    with pytest.raises(ConflictError, match="exists"):
        placed(tmp_path / "new", [("b.json", "2")], file_format=FileFormat.JSON)
    placed(tmp_path / "new", [("b.json", "2")], file_format=FileFormat.JSON, overwrite=True)
    assert texts(tmp_path / "new") == {"a.json": "{}", "b.json": "2"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_takes_the_place_of_no_file_and_a_file_of_no_folder(tmp_path, overwrite):
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "bills.line_items.csv").mkdir()
    match = "is a file|is a folder" if overwrite else "exists"
    with pytest.raises(UsageError, match=match):
        placed(tmp_path / "taken", [("a.json", "{}")], file_format=FileFormat.JSON, overwrite=overwrite)
    with pytest.raises(UsageError, match=match):
        placed(tmp_path / "bills.csv", TABLES, file_format=FileFormat.CSV, overwrite=overwrite)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bills.line_items.csv", "taken"]
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_link_to_a_folder_is_filled_and_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    placed(tmp_path / "link", [("a.json", "{}")], file_format=FileFormat.JSON)
    assert (tmp_path / "link").is_symlink()
    assert texts(tmp_path / "real") == {"a.json": "{}"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_tables_of_which_one_can_have_no_such_name_leave_nothing(tmp_path, overwrite):
    with pytest.raises(UsageError, match="cannot be written"):
        placed(tmp_path / f"{'b' * 245}.csv", TABLES, file_format=FileFormat.CSV, overwrite=overwrite)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def staged(tmp_path):
    """Two files to move, the second of which is gone."""
    (tmp_path / "one").write_text("new")
    (tmp_path / "out").mkdir()
    return {tmp_path / "one": tmp_path / "out" / "1.csv", tmp_path / "two": tmp_path / "out" / "2.csv"}


def test_when_a_later_file_cannot_be_moved_the_earlier_goes_back(tmp_path, staged):
    with pytest.raises(StorageError, match=r"2\.csv.*nothing of the export is there"):
        move_together(staged, overwrite=False)
    assert texts(tmp_path / "out") == {}


def test_what_took_the_place_of_something_before_a_later_one_failed_is_named(tmp_path, staged):
    (tmp_path / "out" / "1.csv").write_text("old")
    with pytest.raises(StorageError, match=r"2\.csv.*there are now.*1\.csv"):
        move_together(staged, overwrite=True)
    assert texts(tmp_path / "out") == {"1.csv": "new"}


@pytest.mark.parametrize(
    "name",
    ["../records.csv", "/records.csv", "..\\records.csv", "c:records.csv", "a/records.csv", "a/", "..", ".profile"],
)
@pytest.mark.parametrize("file_format", [FileFormat.CSV, FileFormat.JSON])
def test_an_archive_writes_nowhere_else(tmp_path, name, file_format):
    inside = tmp_path / "inside"
    with pytest.raises(ConflictError, match="archive"):
        placed(inside / "target.csv", [("records.csv", "one"), (name, "evil")], file_format=file_format)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside"]


@pytest.mark.parametrize("name", ["other.csv", "recordsX.csv", "records.txt", "records.csv"])
def test_an_archive_of_something_else_is_refused(tmp_path, name):
    members = [("records.csv", "one"), (name, "two")]
    if name == "records.csv":
        with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(ConflictError):
            placed(tmp_path / "target.csv", members, file_format=FileFormat.CSV)
    else:
        with pytest.raises(ConflictError, match="no file of an export"):
            placed(tmp_path / "target.csv", members, file_format=FileFormat.CSV)
    assert texts(tmp_path) == {}


def test_what_is_no_archive_is_refused(tmp_path):
    with beside(tmp_path / "a.csv") as scratch:
        (scratch / "fetched").write_text("<html>a proxy</html>")
        with pytest.raises(ConflictError, match="no archive"):
            place(scratch / "fetched", tmp_path / "a.csv", file_format=FileFormat.CSV, overwrite=False)
    assert texts(tmp_path) == {}
