"""What is due, in which lanes, and what is with the broker: one class for documents, one for pages. Postgres only.

Looking for lanes jumps from one to the next along an index (a loose index scan, https://wiki.postgresql.org/wiki/Loose_indexscan):
its cost grows with the number of tenants and not with what they have waiting.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, TextClause, text

from docproc.domain.document import DocumentState
from docproc.services.work_records import Lane, Step, Task
from docproc.storage.tables import DOCUMENT_DUE, PAGE_DUE

if TYPE_CHECKING:
    from uuid import UUID


class Backlog(Protocol):
    """One kind of thing that waits for workers."""

    @property
    def queued(self) -> str:
        """Selects what is with the broker: `queue`, how many `tasks`, `since` when the first of them."""
        ...

    @property
    def due(self) -> str:
        """Selects what waits to be handed out: `queue`, how many `tasks`."""
        ...

    def lanes(self, connection: Connection, queue: str) -> Sequence[Lane]: ...

    def take(self, connection: Connection, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        """Mark as queued."""
        ...

    def requeue(self, connection: Connection, queue: str, *, before: datetime) -> int:
        """Make due again what was queued before that."""
        ...

    def withdraw(self, connection: Connection, tasks: Collection[Task]) -> None:
        """Make due again."""
        ...


def _lanes(table: str, where: str) -> TextClause:
    return text(f"""
        WITH RECURSIVE lane AS (
            (SELECT priority, tenant FROM {table} WHERE {where} ORDER BY priority, tenant LIMIT 1)
            UNION ALL
            (SELECT further.priority, further.tenant FROM lane, LATERAL (
                SELECT priority, tenant FROM {table}
                WHERE {where} AND (priority, tenant) > (lane.priority, lane.tenant)
                ORDER BY priority, tenant LIMIT 1
            ) AS further)
        )
        SELECT priority, tenant FROM lane ORDER BY priority DESC, tenant
    """)  # noqa: S608 both parts are ours


_OF_LANE = "priority = :priority AND tenant = :tenant"


def _no_longer_queued(where: str) -> TextClause:
    """What is locked is taken by a worker or ended right now: waiting for it could end in a deadlock."""
    return text(f"""
        WITH back AS MATERIALIZED (SELECT id AS of FROM documents WHERE {where} FOR UPDATE SKIP LOCKED)
        UPDATE documents SET queued_at = NULL FROM back WHERE id = of
    """)  # noqa: S608


class DocumentBacklog:
    """Documents whose next step any worker of one queue can do."""

    def __init__(self, step: Step, state: DocumentState, *, queue: str | None) -> None:
        self._step = step
        self._queue = queue
        # a step that belongs to no queue of its own is done where the document's pages are read
        own = f"{DOCUMENT_DUE} AND state = '{state}'"
        here = own if queue else f"{own} AND queue = :queue"
        column = "queue" if queue is None else f"'{queue}'"
        self._lanes = _lanes("documents", here)
        self._take = text(f"""
            WITH due AS MATERIALIZED (
                SELECT id AS of FROM documents WHERE {here} AND {_OF_LANE}
                ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE documents SET queued_at = now() FROM due WHERE id = of RETURNING id
        """)  # noqa: S608
        self.queued = (
            f"SELECT {column} AS queue, count(*) AS tasks, min(queued_at) AS since FROM documents "  # noqa: S608
            f"WHERE queued_at IS NOT NULL AND state = '{state}' GROUP BY 1"
        )
        self.due = f"SELECT {column} AS queue, count(*) AS tasks FROM documents WHERE {own} GROUP BY 1"  # noqa: S608
        lost = f"queued_at < :before AND state = '{state}'" + ("" if queue else " AND queue = :queue")
        self._requeue = _no_longer_queued(lost)
        self._withdraw = _no_longer_queued(f"id = ANY(:ids) AND queued_at IS NOT NULL AND state = '{state}'")

    def lanes(self, connection: Connection, queue: str) -> Sequence[Lane]:
        return _as_lanes(connection, self._lanes, self._terms(queue))

    def take(self, connection: Connection, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        terms = {**self._terms(queue), "priority": lane.priority, "tenant": lane.tenant, "limit": limit}
        found = sorted(connection.scalars(self._take, terms))
        return [Task(step=self._step, queue=queue, id=document_id) for document_id in found]

    def requeue(self, connection: Connection, queue: str, *, before: datetime) -> int:
        return connection.execute(self._requeue, {**self._terms(queue), "before": before}).rowcount

    def withdraw(self, connection: Connection, tasks: Collection[Task]) -> None:
        ids = [task.id for task in tasks if task.step is self._step and not task.first_page]
        if ids:
            connection.execute(self._withdraw, {"ids": ids})

    def _terms(self, queue: str) -> dict[str, str]:
        return {} if self._queue else {"queue": queue}


_PAGES_HERE = f"{PAGE_DUE} AND queue = :queue"


def _no_longer_queued_pages(where: str) -> TextClause:
    return text(f"""
        WITH back AS MATERIALIZED (
            SELECT document_id AS of, number AS head FROM pages WHERE state = 'queued' AND {where}
            FOR UPDATE SKIP LOCKED
        )
        UPDATE pages SET state = 'waiting', queued_at = NULL FROM back WHERE document_id = of AND number = head
    """)  # noqa: S608


class PageBacklog:
    """Pages that wait to be read. One that heads its window stands for it: the others wait until it is claimed."""

    _LANES = _lanes("pages", _PAGES_HERE)
    _TAKE = text(f"""
        WITH due AS MATERIALIZED (
            SELECT document_id AS of, number AS head FROM pages WHERE {_PAGES_HERE} AND {_OF_LANE}
            ORDER BY document_id, number LIMIT :limit FOR UPDATE SKIP LOCKED
        )
        UPDATE pages SET state = 'queued', queued_at = now() FROM due WHERE document_id = of AND number = head
        RETURNING document_id, number
    """)  # noqa: S608
    queued = "SELECT queue, count(*) AS tasks, min(queued_at) AS since FROM pages WHERE state = 'queued' GROUP BY queue"
    due = f"SELECT queue, count(*) AS tasks FROM pages WHERE {PAGE_DUE} GROUP BY queue"  # noqa: S608
    _REQUEUE = _no_longer_queued_pages("queue = :queue AND queued_at < :before")
    _WITHDRAW = _no_longer_queued_pages(
        "(document_id, number) IN (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[])))"
    )

    def lanes(self, connection: Connection, queue: str) -> Sequence[Lane]:
        return _as_lanes(connection, self._LANES, {"queue": queue})

    def take(self, connection: Connection, queue: str, lane: Lane, *, limit: int) -> Sequence[Task]:
        terms = {"queue": queue, "priority": lane.priority, "tenant": lane.tenant, "limit": limit}
        rows = connection.execute(self._TAKE, terms)
        heads: list[tuple[UUID, int]] = sorted((row.document_id, row.number) for row in rows)
        return [Task(step=Step.READ, queue=queue, id=of, first_page=number) for of, number in heads]

    def requeue(self, connection: Connection, queue: str, *, before: datetime) -> int:
        return connection.execute(self._REQUEUE, {"queue": queue, "before": before}).rowcount

    def withdraw(self, connection: Connection, tasks: Collection[Task]) -> None:
        heads = [(task.id, task.first_page) for task in tasks if task.first_page]
        if heads:
            ids, numbers = map(list, zip(*heads, strict=True))
            connection.execute(self._WITHDRAW, {"ids": ids, "numbers": numbers})


def _as_lanes(connection: Connection, statement: TextClause, terms: Mapping[str, str]) -> list[Lane]:
    return [Lane(priority=row.priority, tenant=row.tenant) for row in connection.execute(statement, terms)]
