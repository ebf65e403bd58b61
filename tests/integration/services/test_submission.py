"""Which documents a job takes: interrupted, canceled, doubled and oddly named ones; one contract for all stores."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.documents import TextPages, accept_text
from doubles.jobs import Workplace

from docproc.domain.document import Accepted, JobState
from docproc.domain.errors import ConflictError
from docproc.domain.reading import Attachment
from docproc.exports.export_item import ExportItem
from docproc.services.cancel import cancel
from docproc.services.collect import collect
from docproc.services.ports import Stores
from docproc.services.records import Job
from docproc.services.resume import resume
from docproc.services.show import documents_of
from docproc.services.submit import BATCH, SubmittedFile, continue_submission, submit

pytestmark = pytest.mark.integration


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


def _items(place: Workplace, job: Job) -> list[ExportItem]:
    return list(collect(place.stores, job.id))


def test_an_interrupted_submission_goes_on_without_doubles(place: Workplace) -> None:
    files = place.write({f"{index}": f"text {index}" for index in range(3 * BATCH + 10)})

    def breaking() -> Iterator[SubmittedFile]:
        yield from files[: 2 * BATCH + 5]
        raise KeyboardInterrupt

    new_job = place.new_job()
    with pytest.raises(KeyboardInterrupt):
        submit(place.stores, new_job, breaking(), accept=accept_text)
    job = place.stores.jobs.get(new_job.id)
    assert (job.submitted_at, job.documents.total) == (None, 2 * BATCH)
    job = continue_submission(place.stores, job.id, files, accept=accept_text)
    assert job.submitted_at is not None
    assert [document.file for document in documents_of(place.stores, job.id)] == [file.name for file in files]
    with pytest.raises(ConflictError):
        continue_submission(place.stores, job.id, files, accept=accept_text)


def test_a_path_given_twice_is_one_document(place: Workplace) -> None:
    files = place.write({"a": "1", "b": "2"})
    job = place.submit_files([*files, files[0]])
    assert job.documents.total == 2


def test_a_job_of_nothing_is_queued_and_can_be_run(place: Workplace) -> None:
    job = place.run(place.submit({}))
    assert (job.state, job.documents.total) == (JobState.QUEUED, 0)


def test_external_ids_and_metadata_come_back(place: Workplace) -> None:
    file = place.write({"a": "1"})[0]
    job = place.submit_files([SubmittedFile(path=file.path, name="a", external_id="X-1", metadata={"k": [1]})])
    line = _items(place, place.run(job))[0].extraction
    assert (line.external_id, line.metadata) == ("X-1", {"k": [1]})


def test_a_name_that_is_not_utf_8_is_a_document_as_any_other(place: Workplace) -> None:
    inbox = place.folder / "inbox"
    inbox.mkdir()
    path = inbox / os.fsdecode(b"bad\xff.txt")
    try:
        path.write_text("alpha")
    except OSError:
        pytest.skip("this file system takes text only")
    (inbox / "bytes:50%25.txt").write_text("beta")
    place.source = TextPages(attachments=(Attachment(name=os.fsdecode(b"\xff\x00.xml"), content=b"<a/>"),))
    files = [SubmittedFile(path=each, name=each.name) for each in sorted(inbox.iterdir(), reverse=True)]
    new_job = replace(place.new_job(), inputs=(str(path),))
    job = submit(place.stores, new_job, files, accept=accept_text)
    assert job.inputs == (str(path),)
    assert place.stores.jobs.known_files(job.id, [str(path)]).keys() == {str(path)}
    assert place.run(job).state is JobState.SUCCEEDED
    assert {item.extraction.file for item in _items(place, job)} == {r"bad\xff.txt", "bytes:50%25.txt"}
    assert {Path(document.original.path) for document in documents_of(place.stores, job.id)} == set(inbox.iterdir())


def test_a_job_canceled_while_it_is_submitted_takes_no_more_files(place: Workplace) -> None:
    files = place.write({f"{index}": f"text {index}" for index in range(3 * BATCH + 10)})
    new_job = place.new_job()

    def accept(path: Path) -> Accepted:
        if path.name == str(BATCH + 5):
            cancel(place.stores, new_job.id, owners=place.owners)
        return accept_text(path)

    job = submit(place.stores, new_job, files, accept=accept)
    assert job.state is JobState.CANCELED
    assert (job.documents.total, job.documents.canceled) == (2 * BATCH, 2 * BATCH)
    assert all(document.finished_at is not None for document in documents_of(place.stores, job.id))
    assert place.run(job).documents.canceled == 2 * BATCH
    with pytest.raises(ConflictError):
        resume(place.stores, job.id, owners=place.owners)


def test_a_job_can_be_canceled_before_its_first_document(place: Workplace) -> None:
    new_job = place.new_job()
    place.stores.jobs.create(new_job)
    assert cancel(place.stores, new_job.id, owners=place.owners).state is JobState.CANCELED
    files = place.write({"a": "1"})
    job = continue_submission(place.stores, new_job.id, files, accept=accept_text)
    assert (job.state, job.documents.total) == (JobState.CANCELED, 0)
