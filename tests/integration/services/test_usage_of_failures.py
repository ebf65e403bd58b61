"""What a model was asked in vain is metered once and kept, however its pages end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.delivery import Depot
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace

from docproc.domain.errors import (
    DocumentError,
    InvalidAnswerError,
    LeaseLostError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
)
from docproc.domain.extraction import Extraction, PageFacts
from docproc.domain.issues import IssueCode
from docproc.domain.reading import MOST_ATTEMPTS, Attempt, Reading, Spent, Usage, Window, go_on
from docproc.domain.schema import ExtractionSchema
from docproc.services.collect import collect
from docproc.services.records import Job
from docproc.services.usage import UsageBy, UsageFilter, UsageSum
from docproc.services.work_on import CancelWork, LeaveWork, work_on
from docproc.storage.database import Database
from docproc.storage.stores import stores_over
from docproc.storage.usage import SqlUsageStore

pytestmark = pytest.mark.integration


class VainReader(FirstWordReader):
    """Takes two pages at a time and one record of them; says nothing that is one of a page that says `!vain`."""

    name = "vain"
    window_pages = 4
    stop: Callable[[], Exception] = LeaveWork

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        if len(window.pages) > 2:
            raise self._spent(TooLargeError("cut off"), window)
        words = [page.words[0].text for page in window.pages]
        if "!stop" in words:
            window.left(Spent(reader=self.name, usage=_usage(window), attempts=1))
            raise self.stop()
        if "!silent" in words:
            if len(words) > 1:
                raise self._spent(InvalidAnswerError("no record"), window)
            raise TimedOutError("no answer")
        if "!gone" in words:
            raise self._spent(UnreachableError("gone"), window)
        if "!vain" in words:
            raise self._spent(InvalidAnswerError("no record"), window)
        return replace(reading, usage=_usage(window))

    def _spent(self, error: DocumentError, window: Window) -> DocumentError:
        earlier = (Attempt(said=f"of {list(window.numbers)}"),)
        error.spent = Spent(reader=self.name, usage=_usage(window), attempts=1, earlier=earlier)
        return error


def _usage(window: Window) -> Usage:
    return Usage(seconds=0.5, prompt_tokens=100 * len(window.pages), output_tokens=7, tiles=len(window.pages))


def run(database: Database, folder: Path, text: str) -> tuple[Job, Extraction]:
    place = Workplace(stores_over(database, folder / "blobs"), folder, reader=VainReader())
    job = place.run(place.submit({"a.txt": text}))
    (item,) = collect(place.stores, job.id)
    return job, item.extraction


def metered(database: Database) -> UsageSum:
    (whole,) = SqlUsageStore(database).sums(UsageFilter(tenant=None), by=())
    return whole


def said(pages: tuple[PageFacts, ...]) -> dict[int, list[str | None]]:
    return {page.number: [attempt.said for attempt in page.attempts] for page in pages if page.attempts}


def test_answers_that_end_in_smaller_windows_and_failed_pages_are_metered_and_kept(
    database: Database, tmp_path: Path
) -> None:
    job, extraction = run(database, tmp_path, "one\n!vain\nthree\nfour")
    used = metered(database)

    assert (job.pages.read, job.pages.failed) == (3, 1)
    # all four pages, two of them, two of them, each of the first two alone
    assert (used.prompt_tokens, used.output_tokens, used.tiles, used.pages) == (1000, 35, 10, 3)
    assert used.seconds == pytest.approx(2.5)
    assert said(extraction.pages) == {1: ["of [1, 2, 3, 4]", "of [1, 2]"], 2: ["of [2]"]}


def test_a_document_of_which_no_page_was_read_keeps_the_answers_too(database: Database, tmp_path: Path) -> None:
    job, extraction = run(database, tmp_path, "!vain")

    assert (job.documents.failed, metered(database).prompt_tokens) == (1, 100)
    assert said(extraction.pages) == {1: ["of [1]"]}
    assert extraction.failure is not None
    assert "of [1]" not in extraction.failure.model_dump_json()


def test_what_was_asked_before_a_server_went_is_metered(database: Database, tmp_path: Path) -> None:
    job, _ = run(database, tmp_path, "!gone\ntwo")

    assert (job.documents.failed, metered(database).prompt_tokens) == (1, 200)


def test_a_retry_counts_what_it_asks_and_nothing_twice(database: Database, tmp_path: Path) -> None:
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path, reader=VainReader())
    job = place.run(place.submit({"a.txt": "!vain"}))
    before = metered(database).prompt_tokens

    assert place.stores.jobs.retry(job.id) == 1
    place.run(job)

    assert (before, metered(database).prompt_tokens) == (100, 200)
    (item,) = collect(place.stores, job.id)
    assert said(item.extraction.pages) == {1: ["of [1]"]}


def test_who_comes_too_late_meters_nothing(depot: Depot) -> None:
    document = depot.prepared(2, window_pages=1, job=None)
    claim = depot.window(document.id, 1)
    depot.read(claim)

    with pytest.raises(LeaseLostError):
        depot.stores.readings.meter(claim, Spent(reader="vain", usage=Usage(prompt_tokens=5), attempts=1))
    assert depot.rows("SELECT prompt_tokens FROM usage") == [(30,)]


@pytest.mark.parametrize("stop", [LeaveWork, CancelWork])
def test_what_was_answered_when_work_is_left_is_metered(
    database: Database, tmp_path: Path, stop: type[Exception]
) -> None:
    reader = VainReader()
    reader.stop = stop
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path, reader=reader)
    job = place.submit({"a.txt": "!stop"})

    work_on(place.claim(job), place.context(job), go_on)

    assert metered(database).prompt_tokens == 100


def test_what_was_answered_when_the_lease_was_lost_is_left_to_nobody(database: Database, tmp_path: Path) -> None:
    reader = VainReader()
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path, reader=reader)
    job = place.submit({"a.txt": "!stop"})
    claim = place.claim(job)

    def lose() -> Exception:
        place.stores.documents.release(claim)
        return LeaseLostError()

    reader.stop = lose
    work_on(claim, place.context(job), go_on)

    assert not SqlUsageStore(database).sums(UsageFilter(tenant=None), by=(UsageBy.READER,))


def test_answers_about_more_pages_are_kept_with_a_page_of_which_nothing_was_said(
    database: Database, tmp_path: Path
) -> None:
    job, extraction = run(database, tmp_path, "!silent\ntwo")

    assert (job.pages.failed, job.pages.read) == (1, 1)
    assert said(extraction.pages) == {1: ["of [1, 2]"]}
    # both pages together, and the second one
    assert metered(database).prompt_tokens == 300


def test_answers_about_more_pages_are_kept_where_a_part_was_read_before(database: Database, tmp_path: Path) -> None:
    text = "one\ntwo\nthree\nfour"
    run(database, tmp_path, text)
    job, extraction = run(database, tmp_path, text)

    # the whole once more, its halves only once
    assert (job.pages.read, metered(database).prompt_tokens) == (4, 1200)
    assert said(extraction.pages) == {1: ["of [1, 2, 3, 4]"]}


def test_what_was_asked_in_vain_is_told(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="docproc"):
        run(database, tmp_path, "!vain\ntwo")

    told = [vars(line) for line in caplog.records if getattr(line, "action", "") == "asked_in_vain"]
    assert [(line["reader"], line["prompt_tokens"], line["tiles"]) for line in told] == [
        ("vain", 200, 2),
        ("vain", 100, 1),
    ]


def test_answers_are_loaded_with_pages_only_where_they_are_asked_for(database: Database, tmp_path: Path) -> None:
    job, _ = run(database, tmp_path, "!vain\n!vain\n!unreadable")
    pages = stores_over(database, tmp_path / "blobs").pages
    (document,) = stores_over(database, tmp_path / "blobs").documents.page_through(job.id)

    plain, told = pages.pages(document.id), pages.pages(document.id, attempts_of=1)

    assert said(tuple(page.facts for page in plain)) == {}
    assert all(page.failure is not None for page in plain)
    assert list(said(tuple(page.facts for page in told))) == [1]


class Talker(FirstWordReader):
    """Answers many times before it says anything."""

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        return replace(super().read(window, schema), earlier=(Attempt(said="well"),) * (MOST_ATTEMPTS + 7))


def test_a_document_keeps_so_many_answers_and_says_how_many_it_leaves_out(database: Database, tmp_path: Path) -> None:
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path, reader=Talker())
    job = place.run(place.submit({"a.txt": "one"}))
    (item,) = collect(place.stores, job.id)

    assert len(item.extraction.pages[0].attempts) == MOST_ATTEMPTS
    (issue,) = [issue for issue in item.extraction.issues if issue.code is IssueCode.TRUNCATED]
    assert issue.message.startswith("7 answers")
