"""Workers read what was copied for them, never a path that whoever submitted meant on a machine of their own."""

from dataclasses import replace
from pathlib import Path

import pytest
from doubles.jobs import Workplace

from docproc.domain.errors import UnreadableError
from docproc.domain.failure import FailureCode
from docproc.services.job_context import JobContext
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.records import Job, JobOptions

pytestmark = pytest.mark.integration


def _as_a_worker(place: Workplace, job: Job) -> JobContext:
    context = place.context(job)
    return replace(context, job=replace(job, queue="read.cpu"))


def test_a_file_that_was_refused_is_not_looked_for_by_a_worker(stores: Stores, tmp_path: Path) -> None:
    place = Workplace(stores, tmp_path)
    job = place.submit({"a.txt": "!refused"}, JobOptions(keep_originals=True))
    (document,) = stores.documents.page_through(job.id)
    assert document.failure is not None
    assert document.failure.code is FailureCode.CORRUPT
    (place.folder / "inbox" / "a.txt").write_text("somebody else's, of the same name")
    stores.jobs.retry(job.id)
    claim = place.claim(job)
    with pytest.raises(UnreadableError, match="submit it again"):
        prepare(claim, claim.document, _as_a_worker(place, job))


def test_a_file_of_which_no_copy_was_kept_is_not_opened_by_a_worker(stores: Stores, tmp_path: Path) -> None:
    place = Workplace(stores, tmp_path)
    job = place.submit({"a.txt": "one"})
    claim = place.claim(job)
    with pytest.raises(UnreadableError, match="no copy"):
        prepare(claim, claim.document, _as_a_worker(place, job))
    assert place.source.opened == []
