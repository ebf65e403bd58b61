"""The backlog as the dispatcher sees it, over all kinds of tasks. Postgres only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain

from sqlalchemy import text

from docproc.domain.document import DocumentState
from docproc.services.work_records import QUEUES, Lane, Step, Swept, Task
from docproc.storage.backlog import Backlog, DocumentBacklog, PageBacklog
from docproc.storage.changes import PUT_OFF
from docproc.storage.database import Database
from docproc.storage.deliveries import SqlDeliveryStore
from docproc.storage.errands import ErrandBacklog
from docproc.storage.exports import SqlExportStore
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import DELIVERIES, EXPORTS
from docproc.storage.sweeping import sweep_documents, sweep_pages

_CAPACITY = text("""
    SELECT queue, sum(slots) AS tasks FROM workers, jsonb_array_elements_text(queues) AS queue
    WHERE heartbeat_at >= clock_timestamp() - make_interval(secs => :alive_s) AND draining_at IS NULL
    GROUP BY queue
""")
_RUNNING = text("""
    SELECT (SELECT count(*) FROM documents WHERE lease_owner <> :put_off)
        + (SELECT count(DISTINCT (document_id, first_page)) FROM pages WHERE state = 'leased')
        + (SELECT count(*) FROM exports WHERE state IN ('waiting', 'queued', 'leased') AND state = 'leased')
        + (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'queued', 'leased') AND state = 'leased')
""").bindparams(put_off=PUT_OFF)


def _sums_of(counting: Sequence[str]) -> str:
    """In one statement, for each is a way to the server and back; queues that have nothing are left out."""
    return (
        f"SELECT queue, sum(tasks) AS tasks FROM ({' UNION ALL '.join(counting)}) AS counted "  # noqa: S608
        "GROUP BY queue HAVING sum(tasks) > 0"
    )


def _counts(rows: Iterable[AnyRow]) -> Mapping[str, int]:
    return {row.queue: int(row.tasks) for row in rows}


class SqlTaskStore:
    """Tasks in a Postgres database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages = PageBacklog()
        self._unpaged = DocumentBacklog(Step.READ, DocumentState.READING, queue=None)
        self._errands = (SqlExportStore(database), SqlDeliveryStore(database))
        self._of_queue: dict[str, Sequence[Backlog]] = {
            queue: (DocumentBacklog(step, state, queue=queue),)
            for step, state, queue in (
                (Step.PREPARE, DocumentState.RECEIVED, QUEUES[Step.PREPARE]),
                (Step.ASSEMBLE, DocumentState.ASSEMBLING, QUEUES[Step.ASSEMBLE]),
            )
        }
        self._of_queue |= {
            QUEUES[step]: (ErrandBacklog(step, table.name),)
            for step, table in ((Step.EXPORT, EXPORTS), (Step.DELIVER, DELIVERIES))
        }
        every = self._all()
        queued = _sums_of([backlog.queued for backlog in every])
        self._queued, self._due = text(queued), text(_sums_of([backlog.due for backlog in every]))
        self._overdue = text(f"{queued} AND min(since) < clock_timestamp() - make_interval(secs => :age_s)")

    def _backlogs(self, queue: str) -> Sequence[Backlog]:
        """Those that feed a queue; every queue that is not of a step is one of reading."""
        return self._of_queue.get(queue, (self._unpaged, self._pages))

    def _all(self) -> list[Backlog]:
        return [*chain.from_iterable(self._of_queue.values()), self._unpaged, self._pages]

    def capacity(self, *, alive_s: float) -> Mapping[str, int]:
        with self._database.read() as connection:
            return _counts(connection.execute(_CAPACITY, {"alive_s": alive_s}))

    def queued(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            return _counts(connection.execute(self._queued))

    def overdue(self, *, older_than_s: float) -> Mapping[str, int]:
        with self._database.read() as connection:
            return _counts(connection.execute(self._overdue, {"age_s": older_than_s}))

    def due(self) -> Mapping[str, int]:
        with self._database.long_read() as connection:
            return _counts(connection.execute(self._due))

    def lanes(self, queue: str) -> Sequence[Lane]:
        with self._database.read() as connection:
            found = {lane for backlog in self._backlogs(queue) for lane in backlog.lanes(connection, queue)}
        return sorted(found, key=lambda lane: (-lane.priority, lane.tenant))

    def enqueue(self, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        with self._database.write() as connection:
            tasks: list[Task] = []
            for backlog in self._backlogs(queue):
                if len(tasks) < limit:
                    tasks += backlog.take(connection, queue, lane, limit=limit - len(tasks))
            return tasks

    def running(self) -> int:
        with self._database.read() as connection:
            return int(connection.scalar(_RUNNING) or 0)

    def requeue(self, queue: str, *, older_than_s: float) -> int:
        with self._database.write() as connection:
            before = self._database.now(connection) - timedelta(seconds=older_than_s)
            return sum(backlog.requeue(connection, queue, before=before) for backlog in self._backlogs(queue))

    def withdraw(self, tasks: Collection[Task]) -> None:
        with self._database.write() as connection:
            for backlog in self._all():
                backlog.withdraw(connection, tasks)

    def sweep(self, *, limit: int = 200) -> Swept:
        swept = [
            sweep_documents(self._database, limit=limit),
            sweep_pages(self._database, limit=limit),
            *(errands.sweep(limit=limit) for errands in self._errands),
        ]
        return Swept(freed=sum(each.freed for each in swept), failed=sum(each.failed for each in swept))
