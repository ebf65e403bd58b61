"""Passwords of jobs, sealed, in a table: they go with their job. Knows no cipher."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, update

from docproc.domain.errors import NotFoundError, SealedError
from docproc.services.passwords import together
from docproc.storage.database import Database
from docproc.storage.rows import AnyRow
from docproc.storage.sealing import Seal, Sealed
from docproc.storage.tables import JOBS, SEALED_PASSWORDS
from docproc.storage.upserts import insert_or_leave

_SEALED = SEALED_PASSWORDS.c


class SqlPasswords:
    """Sealed passwords in a database; without a key they are only known to be there."""

    reach_workers = True

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def give(self, job_id: UUID, passwords: Sequence[str]) -> None:
        with self._database.write() as connection:
            # who gives one at the same time waits for its turn, and whoever deletes the job too
            job = select(JOBS.c.id).where(JOBS.c.id == job_id).with_for_update(key_share=True)
            if connection.scalar(job) is None:
                raise NotFoundError(f"there is no job {job_id}")
            self._keep(connection, job_id, together(passwords, self._earlier(connection, job_id)))

    def _earlier(self, connection: Connection, job_id: UUID) -> tuple[str, ...]:
        """What cannot be opened any more gives way to what is given now."""
        try:
            return self._of(connection, job_id)
        except SealedError:
            return ()

    def _keep(self, connection: Connection, job_id: UUID, passwords: Sequence[str]) -> None:
        sealed = self._seal.seal(job_id, passwords)
        values = {"key_id": sealed.key_id, "sealed": sealed.text}
        known = update(SEALED_PASSWORDS).where(_SEALED.job_id == job_id).values(values)
        if not connection.execute(known).rowcount:
            insert_or_leave(connection, SEALED_PASSWORDS, {"job_id": job_id, **values})

    def of(self, job_id: UUID) -> tuple[str, ...]:
        with self._database.read() as connection:
            return self._of(connection, job_id)

    def _of(self, connection: Connection, job_id: UUID) -> tuple[str, ...]:
        row = connection.execute(select(SEALED_PASSWORDS).where(_SEALED.job_id == job_id)).first()
        return () if row is None else self._opened(row)

    def _opened(self, row: AnyRow) -> tuple[str, ...]:
        return self._seal.open(row.job_id, Sealed(key_id=row.key_id, text=row.sealed))

    def forget(self, job_id: UUID) -> None:
        with self._database.write() as connection:
            connection.execute(delete(SEALED_PASSWORDS).where(_SEALED.job_id == job_id))

    @property
    def key_ids(self) -> tuple[str, ...]:
        return self._seal.key_ids

    def try_it(self) -> None:
        for key_id in self.key_ids:
            newest = select(SEALED_PASSWORDS).where(_SEALED.key_id == key_id).order_by(_SEALED.job_id.desc()).limit(1)
            with self._database.read() as connection:
                row = connection.execute(newest).first()
            if row is not None:
                self._opened(row)

    def counts(self) -> Mapping[str, int]:
        statement = select(_SEALED.key_id, func.count()).group_by(_SEALED.key_id).order_by(_SEALED.key_id)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def seal_again(self, *, batch: int) -> int:
        renewed, after = 0, UUID(int=0)
        due = select(SEALED_PASSWORDS).where(_SEALED.key_id.in_(self.key_ids[1:])).order_by(_SEALED.job_id).limit(batch)
        while True:
            with self._database.write() as connection:
                # past what is damaged: however much of that there is, it must not keep the others from another key
                rows = connection.execute(due.where(_SEALED.job_id > after).with_for_update()).all()
                if not rows:
                    return renewed
                renewed += sum(self._sealed_again(connection, row) for row in rows)
                after = rows[-1].job_id

    def _sealed_again(self, connection: Connection, row: AnyRow) -> bool:
        try:
            self._keep(connection, row.job_id, self._opened(row))
        except SealedError:
            return False
        return True
