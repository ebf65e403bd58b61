"""No blob without a row that speaks for it, and no row without its blob."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doubles.documents import FirstWordReader, accept_text
from doubles.jobs import Workplace

from docproc.domain.document import Accepted, DocumentState, JobState
from docproc.domain.ids import new_id
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.delete import delete
from docproc.services.ports import Stores
from docproc.services.prune import prune
from docproc.services.records import JobOptions, NewDocument
from docproc.services.show import documents_of
from docproc.services.submit import continue_submission, submit
from docproc.services.work_on import work_on

pytestmark = pytest.mark.integration


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


class LosingReader(FirstWordReader):
    """Another process takes its worker for dead while it reads its second window."""

    def __init__(self, stores: Stores) -> None:
        super().__init__()
        self._stores = stores

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        if len(self.windows) > 1:
            self._stores.documents.void(["me"])
        return replace(reading, record={**reading.record, "number": "x" * 500_000})  # too long for a row


def _keys(place: Workplace, *kinds: BlobKind) -> list[str]:
    return [key for kind in kinds for key in place.stores.blobs.keys(f"local/{kind}/")]


def test_what_a_fenced_worker_wrote_in_vain_goes_and_the_rest_stays(place: Workplace) -> None:
    place.reader = LosingReader(place.stores)
    job = place.submit({"a": "\n".join(f"page{number}" for number in range(40))})
    assert work_on(place.claim(job), place.context(job), lambda: None) is None
    assert len(_keys(place, BlobKind.WORDS)) == 1
    assert len(_keys(place, BlobKind.READING)) == 1
    place.reader = FirstWordReader()
    assert work_on(place.claim(job), place.context(job), lambda: None) is DocumentState.SUCCEEDED


def test_words_of_a_fenced_worker_go(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    claim = place.claim(job)
    place.stores.documents.void(["me"])
    assert work_on(claim, place.context(job), lambda: None) is None
    assert _keys(place, BlobKind.WORDS) == []


@dataclass
class Later:
    """A clock that runs ahead."""

    hours: float

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)

    def monotonic(self) -> float:
        return 0.0


def test_pruning_removes_old_blobs_of_nobody_and_says_so(place: Workplace) -> None:
    job = place.run(place.submit({"a": "kept"}, JobOptions(keep_originals=True)))
    document = next(documents_of(place.stores, job.id))
    orphans = [document_key("local", kind, new_id(), 1) for kind in (BlobKind.WORDS, BlobKind.TABLE)]
    orphans.append(f"local/{BlobKind.ORIGINAL}/{'0' * 64}")
    for key in orphans:
        place.stores.blobs.put(key, [b"12345"])
    early = prune(place.stores, older_than_days=365, owners=place.owners, clock=Later(23))
    assert (early.blobs, early.byte_count) == (0, 0)
    receipt = prune(place.stores, older_than_days=365, owners=place.owners, clock=Later(25))
    assert (receipt.jobs, receipt.blobs, receipt.byte_count) == (0, 3, 15)
    assert [place.stores.blobs.size(key) for key in orphans] == [None] * 3
    assert document.original.blob_key is not None
    assert document.words_key is not None
    assert place.stores.blobs.size(document.original.blob_key) == 4
    assert place.stores.blobs.size(document.words_key) is not None


def test_an_original_deleted_between_its_copy_and_its_row_is_copied_again(place: Workplace) -> None:
    options = JobOptions(keep_originals=True)
    first = place.submit({"a": "kept"}, options)
    files = place.write({"b": "kept", "z": "the last of its batch"})

    def accept(path: Path) -> Accepted:
        if path.name == "z":  # "b" is copied already, and its row comes with the batch
            delete(place.stores, first.id, owners=place.owners)
        return accept_text(path)

    job = submit(place.stores, place.new_job(options), files, accept=accept)
    (place.folder / "inbox" / "b").unlink()
    assert place.run(job).state is JobState.SUCCEEDED


def test_an_original_deleted_before_a_submission_went_on_is_copied_again(place: Workplace) -> None:
    options = JobOptions(keep_originals=True)
    files = place.write({"a": "kept"})
    job = place.submit_files(files, options)
    key = next(documents_of(place.stores, job.id)).original.blob_key
    assert key is not None
    interrupted = place.new_job(options)
    place.stores.jobs.create(interrupted)
    original = next(documents_of(place.stores, job.id)).original
    place.stores.jobs.add_documents(interrupted.id, [NewDocument(id=new_id(), file="a", original=original)])
    place.stores.blobs.delete(key)
    continue_submission(place.stores, interrupted.id, files, accept=accept_text)
    assert place.stores.blobs.size(key) == 4
