"""Page images on their way to a reader that looks at pages."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from doubles.documents import FirstWordReader, TextPages
from doubles.jobs import Workplace

from docproc.domain.document import DocumentState
from docproc.domain.image import PageImageSpec, Resolution
from docproc.domain.page import PageState
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import SourceDocument
from docproc.services.delete import delete
from docproc.services.orphans import remove_orphans
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.records import JobOptions
from docproc.services.work_on import LeaveWork

pytestmark = pytest.mark.integration


class LookingReader(FirstWordReader):
    """Looks at every page, one at a time."""

    name = "looking"
    window_pages = 1
    image: PageImageSpec | None = Resolution(dpi=72)

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        assert dict(window.images) == {number: f"page {number}".encode() for number in window.numbers}
        return super().read(window, schema)


def _images(stores: Stores) -> Sequence[str]:
    return sorted(stores.blobs.keys("local/image/"))


def _place(stores: Stores, folder: Path) -> Workplace:
    return Workplace(stores, folder, reader=LookingReader())


def test_a_reader_sees_the_image_of_each_page_that_it_reads(stores: Stores, tmp_path: Path) -> None:
    place = _place(stores, tmp_path)
    job = place.run(place.submit({"a.txt": "one\n!blank\ntwo"}))
    assert job.documents.succeeded + job.documents.needs_review == 1
    assert [window.numbers for window in place.reader.windows] == [(1,), (3,)]
    assert place.source.drawn == [1, 3]
    assert len(_images(stores)) == 2


class RememberingPages(TextPages):
    """Remembers what it was given to open a document with when it drew."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Sequence[str]] = []

    def pngs(
        self,
        document: SourceDocument,
        spec: PageImageSpec,
        numbers: Sequence[int],
        *,
        rotations: Mapping[int, int] | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        self.given.append(document.passwords)
        yield from super().pngs(document, spec, numbers, rotations=rotations)


def test_images_of_an_encrypted_document_are_drawn_with_the_passwords_kept_with_its_job(
    stores: Stores, tmp_path: Path
) -> None:
    pages = RememberingPages()
    place = Workplace(stores, tmp_path, reader=LookingReader(), source=pages)
    job = place.submit({"a.txt": "!locked\ntwo"}, JobOptions(passwords=True))
    stores.passwords.give(job.id, ["secret"])

    assert place.run(job).documents.failed == 0
    assert (pages.drawn, pages.given) == ([1, 2], [("secret",)])


def test_documents_of_the_same_bytes_share_their_images(stores: Stores, tmp_path: Path) -> None:
    place = _place(stores, tmp_path)
    place.run(place.submit({"a.txt": "one\ntwo", "b.txt": "one\ntwo"}), workers=1)
    assert place.source.drawn == [1, 2]


def test_nothing_more_is_drawn_once_the_work_is_to_be_left(stores: Stores, tmp_path: Path) -> None:
    place = _place(stores, tmp_path)
    job = place.submit({"a.txt": "one\ntwo\nthree"})

    def checkpoint() -> None:
        if place.source.drawn:
            raise LeaveWork

    claim = place.claim(job)
    with pytest.raises(LeaveWork):
        prepare(claim, claim.document, place.context(job), checkpoint=checkpoint)
    assert place.source.drawn == [1]


def test_a_page_that_cannot_be_drawn_fails_alone(stores: Stores, tmp_path: Path) -> None:
    place = _place(stores, tmp_path)
    job = place.run(place.submit({"a.txt": "one\ntwo !undrawable\nthree"}))
    (document,) = stores.documents.page_through(job.id)
    states = [page.state for page in stores.pages.pages(document.id)]
    assert states == [PageState.READ, PageState.FAILED, PageState.READ]
    assert document.state is DocumentState.NEEDS_REVIEW


def test_an_image_that_is_gone_is_drawn_again_and_nothing_is_read_twice(stores: Stores, tmp_path: Path) -> None:
    class Thief(LookingReader):
        def read(self, window: Window, schema: ExtractionSchema) -> Reading:
            if not self.windows:
                for key in _images(stores):
                    stores.blobs.delete(key)
            return super().read(window, schema)

    place = Workplace(stores, tmp_path, reader=Thief())
    job = place.run(place.submit({"a.txt": "one\ntwo\nthree"}))
    assert job.pages.read == 3
    assert [window.numbers for window in place.reader.windows] == [(1,), (2,), (3,)]
    assert sorted(place.source.drawn) == [1, 2, 2, 3, 3]


def test_images_expire_and_go_with_their_job(stores: Stores, tmp_path: Path) -> None:
    place = _place(stores, tmp_path)
    first = place.run(place.submit({"a.txt": "one"}))
    tomorrow = first.created_at.replace(year=first.created_at.year + 1)
    assert remove_orphans(stores, tenant="local", before=tomorrow).blobs >= 1
    assert _images(stores) == []
    second = place.run(place.submit({"b.txt": "two"}))
    assert len(_images(stores)) == 1
    delete(stores, second.id, owners=place.owners)
    assert _images(stores) == []
