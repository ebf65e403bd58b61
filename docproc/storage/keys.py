"""Rows of API keys, found by a hash; knows no token."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from docproc.domain.errors import NotFoundError
from docproc.domain.ids import new_id
from docproc.services.key_records import ApiKey, KeyTerms, Scope
from docproc.storage.database import Database
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import KEYS
from docproc.storage.tenants import require_tenant

#: a key that is used all the time is written about this often: not with every request
NOTED_EVERY = timedelta(minutes=5)


class SqlKeyStore:
    """API keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, terms: KeyTerms, *, tenant: str, prefix: str, token_sha256: str) -> UUID:
        key_id = new_id()
        with self._database.write() as connection:
            require_tenant(connection, tenant)
            now = self._database.now(connection)
            connection.execute(
                insert(KEYS).values(
                    id=key_id,
                    tenant=tenant,
                    name=terms.name,
                    prefix=prefix,
                    hash=token_sha256,
                    scopes=sorted(terms.scopes),
                    created_at=now,
                    expires_at=None if terms.lasts is None else now + terms.lasts,
                )
            )
        return key_id

    def live(self, token_sha256: str) -> ApiKey | None:
        with self._database.read() as connection:
            now = self._database.now(connection)
            row = connection.execute(select(KEYS).where(KEYS.c.hash == token_sha256, _is_live(now))).first()
        if row is None:
            return None
        if row.last_used_at is None or row.last_used_at < now - NOTED_EVERY:
            self._note_use(row.id, now)
        return _key_of(row)

    def _note_use(self, key_id: UUID, now: datetime) -> None:
        with self._database.write() as connection:
            stale = or_(KEYS.c.last_used_at.is_(None), KEYS.c.last_used_at < now - NOTED_EVERY)
            connection.execute(update(KEYS).where(KEYS.c.id == key_id, stale).values(last_used_at=now))

    def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        statement = select(KEYS).where(KEYS.c.tenant == tenant).order_by(KEYS.c.created_at, KEYS.c.id)
        with self._database.read() as connection:
            return [_key_of(row) for row in connection.execute(statement)]

    def revoke(self, key_id: UUID, *, tenant: str) -> None:
        mine = (KEYS.c.id == key_id, KEYS.c.tenant == tenant)
        with self._database.write() as connection:
            now = self._database.now(connection)
            values = {"revoked_at": func.coalesce(KEYS.c.revoked_at, now)}
            if not connection.execute(update(KEYS).where(*mine).values(values)).rowcount:
                raise NotFoundError(f"there is no key {key_id}")

    def revoke_all(self, tenant: str) -> int:
        with self._database.write() as connection:
            now = self._database.now(connection)
            live = (KEYS.c.tenant == tenant, _is_live(now))
            return connection.execute(update(KEYS).where(*live).values(revoked_at=now)).rowcount

    def any_live(self) -> bool:
        with self._database.read() as connection:
            now = self._database.now(connection)
            return connection.execute(select(KEYS.c.id).where(_is_live(now)).limit(1)).first() is not None


def _is_live(now: datetime) -> ColumnElement[bool]:
    return and_(KEYS.c.revoked_at.is_(None), or_(KEYS.c.expires_at.is_(None), KEYS.c.expires_at > now))


def _key_of(row: AnyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(map(Scope, row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
