"""Jobs from submission to deletion: one contract for the stores in memory and on both databases."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from doubles.documents import FirstWordReader, TextPages, text_schema
from doubles.jobs import Workplace
from doubles.waiting import PATIENCE_S

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.extraction import ExtractionStatus, record_of
from docproc.domain.failure import FailureCode, Phase
from docproc.domain.ids import new_id
from docproc.domain.issues import IssueCode
from docproc.domain.page import PageState
from docproc.domain.reading import Attachment
from docproc.exports.export_item import ExportItem
from docproc.queueing.local import StopSignal, run_job
from docproc.services.cancel import cancel
from docproc.services.collect import collect
from docproc.services.delete import delete
from docproc.services.job_context import require_same_schema
from docproc.services.list_jobs import list_jobs
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.prune import prune
from docproc.services.records import Job, JobOptions, PageCounts
from docproc.services.resume import resume
from docproc.services.retry import retry
from docproc.services.show import documents_of, show_job

if TYPE_CHECKING:
    from docproc.services.progress import Progress

pytestmark = pytest.mark.integration


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


def _items(place: Workplace, job: Job) -> list[ExportItem]:
    return list(collect(place.stores, job.id))


def test_every_file_ends_in_exactly_one_line_in_submit_order(place: Workplace) -> None:
    texts = {"good": "alpha\nbeta", "refused": "!refused", "locked": "!locked", "blank": "!blank", "last": "omega"}
    job = place.run(place.submit(texts), workers=3)
    lines = [item.extraction for item in _items(place, job)]
    assert [line.file for line in lines] == list(texts)
    assert [line.record is not None for line in lines] == [True, False, False, True, True]
    assert job.state is JobState.PARTIAL
    assert (job.documents.total, job.documents.done, job.documents.failed) == (5, 5, 2)
    assert job.pages == PageCounts(total=4, read=3, blank=1)
    failures = [line.failure for line in lines if line.failure is not None]
    assert [(failure.code, failure.phase) for failure in failures] == [
        (FailureCode.CORRUPT, Phase.INTAKE),
        (FailureCode.PASSWORD_REQUIRED, Phase.PREPARE),
    ]
    assert show_job(place.stores, job.id).failures == {FailureCode.CORRUPT: 1, FailureCode.PASSWORD_REQUIRED: 1}


def test_a_line_carries_record_evidence_and_pages(place: Workplace) -> None:
    job = place.run(place.submit({"a": "alpha rest\nbeta"}))
    line = _items(place, job)[0].extraction
    assert line.record == {"number": "alpha", "lines": [{"text": "alpha"}, {"text": "beta"}]}
    assert [(page.number, page.state, page.words, page.grid) for page in line.pages] == [
        (1, PageState.READ, 2, (2, 3)),
        (2, PageState.READ, 1, (2, 3)),
    ]
    assert line.document.page_count == 2
    assert line.extraction_schema == "note@1"
    assert line.reader == "first_word"


def test_a_page_that_breaks_the_source_fails_alone(place: Workplace) -> None:
    job = place.run(place.submit({"a": "one\n!broken\nthree"}))
    line = _items(place, job)[0].extraction
    assert [page.state for page in line.pages] == [PageState.READ, PageState.FAILED, PageState.READ]
    assert line.status is ExtractionStatus.NEEDS_REVIEW
    assert IssueCode.PAGE_FAILED in {issue.code for issue in line.issues}
    assert job.pages == PageCounts(total=3, read=2, failed=1)


@pytest.mark.parametrize("bad", ["!unreadable", "!unreadable without a number"])
def test_a_page_that_no_reader_can_read_fails_alone(place: Workplace, bad: str) -> None:
    job = place.run(place.submit({"a": f"one\ntwo\n{bad}\nfour\nfive"}))
    line = _items(place, job)[0].extraction
    assert [page.number for page in line.pages if page.state is PageState.FAILED] == [3]
    assert line.record is not None
    assert sorted(row["text"] for row in line.record["lines"]) == ["five", "four", "one", "two"]
    assert job.pages == PageCounts(total=5, read=4, failed=1)


def test_a_document_of_which_nothing_can_be_read_fails_with_its_page(place: Workplace) -> None:
    job = place.run(place.submit({"broken": "!broken", "unreadable": "!unreadable\n!unreadable"}))
    assert job.state is JobState.FAILED
    failures = [item.extraction.failure for item in _items(place, job)]
    assert [(failure.phase, failure.page) for failure in failures if failure is not None] == [
        (Phase.PREPARE, 1),
        (Phase.READ, 1),
    ]
    assert job.pages == PageCounts(total=3, failed=3)


def test_a_reader_with_a_bug_fails_its_document_and_not_the_job(place: Workplace) -> None:
    class Buggy(FirstWordReader):
        def read(self, window, schema):  # noqa: ARG002
            raise KeyError("a value that nobody may see")

    place.reader = Buggy()
    job = place.run(place.submit({"a": "1"}))
    failure = _items(place, job)[0].extraction.failure
    assert failure is not None
    assert (failure.code, failure.phase, failure.retryable) == (FailureCode.INTERNAL, Phase.READ, True)
    assert "KeyError" in failure.message
    assert "nobody may see" not in failure.message


def test_long_documents_are_read_in_windows_and_attachments_go_with_the_first(place: Workplace) -> None:
    place.source = TextPages(attachments=(Attachment(name="a.xml", content=b"<a>\n</a>"),))
    job = place.run(place.submit({"a": "\n".join(f"page{number}" for number in range(1, 71))}))
    windows = place.reader.windows
    assert [len(window.pages) for window in windows] == [32, 32, 6]
    assert [window.attachments for window in windows] == [(Attachment(name="a.xml", content=b"<a>\n</a>"),), (), ()]
    assert [window.page_count for window in windows] == [70, 70, 70]
    record = _items(place, job)[0].extraction.record
    assert record is not None
    assert len(record["lines"]) == 70


def test_a_complete_reading_speaks_for_all_pages(place: Workplace) -> None:
    place.reader = FirstWordReader(complete=True)
    job = place.run(place.submit({"a": "\n".join(f"page{number}" for number in range(1, 71))}))
    assert len(place.reader.windows) == 1
    assert job.pages == PageCounts(total=70, read=70)


def test_a_long_table_does_not_travel_in_its_extraction(place: Workplace) -> None:
    pages = 1100
    job = place.run(place.submit({"a": "\n".join(f"row{number}" for number in range(pages))}))
    item = _items(place, job)[0]
    assert item.extraction.record is not None
    assert item.extraction.record["lines"] == []
    rows = item.tables["lines"]
    assert [record_of(row) for row in rows()] == [{"text": f"row{number}"} for number in range(pages)]
    assert sum(1 for _ in rows()) == pages
    receipt = delete(place.stores, job.id, owners=place.owners)
    assert receipt.blobs >= 2
    assert not [path for path in (place.folder / "blobs").rglob("*") if path.is_file()]


def test_only_the_pages_asked_for_are_read_and_that_is_said(place: Workplace) -> None:
    job = place.run(place.submit({"a": "1\n2\n3\n4", "b": "1"}, JobOptions(pages=((2, 3),))))
    first, second = (item.extraction for item in _items(place, job))
    assert [page.number for page in first.pages] == [2, 3]
    assert first.document.page_count == 4
    assert IssueCode.PAGES_SKIPPED in {issue.code for issue in first.issues}
    assert second.failure is not None
    assert second.failure.code is FailureCode.NO_PAGES


def test_the_same_bytes_are_neither_prepared_nor_read_twice(place: Workplace) -> None:
    first = place.run(place.submit({"a": "same\npages"}))
    second = place.run(place.submit({"copy": "same\npages"}))
    assert len(place.source.opened) == 1
    assert len(place.reader.windows) == 1
    before, after = _items(place, first)[0].extraction, _items(place, second)[0].extraction
    assert (after.record, after.pages) == (before.record, before.pages)
    delete(place.stores, first.id, owners=place.owners)
    assert _items(place, second)[0].extraction.record == before.record


@pytest.mark.parametrize("changed", ["reader", "schema", "day_first", "reuse", "passwords"])
def test_what_a_reading_depends_on_decides_whether_it_is_taken_again(place: Workplace, changed: str) -> None:
    place.run(place.submit({"a": "same"}))
    options = JobOptions()
    if changed == "reader":
        place.reader = FirstWordReader(version="2")
    elif changed == "schema":
        place.schema = text_schema(description="another")
    elif changed == "day_first":
        options = JobOptions(day_first=True)
    else:
        options = JobOptions(reuse=changed != "reuse", passwords=changed == "passwords")
    before = len(place.reader.windows)
    place.run(place.submit({"b": "same"}, options))
    assert len(place.reader.windows) == before + 1


def test_a_file_that_changed_after_its_submission_fails(place: Workplace) -> None:
    job = place.submit({"a": "before", "b": "same"})
    (place.folder / "inbox" / "a").write_text("after!")
    (place.folder / "inbox" / "b").touch()
    job = place.run(job)
    changed, touched = (item.extraction for item in _items(place, job))
    assert changed.failure is not None
    assert changed.failure.code is FailureCode.CHANGED
    assert touched.record is not None


def test_kept_originals_outlive_their_files(place: Workplace) -> None:
    options = JobOptions(keep_originals=True)
    job, other = place.submit({"a": "kept"}, options), place.submit({"b": "kept"}, options)
    (place.folder / "inbox" / "a").unlink()
    assert place.run(job).state is JobState.SUCCEEDED
    key = next(documents_of(place.stores, job.id)).original.blob_key
    assert key is not None
    delete(place.stores, job.id, owners=place.owners)
    assert place.stores.blobs.size(key) == 4
    delete(place.stores, other.id, owners=place.owners)
    assert place.stores.blobs.size(key) is None


def test_passwords_open_documents_and_are_never_stored(place: Workplace) -> None:
    job = place.submit({"a": "!locked\ninside"}, JobOptions(passwords=True))
    job = place.run(job, passwords=("secret",))
    assert _items(place, job)[0].extraction.record is not None
    found = b"".join(
        path.read_bytes() for path in place.folder.rglob("*") if path.is_file() and "inbox" not in str(path)
    )
    assert b"secret" not in found.replace(b"secrets", b"")  # a column's name


@pytest.mark.parametrize("kept", [True, False], ids=["kept with the job", "given to who works on it"])
def test_what_one_job_opened_with_its_password_no_other_job_sees_without_it(place: Workplace, kept: bool) -> None:
    bytes_of = "!locked\ninside"
    right = place.run(place.submit({"a": bytes_of}, JobOptions(passwords=kept)), passwords=("secret",))
    wrong = place.run(place.submit({"b": bytes_of}, JobOptions(passwords=True)), passwords=("guessed",))
    none = place.run(place.submit({"c": bytes_of}))

    assert _items(place, right)[0].extraction.record is not None
    for job in (wrong, none):
        failure = _items(place, job)[0].extraction.failure
        assert failure is not None
        assert failure.code is FailureCode.PASSWORD_REQUIRED


def test_who_has_a_password_reads_for_itself_what_another_job_read_with_one(place: Workplace) -> None:
    for name in ("a", "b"):
        job = place.run(place.submit({name: "same"}, JobOptions(passwords=True)), passwords=(name,))
        assert _items(place, job)[0].extraction.record is not None
    assert (len(place.source.opened), len(place.reader.windows)) == (2, 2)


def test_failed_documents_are_tried_again_and_the_others_are_not(place: Workplace) -> None:
    job = place.run(place.submit({"a": "fine", "b": "!locked\ninside", "c": "!refused", "d": "one\n!broken"}))
    (place.folder / "inbox" / "c").write_text("mended")
    opened = len(place.source.opened)
    assert retry(place.stores, job.id) == 3
    assert place.stores.jobs.get(job.id).state is JobState.RUNNING
    job = place.run(job, passwords=("secret",))
    assert job.documents.failed == 0
    assert len(place.source.opened) == opened + 3
    assert [item.extraction.document.sha256 is None for item in _items(place, job)] == [False] * 4


def test_a_retry_after_a_failed_reading_keeps_the_preparation(place: Workplace) -> None:
    job = place.run(place.submit({"a": "!unreadable\n!unreadable"}))
    assert job.pages == PageCounts(total=2, failed=2)
    assert retry(place.stores, job.id) == 1
    assert place.stores.jobs.get(job.id).pages == PageCounts(total=2, open=2)
    job = place.run(job)
    assert len(place.source.opened) == 1
    assert job.documents.failed == 1


def test_lost_words_are_prepared_again(place: Workplace) -> None:
    job = place.submit({"a": "alpha"})
    claim = place.claim(job)
    prepare(claim, claim.document, place.context(job))
    place.stores.documents.release(claim)
    assert next(documents_of(place.stores, job.id)).state is DocumentState.READING
    for key in list(place.stores.blobs.keys("local/words/")):
        place.stores.blobs.delete(key)
    place.source = TextPages()
    assert place.run(job).state is JobState.SUCCEEDED
    assert len(place.source.opened) == 1


def test_stopping_finishes_what_is_in_flight_and_a_later_run_the_rest(place: Workplace) -> None:
    stop = StopSignal()

    class Stopping(FirstWordReader):
        def read(self, window, schema):
            stop.finish()
            return super().read(window, schema)

    place.reader = Stopping()
    job = place.run(place.submit({name: f"{name}\nsecond" for name in "abcd"}), stop=stop)
    assert (job.state, job.documents.done, job.documents.received) == (JobState.RUNNING, 1, 3)
    job = resume(place.stores, job.id, owners=place.owners)
    assert place.run(job).documents.done == 4
    assert len({item.extraction.document_id for item in _items(place, job)}) == 4


def test_a_canceled_job_ends_at_the_next_window(place: Workplace) -> None:
    reading, go_on = threading.Event(), threading.Event()

    class Slow(FirstWordReader):
        def read(self, window, schema):
            reading.set()
            assert go_on.wait(PATIENCE_S)
            return super().read(window, schema)

    class Noticing:
        """Lets the reader go on when the run asks again after it was told of the cancel."""

        told = False

        def __getattr__(self, name: str) -> object:
            return getattr(documents, name)

        def is_canceled(self, job_id: UUID) -> bool:
            if self.told:
                go_on.set()
            self.told = documents.is_canceled(job_id)
            return self.told

    place.reader, documents = Slow(), place.stores.documents
    place.stores = replace(place.stores, documents=Noticing())  # type: ignore[arg-type]
    job = place.submit({"a": "\n".join(f"page{number}" for number in range(70)), "b": "never"})
    running = threading.Thread(target=place.run, args=(job,))
    running.start()
    assert reading.wait(PATIENCE_S)
    assert cancel(place.stores, job.id, owners=place.owners).documents.canceled == 1
    running.join(PATIENCE_S)
    found = place.stores.jobs.get(job.id)
    assert found.state is JobState.CANCELED
    assert len(place.reader.windows) == 1
    assert found.pages == PageCounts(total=70, read=32, canceled=38)
    assert [item.extraction.status for item in _items(place, job)] == [ExtractionStatus.CANCELED] * 2
    with pytest.raises(ConflictError):
        resume(place.stores, job.id, owners=place.owners)
    with pytest.raises(ConflictError):
        retry(place.stores, job.id)


def test_jobs_are_listed_newest_first_and_deleted_with_a_receipt(place: Workplace) -> None:
    first, second = place.run(place.submit({"a": "1\n2"})), place.submit({"b": "3"})
    assert [job.id for job in list_jobs(place.stores)] == [second.id, first.id]
    assert [job.id for job in list_jobs(place.stores, limit=1)] == [second.id]
    receipt = delete(place.stores, first.id, owners=place.owners)
    assert (receipt.jobs, receipt.documents, receipt.rows, receipt.blobs) == (1, 1, 6, 1)
    assert receipt.byte_count > 0
    with pytest.raises(NotFoundError):
        place.stores.jobs.get(first.id)
    with pytest.raises(NotFoundError):
        list(collect(place.stores, new_id()))
    assert [job.id for job in list_jobs(place.stores)] == [second.id]


def test_pruning_deletes_what_is_old(place: Workplace) -> None:
    job = place.run(place.submit({"a": "1"}))
    assert prune(place.stores, older_than_days=1, owners=place.owners).jobs == 0
    assert prune(place.stores, older_than_days=-1, owners=place.owners).jobs == 1
    with pytest.raises(NotFoundError):
        place.stores.jobs.get(job.id)


def test_pruning_keeps_what_could_be_resumed_unless_asked(place: Workplace) -> None:
    stopped, interrupted, canceled = place.submit({"a": "1"}), place.new_job(), place.submit({"c": "1"})
    place.stores.jobs.create(interrupted)
    cancel(place.stores, canceled.id, owners=place.owners)
    assert prune(place.stores, older_than_days=-1, owners=place.owners).jobs == 1
    assert {job.id for job in list_jobs(place.stores)} == {stopped.id, interrupted.id}
    assert prune(place.stores, older_than_days=-1, owners=place.owners, unfinished=True).jobs == 2
    assert list_jobs(place.stores) == []


def test_a_schema_that_changed_since_the_submission_is_noticed(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    require_same_schema(job, text_schema())
    with pytest.raises(ConflictError, match="changed"):
        require_same_schema(job, text_schema(description="another"))


def test_progress_is_told_to_the_end(place: Workplace) -> None:
    job = place.submit(dict.fromkeys("abc", "1\n2"))
    told: list[Progress] = []
    run_job(place.context(job), owners=place.owners, workers=2, on_progress=told.append)
    assert (told[-1].documents_total, told[-1].documents_done, told[-1].pages_done) == (3, 3, 6)
