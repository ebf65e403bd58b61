"""docproc-watch.toml and the command line: which rule for which file, and what is refused."""

from pathlib import Path

import pytest

from docproc.domain.errors import UsageError
from docproc.watch.config import load_watch_settings, plan, plan_bucket, tidied
from docproc.watch.outbox import OutboxInsideError

TOML = """
schema = "invoice"
outbox = "records"
metadata = { source = "scanner" }

[folders.receipts]
schema = "receipt"
reader = "layout"
metadata = { desk = "2" }

[folders."receipts/locked"]
password_file = "passwords.txt"
trigger = true
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (tmp_path / "passwords.txt").write_text("sesame\n\ntwo\n")
    return folder


def written(tmp_path: Path, text: str = TOML) -> Path:
    file = tmp_path / "docproc-watch.toml"
    file.write_text(text)
    return file


def test_the_deepest_folder_that_has_a_rule_decides(tmp_path: Path, root: Path) -> None:
    settings = load_watch_settings(written(tmp_path), root, {})
    rules = plan(root, settings, data_dir=tmp_path / "data").rules

    top, receipts = rules.of("a.pdf"), rules.of("receipts/deep/b.pdf")
    locked = rules.of("receipts/locked/c.pdf")

    assert top is not None
    assert receipts is not None
    assert locked is not None
    assert (top.schema, top.reader, top.metadata) == ("invoice", "auto", {"source": "scanner"})
    assert (receipts.schema, receipts.reader) == ("receipt", "layout")
    assert receipts.metadata == {"source": "scanner", "desk": "2"}
    assert (locked.schema, locked.passwords, locked.trigger) == ("receipt", ("sesame", "two"), True)
    assert not receipts.trigger


def test_a_password_is_in_no_text_about_a_rule(tmp_path: Path, root: Path) -> None:
    settings = load_watch_settings(written(tmp_path), root, {})
    rules = plan(root, settings, data_dir=tmp_path / "data").rules

    assert "sesame" not in repr(rules.of("receipts/locked/c.pdf"))


def test_files_that_nobody_said_anything_of_are_left_alone(tmp_path: Path, root: Path) -> None:
    text = 'outbox = "records"\n[folders.receipts]\nschema = "receipt"\n'
    settings = load_watch_settings(written(tmp_path, text), root, {})
    rules = plan(root, settings, data_dir=tmp_path / "data").rules

    assert rules.of("a.pdf") is None
    assert rules.of("receipts/a.pdf") is not None


def test_the_command_line_goes_before_the_file(tmp_path: Path, root: Path) -> None:
    settings = load_watch_settings(written(tmp_path), root, {"schema": "order", "reader": None, "settle_seconds": 2.0})

    assert settings.schema_name == "order"
    assert settings.settle_seconds == 2.0
    assert settings.outbox == tmp_path / "records"


def test_a_settings_file_in_the_watched_folder_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="lies in the watched folder"):
        load_watch_settings(written(root), root, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schema = 3", "schema"),
        ("shcema = 'x'", "shcema"),
        ("settle_seconds = -1", "settle_seconds"),
        ("a =", "read"),
        ('metadata = { box = "a\\u0000b" }', "metadata.* cannot be stored"),
        ("metadata = { since = 2026-01-01 }", "metadata.* write it as text"),
        ("folders.a.metadata = { most = inf }", "folders.a.metadata"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, root: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        load_watch_settings(written(tmp_path, text), root, {})


@pytest.mark.parametrize("outbox", ["inbox", "inbox/records", "inbox/deep/../records", "link/records", "."])
def test_an_outbox_in_the_watched_folder_is_refused_with_its_code(tmp_path: Path, root: Path, outbox: str) -> None:
    (tmp_path / "link").symlink_to(root)
    settings = load_watch_settings(None, root, {"schema": "invoice", "outbox": tmp_path / outbox})

    with pytest.raises(OutboxInsideError, match=r"^outbox_inside: the outbox .* lie in one another"):
        plan(root, settings, data_dir=tmp_path / "data")


def test_a_data_folder_in_the_watched_folder_is_refused(tmp_path: Path, root: Path) -> None:
    settings = load_watch_settings(None, root, {"schema": "invoice", "outbox": tmp_path / "out"})

    with pytest.raises(OutboxInsideError, match="data folder"):
        plan(root, settings, data_dir=root / "data")


@pytest.mark.parametrize("given", [{"schema": "invoice"}, {"outbox": Path("/nowhere/out")}])
def test_without_a_schema_or_an_outbox_there_is_nothing_to_watch_for(root: Path, given: dict[str, object]) -> None:
    settings = load_watch_settings(None, root, given)

    with pytest.raises(UsageError, match="docproc watch needs"):
        plan(root, settings, data_dir=root.parent / "data")


BUCKET = "s3://scans/inbox/?endpoint=http://127.0.0.1:9000"


def test_a_bucket_is_known_by_its_url_without_the_options(tmp_path: Path) -> None:
    given = {"schema": "invoice", "outbox": tmp_path / "records"}
    planned = plan_bucket(BUCKET, load_watch_settings(None, None, given))
    assert (planned.root, planned.bucket, planned.place) == (None, BUCKET, "s3://scans/inbox")
    named = plan_bucket(BUCKET, load_watch_settings(None, None, {**given, "place": "scans"}))
    assert named.place == "scans"


@pytest.mark.parametrize("done", ["/done", "../done", ""])
def test_done_is_a_prefix_below_the_watched_one(tmp_path: Path, done: str) -> None:
    given = {"schema": "invoice", "outbox": tmp_path / "records", "done": Path(done)}
    with pytest.raises(UsageError, match="`done` is a prefix below"):
        plan_bucket(BUCKET, load_watch_settings(None, None, given))


def test_a_bucket_needs_an_outbox_too() -> None:
    with pytest.raises(UsageError, match="outbox"):
        plan_bucket(BUCKET, load_watch_settings(None, None, {"schema": "invoice"}))


def test_a_place_has_one_name_and_a_link_keeps_its_own(root: Path, tmp_path: Path) -> None:
    (tmp_path / "far/away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far/away")
    (tmp_path / "far/inbox").mkdir()

    assert tidied(root / ".." / root.name) == tidied(root / "") == root
    assert tidied(tmp_path / "link") == tmp_path / "link"
    assert tidied(tmp_path / "link/../inbox") == tmp_path / "far/inbox", "as the system understands it"
    assert tidied(tmp_path / "nothing/../here") == tmp_path / "here"


def test_a_name_that_no_index_takes_is_refused(root: Path, tmp_path: Path) -> None:
    settings = load_watch_settings(None, root, {"schema": "invoice", "outbox": tmp_path / "out", "place": "x" * 501})
    with pytest.raises(UsageError, match="500 bytes"):
        plan(root, settings, data_dir=tmp_path / "data")
