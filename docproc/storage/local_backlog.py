"""What waits on a single machine, asked of the rows. Knows no worker."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, or_, select

from docproc.services.errand_records import ErrandState
from docproc.services.local_backlog import OpenJob
from docproc.services.work_records import QUEUES, Step, Task
from docproc.storage.changes import OPEN_DOCUMENT_STATES
from docproc.storage.database import Database
from docproc.storage.service_tables import DELIVERIES, EXPORTS, TENANTS
from docproc.storage.tables import DOCUMENTS, JOBS

#: what is run at the command line has the paths that were given there, and is left to whoever runs it
_OURS = and_(
    JOBS.c.queue.is_(None),
    cast(JOBS.c.inputs, Text) == "[]",
    JOBS.c.finished_at.is_(None),
    JOBS.c.cancel_requested_at.is_(None),
)


class SqlLocalBacklog:
    """The backlog of one machine in its database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_jobs(self, *, each: int) -> Sequence[OpenJob]:
        with self._database.read() as connection:
            now = self._database.now(connection)
            free = or_(DOCUMENTS.c.lease_owner.is_(None), DOCUMENTS.c.lease_expires_at <= now)
            due = select(DOCUMENTS.c.id).where(
                DOCUMENTS.c.job_id == JOBS.c.id, DOCUMENTS.c.state.in_(OPEN_DOCUMENT_STATES), free
            )
            paused = select(TENANTS.c.name).where(TENANTS.c.paused_at.is_not(None))
            place = func.row_number().over(
                partition_by=(JOBS.c.tenant, JOBS.c.priority), order_by=(JOBS.c.created_at, JOBS.c.id)
            )
            lanes = (
                select(JOBS.c.id, JOBS.c.tenant, JOBS.c.priority, place.label("place"))
                .where(_OURS, JOBS.c.tenant.not_in(paused), due.exists())
                .subquery()
            )
            first = select(lanes).where(lanes.c.place <= each).order_by(lanes.c.priority.desc(), lanes.c.place)
            return [OpenJob(id=row.id, tenant=row.tenant, priority=row.priority) for row in connection.execute(first)]

    def unfinished(self) -> Sequence[UUID]:
        with self._database.read() as connection:
            return list(connection.scalars(select(JOBS.c.id).where(_OURS)))

    def due_errands(self, *, limit: int) -> Sequence[Task]:
        found: list[Task] = []
        with self._database.read() as connection:
            now = self._database.now(connection)
            for step, table in ((Step.EXPORT, EXPORTS), (Step.DELIVER, DELIVERIES)):
                due = select(table.c.id).where(table.c.state == ErrandState.WAITING, table.c.due_at <= now)
                oldest = due.order_by(table.c.due_at, table.c.id).limit(limit)
                found += [Task(step=step, queue=QUEUES[step], id=each) for each in connection.scalars(oldest)]
        return found

    def abandoned(self, *, older_than_s: float) -> Sequence[UUID]:
        with self._database.read() as connection:
            before = self._database.now(connection) - timedelta(seconds=older_than_s)
            broken_off = (JOBS.c.submitted_at.is_(None), JOBS.c.created_at < before)
            return list(connection.scalars(select(JOBS.c.id).where(_OURS, *broken_off)))
