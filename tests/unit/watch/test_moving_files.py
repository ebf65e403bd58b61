"""Files moved so that they are whole wherever they are seen."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from docproc.domain.errors import RefusedError, StorageError, UnreadableError
from docproc.services.ledger_records import Trouble
from docproc.watch.backoff import delay_s, trouble_of
from docproc.watch.moving import fitting, move, move_to_free, write_whole
from docproc.watch.outbox import STAGED, Outbox
from docproc.watch.ports import PlaceGoneError, RecordText, SidecarError
from docproc.watch.sidecars import read_sidecar

ENTRY = UUID(int=0xABCDEF)


def test_a_taken_name_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    (tmp_path / "name").write_text("old")

    target = move_to_free(tmp_path / "new", (tmp_path / "name", tmp_path / "own"))

    assert target == tmp_path / "own"
    assert (tmp_path / "name").read_text() == "old"
    assert target.read_text() == "new"
    assert not (tmp_path / "new").exists()


def test_a_move_that_broke_off_between_its_two_names_is_ended(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    os.link(tmp_path / "new", tmp_path / "name")

    assert move_to_free(tmp_path / "new", (tmp_path / "name", tmp_path / "own")) == tmp_path / "name"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["name"]


def test_over_the_border_of_a_file_system_a_file_is_copied_whole(tmp_path: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108 memory: a file system of its own on most Linux machines
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    target = other / f"docproc-{os.getpid()}-{tmp_path.name}"
    source = tmp_path / "a.pdf"
    source.write_bytes(b"x" * 100_000)
    os.utime(source, ns=(1, 2_000_000_000))
    try:
        move(source, target)
        assert target.read_bytes() == b"x" * 100_000
        assert target.stat().st_mtime_ns == 2_000_000_000
        assert not source.exists()
    finally:
        target.unlink()


def test_a_file_that_cannot_be_written_to_its_end_is_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise OSError(errno.ENOSPC, "no space left")

    with pytest.raises(OSError, match="no space"):
        write_whole(tmp_path / "a.json", broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "extra", "suffix", "expected"),
    [
        ("a.pdf", "-1", "", "a-1.pdf"),
        ("a", "-1", "", "a-1"),
        (".pdf", "-1", "", ".pdf-1"),
        ("a.tar.gz", "-1", ".error.json", "a.tar-1.gz.error.json"),
    ],
)
def test_names_get_their_mark_before_the_suffix(name: str, extra: str, suffix: str, expected: str) -> None:
    assert fitting(name, extra, suffix=suffix) == expected


def test_a_name_that_would_be_too_long_is_cut(tmp_path: Path) -> None:
    name = fitting("ü" * 124 + ".pdf", "-12345678", suffix=".error.json")

    assert len(os.fsencode(name)) <= 255
    assert name.endswith("-12345678.pdf.error.json")
    (tmp_path / name).touch()


def test_records_that_are_staged_are_delivered_once_also_when_their_reader_is_quick(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.stage(
        ENTRY, [RecordText(name="a.json", pieces=iter(["{", "}"])), RecordText(name="b.json", pieces=iter("1"))]
    )
    assert not list(tmp_path.glob("**/[ab].json")) or all(STAGED in path.parts for path in tmp_path.glob("**/*.json"))

    outbox.publish(ENTRY, "sub/scan.pdf")
    assert (tmp_path / "sub" / "a.json").read_text() == "{}"
    (tmp_path / "sub" / "a.json").unlink()
    outbox.publish(ENTRY, "sub/scan.pdf")

    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["b.json"]


def test_a_delivery_that_broke_off_goes_on_with_what_is_left(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.stage(ENTRY, [RecordText(name=f"{name}.json", pieces=iter("1")) for name in "ab"])
    (tmp_path / STAGED / ENTRY.hex / "a.json.staged").rename(tmp_path / "a.json")

    outbox.publish(ENTRY, "scan.pdf")

    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["a.json", "b.json"]


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OSError(errno.ENOSPC, "x"), Trouble.DISK_FULL),
        (PermissionError(errno.EACCES, "x"), Trouble.NO_PERMISSION),
        (OSError(errno.EROFS, "x"), Trouble.NO_PERMISSION),
        (OSError(errno.ESTALE, "x"), Trouble.PLACE_GONE),
        (PlaceGoneError(errno.ENOENT, "x"), Trouble.PLACE_GONE),
        (OSError(errno.EIO, "x"), Trouble.IO_ERROR),
        (StorageError(), Trouble.STORE_GONE),
        (RefusedError(), Trouble.INTERNAL),
        (ValueError(), Trouble.INTERNAL),
    ],
)
def test_each_error_is_told_as_what_people_can_mend(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


def test_the_cause_of_an_error_of_our_own_is_what_counts() -> None:
    error = UnreadableError()
    error.__cause__ = PermissionError(errno.EACCES, "x")

    assert trouble_of(error) is Trouble.NO_PERMISSION


def test_what_lasts_is_tried_ever_more_seldom_but_never_given_up() -> None:
    delays = [delay_s(tries) for tries in range(40)]

    assert delays[:4] == [1.0, 2.0, 4.0, 8.0]
    assert delays == sorted(delays)
    assert delays[-1] == 300.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"external_id": 7}',
        '{"metadata": []}',
        '{"externalid": "x"}',
        '{"external_id": "x\\u0000xx"}',
        '{"external_id": "x\\ud800xx"}',
        '{"metadata": {"desk": [{"x": "x\\u0000xx"}]}}',
        '{"metadata": {"x\\u0000xx": 1}}',
        '{"metadata": {"x": 1e999}}',
        '{"metadata": {"x": [NaN]}}',
        '{"external_id": "%s"}' % ("x" * 300),
    ],
)
def test_what_describes_a_file_and_cannot_be_understood_is_refused_without_a_value(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.pdf.meta.json"
    file.write_text(text)

    with pytest.raises(SidecarError, match=r"a\.pdf\.meta\.json: .* is wrong") as caught:
        read_sidecar(file)
    assert "xxx" not in str(caught.value)


def test_what_describes_a_file_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf.meta.json"
    file.write_text('{"external_id": "A-1", "metadata": {"desk": [1, 2]}}')

    sidecar = read_sidecar(file)

    assert (sidecar.external_id, sidecar.metadata) == ("A-1", {"desk": [1, 2]})
    assert read_sidecar(tmp_path / "none").external_id is None
