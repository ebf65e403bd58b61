"""Values that the stores keep."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from doubles.blobs import MemoryBlobStore
from doubles.documents import accept_text, text_schema

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ChangedError, StorageError, UnreadableError
from docproc.services.blob_keys import BlobKind, document_key, original_key
from docproc.services.bodies import INLINE_BYTES, copy_body, get_body, put_body
from docproc.services.canonical import canonical
from docproc.services.job_context import SystemClock, schema_version
from docproc.services.originals import keep, look_at
from docproc.services.prepare import require_unchanged
from docproc.services.records import Body, DocumentCounts, JobOptions, PageCounts, Removed


def test_options_come_back_from_json() -> None:
    options = JobOptions(reader="layout", pages=((1, 3), (7, 7)), day_first=False, workers=2)
    assert JobOptions.from_json(options.to_json()) == options
    assert JobOptions.from_json({"pages": [[1, 3]]}).pages == ((1, 3),)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        (DocumentCounts(), JobState.QUEUED),
        (DocumentCounts(received=2), JobState.QUEUED),
        (DocumentCounts(received=1, succeeded=1), JobState.RUNNING),
        (DocumentCounts(reading=1), JobState.RUNNING),
        (DocumentCounts(succeeded=1, needs_review=1), JobState.SUCCEEDED),
        (DocumentCounts(succeeded=1, failed=1), JobState.PARTIAL),
        (DocumentCounts(failed=2), JobState.FAILED),
        (DocumentCounts(canceled=2), JobState.CANCELED),
    ],
)
def test_the_state_of_a_job_follows_from_its_documents(counts: DocumentCounts, state: JobState) -> None:
    assert counts.job_state is state
    assert counts.total == counts.done + counts.open == sum(counts.of(each) for each in DocumentState)


def test_pages_done_are_those_that_are_no_longer_open() -> None:
    assert PageCounts(total=5, read=1, blank=1, failed=1, open=2).done == 3


def test_receipts_add_up() -> None:
    assert Removed(jobs=1, rows=3, byte_count=7) + Removed(jobs=1, documents=2) == Removed(
        jobs=2, documents=2, rows=3, byte_count=7
    )


def test_one_value_has_one_spelling() -> None:
    assert (
        canonical({"b": (1, "é"), "a": None})
        == canonical({"a": None, "b": [1, "é"]})
        == '{"a":null,"b":[1,"é"]}'.encode()
    )
    assert canonical(Decimal("1.0")) == b'"1.0"'


def test_a_schema_version_changes_with_anything_a_reader_sees() -> None:
    assert schema_version(text_schema()) == schema_version(text_schema())
    assert schema_version(text_schema()).sha256 != schema_version(text_schema(description="other")).sha256


def test_short_bodies_stay_in_their_row_and_long_ones_go_to_a_blob() -> None:
    blobs = MemoryBlobStore()
    key, other = (document_key("local", BlobKind.EXTRACTION, UUID(int=1), mark) for mark in (1, 2))
    short, long = b"s" * INLINE_BYTES, b"l" * (INLINE_BYTES + 1)
    assert put_body(blobs, key, short) == Body(text=short.decode())
    assert put_body(blobs, key, long) == Body(blob_key=key)
    assert get_body(blobs, Body(text="é")) == "é".encode()
    assert get_body(blobs, Body(blob_key=key)) == long
    assert copy_body(blobs, Body(text="t"), key=other) == Body(text="t")
    assert get_body(blobs, copy_body(blobs, Body(blob_key=key), key=other)) == long
    with pytest.raises(StorageError):
        get_body(blobs, Body())


def test_a_kept_original_is_copied_once_and_only_when_it_is_the_same(tmp_path: Path) -> None:
    blobs, path = MemoryBlobStore(), tmp_path / "a"
    path.write_text("content")
    original = look_at(path, accept_text)
    kept = keep(original, tenant="local", blobs=blobs)
    assert original.sha256 is not None
    assert kept.blob_key == original_key("local", original.sha256)
    assert blobs.read(kept.blob_key) == b"content"
    path.write_text("changed")
    assert keep(original, tenant="local", blobs=blobs) == kept
    with pytest.raises(ChangedError):
        keep(original, tenant="local", blobs=MemoryBlobStore())


def test_a_file_is_unchanged_when_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("content")
    original = look_at(path, accept_text)
    require_unchanged(path, original, accept_text)
    path.touch()
    require_unchanged(path, original, accept_text)
    path.write_text("another")
    with pytest.raises(ChangedError):
        require_unchanged(path, original, accept_text)
    path.unlink()
    with pytest.raises(UnreadableError):
        require_unchanged(path, original, accept_text)
    with pytest.raises(UnreadableError):
        look_at(path, accept_text)


def test_the_clock_is_aware() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.now() >= datetime(2024, 1, 1, tzinfo=UTC)
