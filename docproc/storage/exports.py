"""Export rows; knows nothing of what is in an export."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select

from docproc.domain.errand import ErrandState
from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Phase
from docproc.domain.ids import new_id
from docproc.services.errand_records import ErrandClaim, Export
from docproc.storage.changes import wake
from docproc.storage.database import Database
from docproc.storage.errands import SqlErrands
from docproc.storage.rows import AnyRow, failure_of
from docproc.storage.service_tables import EXPORTS


class SqlExportStore(SqlErrands):
    """Exports in a database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, EXPORTS, phase=Phase.EXPORT)

    def ask_for(self, job_id: UUID, *, tenant: str, export_format: str, dialect: str) -> UUID:
        export_id = new_id()
        with self._database.write() as connection:
            now = self._database.now(connection)
            facts = {"job_id": job_id, "tenant": tenant, "format": export_format, "dialect": dialect}
            times = {"due_at": now, "created_at": now}
            connection.execute(insert(EXPORTS).values(id=export_id, state=ErrandState.WAITING, **facts, **times))
            wake(connection)
        return export_id

    def get(self, export_id: UUID, *, tenant: str) -> Export:
        with self._database.read() as connection:
            row = self._row(connection, export_id)
        if row is None or row.tenant != tenant:
            raise NotFoundError(f"there is no export {export_id}")
        return _export_of(row)

    def of_job(self, job_id: UUID, *, tenant: str) -> Sequence[Export]:
        mine = (EXPORTS.c.job_id == job_id, EXPORTS.c.tenant == tenant)
        with self._database.read() as connection:
            rows = connection.execute(select(EXPORTS).where(*mine).order_by(EXPORTS.c.created_at.desc()))
            return [_export_of(row) for row in rows]

    def succeed(self, claim: ErrandClaim, *, blob_key: str, byte_count: int, records: int) -> None:
        with self._database.write() as connection:
            facts = {"blob_key": blob_key, "byte_count": byte_count, "records": records}
            ended = {"state": ErrandState.SUCCEEDED, "finished_at": self._database.now(connection)}
            self._end(connection, claim, {**facts, **ended})


def _export_of(row: AnyRow) -> Export:
    return Export(
        id=row.id,
        job_id=row.job_id,
        tenant=row.tenant,
        format=row.format,
        dialect=row.dialect,
        state=row.state,
        blob_key=row.blob_key,
        byte_count=row.byte_count,
        records=row.records,
        failure=failure_of(row.failure),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
