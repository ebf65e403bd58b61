"""A file that is handed in again after a try that broke off, from wherever it lies by then: its documents once."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from doubles.containers import pdf, zipped
from doubles.jobs import Workplace

from docproc.domain.errors import StorageError
from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.unpack import ChildContainers
from docproc.services.hand_in import HandedIn, find_handed_in, hand_in
from docproc.services.ports import JobStore, Stores
from docproc.services.show import documents_of
from docproc.services.unpack import Unpacker

pytestmark = pytest.mark.integration

FILES = {
    "a.pdf": (pdf("a"), ["a.pdf"]),
    "b.zip": (zipped({"x/one.pdf": pdf("one"), "two.pdf": pdf("two")}), ["b.zip/x/one.pdf", "b.zip/two.pdf"]),
    "c.pdf": (b"no document", ["c.pdf"]),
}


class BreaksOff:
    """A store of jobs that is gone between the rows of a submission and its end."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._jobs, name)
        return found

    def mark_submitted(self, _: UUID) -> None:
        raise StorageError("gone")


@pytest.fixture(scope="module")
def unpacker() -> Iterator[Unpacker]:
    with ChildPool(size=1) as pool:
        yield Unpacker(containers=ChildContainers(pool), limits=Limits())


@pytest.mark.parametrize("name", FILES)
def test_from_another_path_its_documents_are_the_same(
    stores: Stores, tmp_path: Path, unpacker: Unpacker, name: str
) -> None:
    """As an object that is fetched anew, or a share that another machine mounted elsewhere."""
    content, expected = FILES[name]
    job = Workplace(stores, tmp_path).new_job()

    def try_from(folder: str, through: Stores) -> None:
        path = tmp_path / folder / "object"
        path.parent.mkdir()
        path.write_bytes(content)
        file = HandedIn(path=path, name=name, sha256=hashlib.sha256(content).hexdigest())
        hand_in(through, job, file, accept=lambda path: accept(path, Limits()), unpacker=unpacker)

    with pytest.raises(StorageError):
        try_from("first", replace(stores, jobs=BreaksOff(stores.jobs)))  # type: ignore[arg-type]
    assert not find_handed_in(stores, job.id, tenant=job.tenant)
    assert not [path for path in stores.jobs.get(job.id).inputs if Path(path).exists()], "nor does anybody else go on"
    try_from("second", stores)

    assert find_handed_in(stores, job.id, tenant=job.tenant)
    assert [document.file for document in documents_of(stores, job.id)] == expected
    assert stores.jobs.get(job.id).documents.total == len(expected)
