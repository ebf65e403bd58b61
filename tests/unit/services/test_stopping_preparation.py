from collections.abc import Callable
from pathlib import Path

import pytest
from doubles.jobs import Workplace

from docproc.domain.document import DocumentState
from docproc.services.assemble import assemble
from docproc.services.ports import Stores
from docproc.services.prepare import prepare
from docproc.services.read import read
from docproc.services.work_on import LeaveWork


def _leaving_after(pages: int) -> Callable[[], None]:
    calls = iter(range(pages))

    def checkpoint() -> None:
        if next(calls, None) is None:
            raise LeaveWork

    return checkpoint


def test_a_long_preparation_is_left_between_two_pages_and_leaves_nothing_behind(
    local_stores: Stores, tmp_path: Path
) -> None:
    place = Workplace(stores=local_stores, folder=tmp_path)
    job = place.submit({"a.txt": "one\ntwo\nthree\nfour"})
    claim = place.claim(job)

    with pytest.raises(LeaveWork):
        prepare(claim, claim.document, place.context(job), checkpoint=_leaving_after(2))

    assert not list(local_stores.blobs.keys("local/words/"))
    prepared = prepare(claim, claim.document, place.context(job))
    assert (prepared.state, prepared.pages.total) == (DocumentState.READING, 4)


def test_a_long_assembly_is_left_between_two_readings_and_leaves_nothing_behind(
    local_stores: Stores, tmp_path: Path
) -> None:
    place = Workplace(stores=local_stores, folder=tmp_path)
    job = place.submit({"a.txt": "one\ntwo\nthree\nfour"})
    claim, context = place.claim(job), place.context(job)
    document = read(claim, prepare(claim, claim.document, context), context)

    with pytest.raises(LeaveWork):
        assemble(claim, document, context, checkpoint=_leaving_after(1))

    assert not list(local_stores.blobs.keys("local/extraction/"))
    assert assemble(claim, document, context).state is DocumentState.SUCCEEDED
