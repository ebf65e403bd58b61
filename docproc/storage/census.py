"""Questions about the service as a whole: its clock, what workers have in hand. Changes nothing."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from docproc.domain.document import DocumentState
from docproc.domain.page import PageState
from docproc.services.work_records import QUEUES, Step
from docproc.storage.changes import PUT_OFF
from docproc.storage.database import Database
from docproc.storage.service_tables import DELIVERIES, EXPORTS
from docproc.storage.tables import DOCUMENTS, PAGES

#: the queue of the step that a leased document is in; while its pages are read, that is the queue of its job
_QUEUE_OF: Mapping[DocumentState, str] = {
    DocumentState.RECEIVED: QUEUES[Step.PREPARE],
    DocumentState.PREPARING: QUEUES[Step.PREPARE],
    DocumentState.ASSEMBLING: QUEUES[Step.ASSEMBLE],
}


class SqlCensus:
    """The whole of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        with self._database.read() as connection:
            return self._database.now(connection)

    def leased(self) -> Mapping[str, int]:
        documents = (
            select(DOCUMENTS.c.state, DOCUMENTS.c.queue, func.count().label("tasks"))
            .where(DOCUMENTS.c.lease_owner != PUT_OFF, DOCUMENTS.c.queue.is_not(None))
            .group_by(DOCUMENTS.c.state, DOCUMENTS.c.queue)
        )
        windows = (
            select(PAGES.c.queue, func.count().label("tasks"))
            .where(PAGES.c.state == PageState.LEASED, PAGES.c.number == PAGES.c.first_page, PAGES.c.queue.is_not(None))
            .group_by(PAGES.c.queue)
        )
        counts: Counter[str] = Counter()
        with self._database.long_read() as connection:
            for row in connection.execute(documents):
                counts[_QUEUE_OF.get(row.state, row.queue)] += row.tasks
            for row in connection.execute(windows):
                counts[row.queue] += row.tasks
            for step, table in ((Step.EXPORT, EXPORTS), (Step.DELIVER, DELIVERIES)):
                held = select(func.count()).where(table.c.state == "leased", table.c.lease_owner.is_not(None))
                counts[QUEUES[step]] += connection.scalar(held) or 0
        return {queue: count for queue, count in counts.items() if count}
