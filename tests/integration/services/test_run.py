"""A run on local threads when something outside a document goes wrong."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from doubles.blobs import MemoryBlobStore
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace
from doubles.stores import memory_stores
from doubles.waiting import until

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import BlobMissingError, CorruptError, ReaderUnavailableError, StorageError
from docproc.domain.failure import FailureCode, Phase
from docproc.queueing.local import Pace, StopSignal, run_job
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.prune import prune
from docproc.services.records import JobOptions, PageCounts
from docproc.services.resume import resume
from docproc.services.show import documents_of
from docproc.services.work_on import work_on
from docproc.storage.blobs import FolderBlobStore

pytestmark = pytest.mark.integration


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(memory_stores(), tmp_path)


class FullDisk(FolderBlobStore):
    def put(self, key: str, chunks: Iterable[bytes]) -> int:  # noqa: ARG002 the port's signature
        raise StorageError("no space left on device")


def test_a_full_disk_ends_the_run_and_blames_no_document(place: Workplace) -> None:
    job, whole = place.submit({name: name for name in "abcdef"}), place.stores
    place.stores = replace(whole, blobs=FullDisk(place.folder))
    with pytest.raises(StorageError, match="no space"):
        place.run(job, workers=3)
    assert place.stores.jobs.get(job.id).documents.failed == 0
    place.stores = whole
    job = resume(place.stores, job.id, owners=place.owners)
    assert place.run(job).state is JobState.SUCCEEDED


def test_leaving_hands_long_documents_back_at_the_next_window(place: Workplace) -> None:
    stop = StopSignal()

    class Stopping(FirstWordReader):
        def read(self, window, schema):
            stop.leave()
            return super().read(window, schema)

    reader = place.reader
    place.reader = Stopping()
    job = place.run(place.submit({"a": "\n".join(f"page{n}" for n in range(100))}), stop=stop)
    document = next(documents_of(place.stores, job.id))
    assert (document.state, document.pages.read, document.pages.open) == (DocumentState.READING, 32, 68)
    assert not place.stores.documents.owners(job.id)
    place.reader = reader
    assert place.run(job).pages.read == 100
    assert [len(window.pages) for window in reader.windows] == [32, 32, 4]


def test_two_runs_of_one_job_share_its_documents(place: Workplace) -> None:
    job = place.submit({f"{n}": f"w{n}" for n in range(30)})
    runs = [threading.Thread(target=place.run, args=(job,), kwargs={"workers": 2}) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert place.stores.jobs.get(job.id).documents.succeeded == 30
    assert len(place.reader.windows) == 30


def test_leases_are_renewed_while_a_document_takes_its_time(place: Workplace) -> None:
    pace = Pace(extend_every_s=0.1, look_every_s=0.05)

    def expires_at():
        (row,) = place.stores.documents._memory.rows[job.id]  # type: ignore[attr-defined] # the double's own
        return row.expires_at

    def is_later_than(before):
        return expires_at() > before

    class Slow(FirstWordReader):
        def read(self, window, schema):
            for _ in range(3):
                until(partial(is_later_than, expires_at()))
            return super().read(window, schema)

    place.reader = Slow()
    job = place.submit({"a": "1"})
    assert run_job(place.context(job), owners=place.owners, workers=1, pace=pace).state is JobState.SUCCEEDED


def test_a_reader_that_cannot_run_here_fails_the_document_at_once(place: Workplace) -> None:
    class Unavailable(FirstWordReader):
        def read(self, window, schema):  # noqa: ARG002
            self.windows.append(window)
            raise ReaderUnavailableError

    place.reader = Unavailable()
    job = place.run(place.submit({"a": "one\ntwo\nthree"}))
    failure = next(documents_of(place.stores, job.id)).failure
    assert failure is not None
    assert (failure.code, failure.phase) == (FailureCode.READER_UNAVAILABLE, Phase.READ)
    assert len(place.reader.windows) == 1
    assert job.pages == PageCounts(total=3, failed=3)


def test_a_document_without_pages_that_cannot_be_read_fails(place: Workplace) -> None:
    class NoXml(FirstWordReader):
        def read(self, window, schema):  # noqa: ARG002
            raise CorruptError

    place.reader = NoXml()
    job = place.run(place.submit({"empty": ""}))
    assert (job.state, job.pages.total) == (JobState.FAILED, 0)


def test_a_document_without_pages_is_read_as_one_window(place: Workplace) -> None:
    job = place.run(place.submit({"empty": ""}))
    assert [window.pages for window in place.reader.windows] == [()]
    assert job.state is JobState.SUCCEEDED


def test_what_another_document_lost_is_made_anew(place: Workplace) -> None:
    long = "\n".join(f"page{n} " + "x" * 20_000 for n in range(20))
    place.run(place.submit({"a": long}))
    for kind in ("words", "reading"):
        for key in list(place.stores.blobs.keys(f"local/{kind}/")):
            place.stores.blobs.delete(key)
    job = place.run(place.submit({"b": long}))
    assert job.state is JobState.SUCCEEDED
    assert len(place.source.opened) == 2


def test_words_that_are_lost_again_and_again_fail_their_document(place: Workplace) -> None:
    class Forgetful(MemoryBlobStore):
        def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
            if "/words/" in key:
                raise BlobMissingError
            return super().read(key, offset=offset, length=length)

    place.stores = replace(place.stores, blobs=Forgetful())
    job = place.run(place.submit({"a": "1"}))
    failure = next(documents_of(place.stores, job.id)).failure
    assert failure is not None
    assert (failure.code, len(place.source.opened)) == (FailureCode.INTERNAL, 2)


def test_a_kept_original_that_is_gone_fails_its_document(place: Workplace) -> None:
    job = place.submit({"a": "1"}, JobOptions(keep_originals=True))
    for key in list(place.stores.blobs.keys("local/original/")):
        place.stores.blobs.delete(key)
    place.run(job)
    failure = next(documents_of(place.stores, job.id)).failure
    assert failure is not None
    assert failure.code is FailureCode.UNREADABLE


def test_a_worker_whose_lease_was_taken_writes_nothing(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    late = place.claim(job, owner="late", lease_s=0.01)
    threading.Event().wait(0.05)
    place.claim(job, owner="current")
    assert work_on(late, place.context(job), lambda: None) is None
    document = next(documents_of(place.stores, job.id))
    assert (document.state, document.attempt, document.pages.total) == (DocumentState.PREPARING, 2, 0)


def test_words_of_attempts_that_died_are_cleared_away(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    dead = place.claim(job, owner="dead")
    place.stores.blobs.put(document_key("local", BlobKind.WORDS, dead.document.id, dead.attempt), [b"half"])
    place.stores.documents.void(["dead"])
    place.run(job)
    assert [key.rsplit(".", 1)[1] for key in place.stores.blobs.keys("local/words/")] == ["2"]


def test_pruning_leaves_a_job_that_is_worked_on(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    place.claim(job, owner="another-machine")
    assert prune(place.stores, older_than_days=-1, owners=place.owners, unfinished=True).jobs == 0
    assert place.stores.jobs.get(job.id).documents.total == 1
