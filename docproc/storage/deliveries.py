"""Webhook and delivery rows; knows no network."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from docproc.domain.errand import ErrandState
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.failure import Failure, Phase
from docproc.domain.ids import new_id
from docproc.services.errand_ports import LogFilter
from docproc.services.errand_records import (
    PING,
    Delivery,
    ErrandClaim,
    LogEntry,
    LoggedTry,
    LogPlace,
    Named,
    Tried,
    Webhook,
)
from docproc.storage.changes import wake
from docproc.storage.database import Database
from docproc.storage.errands import SqlErrands
from docproc.storage.rows import AnyRow, failure_json, failure_of
from docproc.storage.service_tables import DELIVERIES, DELIVERY_ATTEMPTS, EVENTS, WEBHOOKS
from docproc.storage.tables import DOCUMENTS, JOBS
from docproc.storage.tenants import require_tenant

_OPEN = (ErrandState.WAITING, ErrandState.QUEUED, ErrandState.LEASED)
_ENDED = (ErrandState.SUCCEEDED, ErrandState.FAILED)
_OF_EVENT = (EVENTS.c.job_id == DELIVERIES.c.job_id) & (EVENTS.c.number == DELIVERIES.c.event_number)
_LOGGED = select(DELIVERIES, EVENTS.c.kind, EVENTS.c.document_id, EVENTS.c.happened_at).join(
    EVENTS, _OF_EVENT, isouter=True
)
_WHOLE = (
    _LOGGED.add_columns(
        JOBS.c.external_id.label("job_name"),
        JOBS.c.metadata.label("job_metadata"),
        DOCUMENTS.c.external_id.label("document_name"),
        DOCUMENTS.c.metadata.label("document_metadata"),
    )
    .join(JOBS, JOBS.c.id == EVENTS.c.job_id, isouter=True)
    .join(DOCUMENTS, DOCUMENTS.c.id == EVENTS.c.document_id, isouter=True)
)


class SqlDeliveryStore(SqlErrands):
    """Webhooks and deliveries in a database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, DELIVERIES, phase=Phase.DELIVER)

    def add_webhook(self, *, tenant: str, url: str, secret: str, kinds: Sequence[str]) -> UUID:
        webhook_id = new_id()
        with self._database.write() as connection:
            require_tenant(connection, tenant)
            values = {"id": webhook_id, "tenant": tenant, "url": url, "secrets": [secret], "kinds": list(kinds)}
            connection.execute(insert(WEBHOOKS).values(**values, created_at=self._database.now(connection)))
        return webhook_id

    def webhooks(self, *, tenant: str) -> Sequence[Webhook]:
        lasting = (WEBHOOKS.c.tenant == tenant, WEBHOOKS.c.job_id.is_(None))
        statement = select(WEBHOOKS).where(*lasting).order_by(WEBHOOKS.c.created_at)
        with self._database.read() as connection:
            return [_webhook_of(row) for row in connection.execute(statement)]

    def disable(self, webhook_id: UUID, *, tenant: str) -> None:
        mine = (WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.tenant == tenant)
        with self._database.write() as connection:
            values = {"disabled_at": func.coalesce(WEBHOOKS.c.disabled_at, func.now())}
            if not connection.execute(update(WEBHOOKS).where(*mine).values(values)).rowcount:
                raise NotFoundError(f"there is no webhook {webhook_id}")

    def get(self, delivery_id: UUID) -> Delivery:
        with self._database.read() as connection:
            row = connection.execute(_WHOLE.where(DELIVERIES.c.id == delivery_id)).first()
            webhook = row and connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.id == row.webhook_id)).first()
        if row is None or webhook is None or (row.kind is None and row.job_id is not None):
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return Delivery(
            id=row.id,
            webhook=_webhook_of(webhook),
            job_id=row.job_id,
            event_number=row.event_number,
            kind=row.kind or PING,
            document_id=row.document_id,
            happened_at=row.happened_at or row.created_at,
            attempt=row.attempt,
            spent=row.spent,
            job=None if row.job_id is None else Named(external_id=row.job_name, metadata=row.job_metadata or {}),
            document=(
                None
                if row.document_id is None
                else Named(external_id=row.document_name, metadata=row.document_metadata or {})
            ),
        )

    def succeed(self, claim: ErrandClaim, *, tried: Tried) -> None:
        values = {"state": ErrandState.SUCCEEDED, "status_code": tried.status_code}
        self._ended(claim, values, tried=tried)

    def give_up(self, claim: ErrandClaim, failure: Failure, *, tried: Tried | None = None) -> None:
        code = tried and tried.status_code
        values = {"state": ErrandState.FAILED, "failure": failure_json(failure), "status_code": code}
        self._ended(claim, values, tried=tried)

    def _ended(self, claim: ErrandClaim, values: dict[str, Any], *, tried: Tried | None) -> None:
        with self._database.write() as connection:
            now = self._database.now(connection)
            self._end(connection, claim, {**values, "finished_at": now})
            _log(connection, claim, tried, now)

    def put_off(self, claim: ErrandClaim, *, tried: Tried, after_s: float) -> None:
        with self._database.write() as connection:
            now = self._database.now(connection)
            waiting = {"state": ErrandState.WAITING, "stalled": 0, "status_code": tried.status_code}
            self._end(connection, claim, {**waiting, "due_at": now + timedelta(seconds=after_s)})
            _log(connection, claim, tried, now)
            wake(connection)

    def set_secrets(self, webhook_id: UUID, secrets: Sequence[str], *, before: Sequence[str], tenant: str) -> None:
        mine = (WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.tenant == tenant)
        with self._database.write() as connection:
            found = connection.execute(select(WEBHOOKS.c.secrets).where(*mine).with_for_update()).first()
            if found is None:
                raise NotFoundError(f"there is no webhook {webhook_id}")
            if found.secrets != list(before):
                raise ConflictError("somebody else has just changed the secrets of the webhook")
            connection.execute(update(WEBHOOKS).where(*mine).values(secrets=list(secrets)))

    def ping(self, webhook_id: UUID, *, tenant: str) -> UUID:
        delivery_id = new_id()
        mine = (WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.tenant == tenant)
        with self._database.write() as connection:
            webhook = connection.execute(select(WEBHOOKS).where(*mine)).first()
            if webhook is None:
                raise NotFoundError(f"there is no webhook {webhook_id}")
            if webhook.disabled_at is not None:
                raise ConflictError("the webhook was removed")
            now = self._database.now(connection)
            values = {"id": delivery_id, "webhook_id": webhook_id, "tenant": tenant, "state": ErrandState.WAITING}
            connection.execute(insert(DELIVERIES).values(**values, due_at=now, created_at=now))
            wake(connection)
        return delivery_id

    def log(
        self, tenant: str, *, wanted: LogFilter, after: LogPlace | None = None, limit: int = 100
    ) -> Sequence[LogEntry]:
        statement = _LOGGED.where(DELIVERIES.c.tenant == tenant, *_terms(wanted))
        if after is not None:
            same = and_(DELIVERIES.c.created_at == after.created_at, DELIVERIES.c.id < after.id)
            statement = statement.where(
                DELIVERIES.c.created_at <= after.created_at, or_(DELIVERIES.c.created_at < after.created_at, same)
            )
        newest = statement.order_by(DELIVERIES.c.created_at.desc(), DELIVERIES.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_entry_of(row) for row in connection.execute(newest)]

    def entry(self, delivery_id: UUID, *, tenant: str) -> LogEntry:
        mine = (DELIVERIES.c.id == delivery_id, DELIVERIES.c.tenant == tenant)
        with self._database.read() as connection:
            row = connection.execute(_LOGGED.where(*mine)).first()
        if row is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return _entry_of(row)

    def tries(self, delivery_id: UUID, *, tenant: str) -> Sequence[LoggedTry]:
        mine = (DELIVERIES.c.id == delivery_id, DELIVERIES.c.tenant == tenant)
        statement = select(DELIVERY_ATTEMPTS).join(DELIVERIES, DELIVERIES.c.id == DELIVERY_ATTEMPTS.c.delivery_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.where(*mine).order_by(DELIVERY_ATTEMPTS.c.attempt))
            return [
                LoggedTry(
                    attempt=row.attempt,
                    happened_at=row.happened_at,
                    tried=Tried(seconds=row.seconds, status_code=row.status_code, reason=row.reason),
                )
                for row in rows
            ]

    def replay(self, tenant: str, *, wanted: LogFilter, delivery_id: UUID | None = None) -> int:
        terms = [DELIVERIES.c.tenant == tenant, DELIVERIES.c.state.in_(_ENDED), *_terms(wanted)]
        if delivery_id is not None:
            terms.append(DELIVERIES.c.id == delivery_id)
        with self._database.write() as connection:
            anew = {"state": ErrandState.WAITING, "due_at": self._database.now(connection), "finished_at": None}
            # attempts count on: by their number a late worker is told
            values = {**anew, "failure": None, "status_code": None, "stalled": 0, "spent": DELIVERIES.c.attempt}
            count = connection.execute(update(DELIVERIES).where(*terms).values(values)).rowcount
            wake(connection)
            return count

    def forget_ended(self, *, older_than_s: float, limit: int) -> int:
        with self._database.write() as connection:
            before = self._database.now(connection) - timedelta(seconds=older_than_s)
            old = select(DELIVERIES.c.id).where(DELIVERIES.c.finished_at < before).limit(limit)
            return connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_(old))).rowcount

    def open_count(self, *, tenant: str) -> int:
        mine = (DELIVERIES.c.tenant == tenant, DELIVERIES.c.state.in_(_OPEN))
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(DELIVERIES).where(*mine)) or 0


def _webhook_of(row: AnyRow) -> Webhook:
    return Webhook(
        id=row.id,
        tenant=row.tenant,
        url=row.url,
        secrets=tuple(row.secrets),
        kinds=tuple(row.kinds),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def _log(connection: Connection, claim: ErrandClaim, tried: Tried | None, now: datetime) -> None:
    if tried is None:
        return
    told = {"seconds": tried.seconds, "status_code": tried.status_code, "reason": tried.reason}
    values = {"delivery_id": claim.id, "attempt": claim.attempt, "happened_at": now, **told}
    connection.execute(insert(DELIVERY_ATTEMPTS).values(values))


def _terms(wanted: LogFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.webhook_id is not None:
        yield DELIVERIES.c.webhook_id == wanted.webhook_id
    if wanted.state is not None:
        yield DELIVERIES.c.state == wanted.state
    if wanted.job_id is not None:
        yield DELIVERIES.c.job_id == wanted.job_id


def _entry_of(row: AnyRow) -> LogEntry:
    return LogEntry(
        place=LogPlace(created_at=row.created_at, id=row.id),
        webhook_id=row.webhook_id,
        job_id=row.job_id,
        event_number=row.event_number,
        kind=PING if row.job_id is None else row.kind,
        document_id=row.document_id,
        state=row.state,
        attempts=row.attempt,
        due_at=row.due_at,
        finished_at=row.finished_at,
        failure=failure_of(row.failure),
    )
