"""The audit: rows that are only added. Knows nothing of what was done."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select

from docproc.domain.ids import new_id
from docproc.services.audit_book import AuditEntry, AuditFilter, AuditPlace
from docproc.services.upkeep_records import Deed
from docproc.storage.database import Database
from docproc.storage.service_tables import AUDIT


class SqlAuditLog:
    """The audit in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, deed: Deed) -> None:
        with self._database.write() as connection:
            note(connection, deed, database=self._database)

    def page_through(
        self, tenant: str, *, wanted: AuditFilter, after: AuditPlace | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        statement = select(AUDIT).where(AUDIT.c.tenant == tenant, *_terms(wanted))
        if after is not None:
            same = and_(AUDIT.c.happened_at == after.happened_at, AUDIT.c.id < after.id)
            # the first condition alone is what an index can be entered with
            statement = statement.where(
                AUDIT.c.happened_at <= after.happened_at, or_(AUDIT.c.happened_at < after.happened_at, same)
            )
        newest = statement.order_by(AUDIT.c.happened_at.desc(), AUDIT.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [
                AuditEntry(
                    place=AuditPlace(happened_at=row.happened_at, id=row.id),
                    deed=Deed(tenant=row.tenant, actor=row.actor, action=row.action, subject=row.subject),
                )
                for row in connection.execute(newest)
            ]


def _terms(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.actor is not None:
        yield AUDIT.c.actor == wanted.actor
    if wanted.action is not None:
        whole = not wanted.action.endswith(".")
        yield AUDIT.c.action == wanted.action if whole else AUDIT.c.action.startswith(wanted.action, autoescape=True)
    if wanted.subject is not None:
        yield AUDIT.c.subject == wanted.subject
    if wanted.since is not None:
        yield AUDIT.c.happened_at >= wanted.since
    if wanted.before is not None:
        yield AUDIT.c.happened_at < wanted.before


def note(connection: Connection, deed: Deed, *, database: Database) -> None:
    """In the transaction that does it."""
    connection.execute(
        insert(AUDIT).values(
            id=new_id(),
            tenant=deed.tenant,
            actor=deed.actor,
            action=deed.action,
            subject=deed.subject,
            happened_at=database.now(connection),
        )
    )
