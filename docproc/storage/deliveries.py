"""Webhook and delivery rows; knows no network."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Phase
from docproc.domain.ids import new_id
from docproc.services.errand_records import Delivery, ErrandClaim, ErrandState, Webhook
from docproc.storage.database import Database
from docproc.storage.errands import SqlErrands
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import DELIVERIES, EVENTS, WEBHOOKS
from docproc.storage.tenants import require_tenant

_OPEN = (ErrandState.WAITING, ErrandState.QUEUED, ErrandState.LEASED)
_WHOLE = select(DELIVERIES, EVENTS.c.kind, EVENTS.c.document_id, EVENTS.c.happened_at).join(
    EVENTS, (EVENTS.c.job_id == DELIVERIES.c.job_id) & (EVENTS.c.number == DELIVERIES.c.event_number), isouter=False
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
        statement = select(WEBHOOKS).where(WEBHOOKS.c.tenant == tenant).order_by(WEBHOOKS.c.created_at)
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
        if row is None or webhook is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return Delivery(
            id=row.id,
            webhook=_webhook_of(webhook),
            job_id=row.job_id,
            event_number=row.event_number,
            kind=row.kind,
            document_id=row.document_id,
            happened_at=row.happened_at,
            attempt=row.attempt,
        )

    def succeed(self, claim: ErrandClaim, *, status_code: int) -> None:
        with self._database.write() as connection:
            ended = {"state": ErrandState.SUCCEEDED, "finished_at": self._database.now(connection)}
            self._end(connection, claim, {**ended, "status_code": status_code})

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
