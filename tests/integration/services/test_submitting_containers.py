"""Containers in a submission: all their documents or none, once, also when it is interrupted; for all stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from doubles.containers import pdf, zipped
from doubles.jobs import Workplace

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import UnreadableError
from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.unpack import ChildContainers
from docproc.services.collect import collect
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.records import Document, Job
from docproc.services.retry import retry
from docproc.services.show import documents_of
from docproc.services.submit import SubmittedFile, continue_submission, submit
from docproc.services.unpack import Unpacker

pytestmark = pytest.mark.integration


def accepted(path: Path):  # type: ignore[no-untyped-def]
    return accept(path, Limits())


@pytest.fixture(scope="module")
def unpacker() -> Iterator[Unpacker]:
    with ChildPool(size=1) as pool:
        yield Unpacker(containers=ChildContainers(pool), limits=Limits())


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> list[SubmittedFile]:
    """A document, an archive of three with one that is not read, a broken archive, a document."""
    archive = zipped({"x/one.pdf": pdf("one"), "note.txt": b"hello", "two.pdf": pdf("two")})
    contents = {"a.pdf": pdf("a"), "b.zip": archive, "c.zip": archive[:-40], "d.pdf": pdf("d")}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [SubmittedFile(path=tmp_path / name, name=name, external_id=f"E-{name}") for name in contents]


NAMES = ["a.pdf", "b.zip/x/one.pdf", "b.zip/note.txt", "b.zip/two.pdf", "c.zip", "d.pdf"]


def found(place: Workplace, job: Job) -> list[Document]:
    return list(documents_of(place.stores, job.id))


def test_the_documents_of_a_container_stand_in_its_place(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker
) -> None:
    job = submit(place.stores, place.new_job(), files, accept=accepted, unpacker=unpacker)
    documents = found(place, job)

    assert [document.file for document in documents] == NAMES
    assert [document.external_id for document in documents[1:4]] == ["E-b.zip"] * 3
    codes = {document.file: document.failure.code for document in documents if document.failure}
    assert codes == {"b.zip/note.txt": "unsupported", "c.zip": "corrupt"}
    one = documents[1].original
    assert one.container is not None
    assert (one.container.file, one.container.member) == ("b.zip", "x/one.pdf")
    assert one.blob_key is not None
    assert place.stores.blobs.size(one.blob_key) == one.byte_count
    assert documents[0].original.blob_key is None, "files are pointed at, unless they are to be kept"


def test_the_line_of_a_document_says_what_it_came_in(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker
) -> None:
    job = submit(place.stores, place.new_job(), files[1:2], accept=accepted, unpacker=unpacker)
    lines = [item.extraction for item in collect(place.stores, job.id)]
    (line,) = [line for line in lines if line.file == "b.zip/note.txt"]
    assert line.document.container is not None
    assert line.document.container.member == "note.txt"
    assert len(line.document.container.sha256) == 64


def test_without_an_unpacker_a_container_is_a_failed_document(place: Workplace, files: list[SubmittedFile]) -> None:
    job = submit(place.stores, place.new_job(), files[1:2], accept=accepted)
    (document,) = found(place, job)
    assert (document.file, document.state) == ("b.zip", DocumentState.FAILED)


def test_an_interrupted_submission_unpacks_again_without_doubles(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker
) -> None:
    new_job = place.new_job()
    place.stores.jobs.create(new_job)
    partly = place.new_job()
    first = submit(place.stores, partly, files[:2], accept=accepted, unpacker=unpacker)
    assert first.documents.total == 4

    job = continue_submission(place.stores, new_job.id, [*files[:2], *files], accept=accepted, unpacker=unpacker)
    assert [document.file for document in found(place, job)] == NAMES


def test_bytes_that_another_deletion_took_before_the_rows_were_there_are_kept_again(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _deleting_at_the_worst_moment(place.stores, monkeypatch) as gone:
        job = submit(place.stores, place.new_job(), files[1:2], accept=accepted, unpacker=unpacker)
    assert gone
    for document in found(place, job):
        if document.original.blob_key is not None:
            assert place.stores.blobs.size(document.original.blob_key) == document.original.byte_count


@contextmanager
def _deleting_at_the_worst_moment(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Originals go after they were kept, and before the rows are there."""
    gone: list[str] = []
    add = stores.jobs.add_documents

    def deleting(job_id, documents):  # type: ignore[no-untyped-def]
        if not gone:
            gone.extend(each.original.blob_key for each in documents if each.original.blob_key)
            for key in gone:
                stores.blobs.delete(key)
        return add(job_id, documents)

    with monkeypatch.context() as patch:
        patch.setattr(stores.jobs, "add_documents", deleting)
        yield gone


def test_a_refused_member_that_is_tried_again_says_what_to_do(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker
) -> None:
    job = submit(place.stores, place.new_job(), files[1:2], accept=accepted, unpacker=unpacker)
    retry(place.stores, job.id)
    claims = [place.claim(job) for _ in range(3)]
    (claim,) = [claim for claim in claims if claim.document.file == "b.zip/note.txt"]
    with pytest.raises(UnreadableError, match="submit the container again"):
        prepare(claim, claim.document, place.context(job))


def test_a_job_of_containers_alone_counts_their_documents(
    place: Workplace, files: list[SubmittedFile], unpacker: Unpacker
) -> None:
    job = submit(place.stores, place.new_job(), files[2:3], accept=accepted, unpacker=unpacker)
    assert (job.state, job.documents.total, job.documents.failed) == (JobState.FAILED, 1, 1)
