"""Tasks on a worker that cannot do them: passed on, failed or handed back, and never held for ever."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from doubles.delivery import Depot, page
from doubles.documents import text_schema

from docproc.domain.document import DocumentState
from docproc.domain.errors import LeaseLostError, ReaderUnavailableError, RefusedError, StorageError
from docproc.domain.failure import FailureCode
from docproc.services.do_task import do_task
from docproc.services.errand_records import ErrandState
from docproc.services.export_job import ask_for_export
from docproc.services.job_context import JobContext
from docproc.services.records import Body, Document, StoredExtraction
from docproc.services.work_records import Held, Step, Task
from docproc.services.workbench import Workbench
from docproc.storage.documents import MAX_STALLED
from docproc.storage.stores import errand_stores_over

pytestmark = pytest.mark.integration


class InHand:
    """Nothing is renewed, for nothing takes long."""

    owner = "me"
    lease_s = 60.0

    @contextmanager
    def holding(self, held: Held) -> Iterator[Callable[[], None]]:  # noqa: ARG002 the port's signature
        yield lambda: None


def _bench(depot: Depot, context_of: Callable[[Document], JobContext], **others: object) -> Workbench:
    unused = cast("Any", None)
    whole = Workbench(
        stores=depot.stores,
        work=depot.work,
        in_hand=InHand(),
        context_of=context_of,
        errands=errand_stores_over(depot.database),
        names=unused,
        census=unused,
        schema_of=lambda _: text_schema(),
        sender=unused,
        pause=lambda _: None,
    )
    return replace(whole, **cast("Any", others))


def _read(document: Document) -> Task:
    return Task(step=Step.READ, queue="", id=document.id, first_page=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReaderUnavailableError("this worker has no such reader"), FailureCode.READER_UNAVAILABLE),
        (ImportError("a reader of somebody's own"), FailureCode.INTERNAL),
    ],
)
def test_a_worker_without_the_jobs_reader_leaves_the_pages_to_another(
    depot: Depot, error: Exception, code: FailureCode
) -> None:
    def lacking(_: Document) -> JobContext:
        raise error

    document = depot.prepared(2, window_pages=2)
    for _ in range(MAX_STALLED - 1):
        do_task(_read(document), _bench(depot, lacking))
        assert depot.stores.documents.get(document.id).state is DocumentState.READING
        assert [task.first_page for task in depot.enqueue("read.cpu")] == [1]
    do_task(_read(document), _bench(depot, lacking))
    failed = depot.stores.documents.get(document.id)
    assert failed.failure is not None
    assert (failed.state, failed.failure.code, failed.pages.failed) == (DocumentState.FAILED, code, 2)


def test_a_worker_without_the_jobs_schema_leaves_the_document_to_another(depot: Depot) -> None:
    def lacking(_: Document) -> JobContext:
        raise ReaderUnavailableError

    document = depot.documents(depot.submit())[0]
    task = Task(step=Step.PREPARE, queue="", id=document.id)
    do_task(task, _bench(depot, lacking))
    assert depot.stores.documents.get(document.id).state is DocumentState.RECEIVED
    depot.save_preparation(depot.claim(document.id), [page(1)])  # another one can
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_a_store_that_is_away_counts_against_nobody(depot: Depot) -> None:
    def away(_: Document) -> JobContext:
        raise StorageError

    document = depot.prepared(1)
    for _ in range(MAX_STALLED + 1):
        do_task(_read(document), _bench(depot, away))
    assert depot.finish(document.id).state is DocumentState.SUCCEEDED


def test_what_is_handed_back_again_and_again_waits_longer_before_it_is(depot: Depot) -> None:
    def away(_: Document) -> JobContext:
        raise StorageError

    document = depot.prepared(1)
    paused: list[float] = []
    for _ in range(3):
        do_task(_read(document), _bench(depot, away, pause=paused.append))
    assert paused == [1.0, 2.0, 3.0]


def test_work_that_was_lost_lets_go_of_what_still_stands(depot: Depot) -> None:
    def lost(_: Document) -> JobContext:
        raise LeaseLostError

    document = depot.prepared(1)
    do_task(_read(document), _bench(depot, lost))
    assert depot.work.leases.standing("me") == frozenset()


def test_a_value_that_the_database_refuses_is_no_outage(depot: Depot) -> None:
    with pytest.raises(RefusedError) as caught:
        depot.run("UPDATE documents SET attachments = cast(:value AS jsonb)", value='["a secret \\u0000"]')
    assert "secret" not in str(caught.value)


def test_an_export_whose_blob_is_gone_fails(depot: Depot) -> None:
    document = depot.prepared(1)
    depot.read(depot.window(document.id))
    body = Body(blob_key="local/extraction/gone")
    depot.stores.extractions.save(
        depot.claim(document.id), StoredExtraction(state=DocumentState.SUCCEEDED, body=body), seconds=0
    )
    bench = _bench(depot, cast("Any", None))
    export_id = ask_for_export(
        depot.stores, bench.errands, document.job_id, tenant=document.tenant, export_format="jsonl"
    )
    do_task(Task(step=Step.EXPORT, queue="", id=export_id), bench)
    export = bench.errands.exports.get(export_id, tenant=document.tenant)
    assert export.state is ErrandState.FAILED
    assert export.failure is not None


def test_an_errand_ends_whatever_it_meets(depot: Depot) -> None:
    document = depot.prepared(1)
    depot.finish(document.id)

    def broken(_: object) -> Any:  # noqa: ANN401
        raise ZeroDivisionError("a value that nobody may see")

    bench = _bench(depot, cast("Any", None), schema_of=broken)
    export_id = ask_for_export(
        depot.stores, bench.errands, document.job_id, tenant=document.tenant, export_format="jsonl"
    )
    do_task(Task(step=Step.EXPORT, queue="", id=export_id), bench)
    failure = bench.errands.exports.get(export_id, tenant=document.tenant).failure
    assert failure is not None
    assert "ZeroDivisionError" in failure.message
    assert "nobody" not in failure.message
