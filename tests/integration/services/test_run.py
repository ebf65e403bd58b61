"""A run on local threads when something outside a document goes wrong."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace
from doubles.stores import memory_stores

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import StorageError
from docproc.queueing.local import Pace, StopSignal, run_job
from docproc.services.resume import resume
from docproc.services.show import documents_of
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
        def read(self, window, schema):  # type: ignore[no-untyped-def]
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
    pace = Pace(lease_s=0.6, extend_every_s=0.2, look_every_s=0.05)

    class Slow(FirstWordReader):
        def read(self, window, schema):  # type: ignore[no-untyped-def]
            threading.Event().wait(1.5)
            return super().read(window, schema)

    place.reader = Slow()
    job = place.submit({"a": "1"})
    settings = {"owners": place.owners, "workers": 1, "pace": pace}
    running = threading.Thread(target=run_job, args=(place.context(job),), kwargs=settings)
    running.start()
    threading.Event().wait(1.2)
    assert place.stores.documents.claim(job.id, owner="other", lease_s=1) is None
    running.join()
    assert place.stores.jobs.get(job.id).state is JobState.SUCCEEDED
