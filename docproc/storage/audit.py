"""The audit: rows that are only added. Knows nothing of what was done."""

from sqlalchemy import Connection, insert

from docproc.domain.ids import new_id
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
