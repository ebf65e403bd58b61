"""Webhooks: URLs that are told of a tenant's events, signed; what became of each message, and once more."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from docproc.api import cursors
from docproc.api.callers import Admin, TheFace
from docproc.api.jobs import Cursor, Limit
from docproc.api.problems import problems
from docproc.api.shown import listed
from docproc.client.types import Listed, Shape
from docproc.domain.errand import ErrandState
from docproc.domain.failure import Failure
from docproc.services.add_webhook import add_webhook, remove_webhook
from docproc.services.errand_ports import LogFilter
from docproc.services.errand_records import LogEntry, Webhook
from docproc.services.storable import storable
from docproc.services.webhooks import Sibling, ping, replay, replay_all, retire_secret, rotate_secret, webhook_of
from docproc.sinks.guarded import require_reachable

routes = APIRouter(prefix="/v1", tags=["webhooks"])


class WebhookAsk(BaseModel):
    """Where to tell what."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(storable), Field(max_length=2000, examples=["https://erp.example.com/docproc"])]
    kinds: Annotated[
        list[str], Field(description="Of events; none: all of them.", examples=[["job.succeeded"]], max_length=50)
    ] = []


class WebhookShape(Shape):
    """A webhook, without its secrets."""

    id: UUID
    url: str
    kinds: list[str]
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookShape":
        return cls(
            id=webhook.id,
            url=webhook.url,
            kinds=list(webhook.kinds),
            created_at=webhook.created_at,
            disabled_at=webhook.disabled_at,
        )


class NewWebhookShape(Shape):
    """A webhook that was just made."""

    id: UUID
    secret: Annotated[str, Field(description="Shown this once: it signs every message.")]


class DeliveryQuery(BaseModel):
    """Which deliveries, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    webhook_id: UUID | None = None
    state: ErrandState | None = None
    job_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor = None

    def filter(self) -> LogFilter:
        return LogFilter(webhook_id=self.webhook_id, state=self.state, job_id=self.job_id)


class ReplayAsk(BaseModel):
    """What to send again."""

    model_config = ConfigDict(extra="forbid")

    webhook_id: UUID | None = None
    state: Annotated[ErrandState | None, Field(description="`failed`: what was given up.", examples=["failed"])] = None
    job_id: UUID | None = None


class DeliveryShape(Shape):
    """One event on its way to one webhook."""

    id: UUID
    webhook_id: UUID
    job_id: Annotated[UUID | None, Field(description="Null: a ping.")]
    event_number: int | None
    kind: Annotated[str | None, Field(description="Null: its job was deleted.")]
    document_id: UUID | None
    state: ErrandState
    attempts: int
    created_at: datetime
    due_at: Annotated[datetime, Field(description="When it is tried next, or was.")]
    finished_at: datetime | None
    failure: Failure | None

    @classmethod
    def of(cls, entry: LogEntry) -> "DeliveryShape":
        return cls(
            id=entry.place.id,
            webhook_id=entry.webhook_id,
            job_id=entry.job_id,
            event_number=entry.event_number,
            kind=entry.kind,
            document_id=entry.document_id,
            state=entry.state,
            attempts=entry.attempts,
            created_at=entry.place.created_at,
            due_at=entry.due_at,
            finished_at=entry.finished_at,
            failure=entry.failure,
        )


class TryShape(Shape):
    """One try to deliver."""

    attempt: int
    happened_at: datetime
    seconds: float
    status_code: int | None
    reason: Annotated[str | None, Field(description="Why it was not taken; null: it was.")]


class DeliveryDetailShape(DeliveryShape):
    """With every try."""

    tries: list[TryShape]


class ReplayedShape(Shape):
    """How many are sent again."""

    deliveries: int


@routes.get("/webhooks", response_model=Listed[WebhookShape])
def list_webhooks(face: TheFace, key: Admin) -> Listed[WebhookShape]:
    """Where the tenant is told of events, removed ones too."""
    return Listed(items=[WebhookShape.of(each) for each in face.desk.errands.deliveries.webhooks(tenant=key.tenant)])


@routes.post("/webhooks", status_code=201, response_model=NewWebhookShape)
def add(asked: WebhookAsk, face: TheFace, key: Admin) -> NewWebhookShape:
    """Tell a URL of events, signed with a secret that is shown this once."""
    desk = face.desk
    require_reachable(asked.url, inside=face.webhook_hosts)
    made = add_webhook(
        desk.errands.deliveries,
        tenant=key.tenant,
        url=asked.url,
        kinds=asked.kinds,
        by=key.actor,
        audit=desk.upkeep.audit,
    )
    return NewWebhookShape(id=made.id, secret=made.secret)


@routes.delete("/webhooks/{webhook_id}", status_code=204, responses=problems(404))
def remove(webhook_id: UUID, face: TheFace, key: Admin) -> Response:
    """Tell it no more."""
    desk = face.desk
    remove_webhook(desk.errands.deliveries, webhook_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    return Response(status_code=204)


@routes.post("/webhooks/{webhook_id}/rotate", response_model=NewWebhookShape, responses=problems(404, 409))
def rotate(webhook_id: UUID, face: TheFace, key: Admin) -> NewWebhookShape:
    """A new secret; the one before signs too until it is retired, so that no message is lost on the way.

    While two sign there is no third: it is a conflict.
    """
    desk = face.desk
    secret = rotate_secret(
        desk.errands.deliveries, webhook_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit
    )
    return NewWebhookShape(id=webhook_id, secret=secret)


@routes.post("/webhooks/{webhook_id}/retire", status_code=204, responses=problems(404, 409))
def retire(
    webhook_id: UUID,
    face: TheFace,
    key: Admin,
    secret: Annotated[
        Sibling, Query(description="Of two that sign: the `newer` one when nobody got it, as the answer was lost.")
    ] = Sibling.OLDER,
) -> Response:
    """One of two secrets signs no more; with one alone nothing changes."""
    desk = face.desk
    retire_secret(
        desk.errands.deliveries, webhook_id, tenant=key.tenant, which=secret, by=key.actor, audit=desk.upkeep.audit
    )
    return Response(status_code=204)


@routes.post("/webhooks/{webhook_id}/ping", status_code=202, response_model=DeliveryShape, responses=problems(404, 409))
def try_out(webhook_id: UUID, face: TheFace, key: Admin) -> DeliveryShape:
    """Send a message that is about nothing; what became of it is in the log."""
    desk = face.desk
    delivery_id = ping(desk.errands.deliveries, webhook_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    face.wake()
    return DeliveryShape.of(desk.errands.deliveries.entry(delivery_id, tenant=key.tenant))


@routes.get("/deliveries", response_model=Listed[DeliveryShape], responses=problems(404))
def list_deliveries(face: TheFace, key: Admin, asked: Annotated[DeliveryQuery, Query()]) -> Listed[DeliveryShape]:
    """The log: messages to webhooks, newest first."""
    deliveries = face.desk.errands.deliveries
    if asked.webhook_id is not None:
        webhook_of(deliveries, asked.webhook_id, tenant=key.tenant)
    after = cursors.log_place(asked.cursor)
    found = deliveries.log(key.tenant, wanted=asked.filter(), after=after, limit=asked.limit)
    last = cursors.cursor_of(found[-1].place.created_at.isoformat(), found[-1].place.id) if found else None
    return listed([DeliveryShape.of(each) for each in found], limit=asked.limit, cursor=last)


@routes.get("/deliveries/{delivery_id}", response_model=DeliveryDetailShape, responses=problems(404))
def get_delivery(delivery_id: UUID, face: TheFace, key: Admin) -> DeliveryDetailShape:
    """One message, with every try."""
    deliveries = face.desk.errands.deliveries
    entry = deliveries.entry(delivery_id, tenant=key.tenant)
    tries = [
        TryShape(
            attempt=each.attempt,
            happened_at=each.happened_at,
            seconds=each.tried.seconds,
            status_code=each.tried.status_code,
            reason=each.tried.reason,
        )
        for each in deliveries.tries(delivery_id, tenant=key.tenant)
    ]
    return DeliveryDetailShape(**DeliveryShape.of(entry).model_dump(), tries=tries)


@routes.post("/deliveries/{delivery_id}/replay", response_model=DeliveryShape, responses=problems(404, 409))
def send_again(delivery_id: UUID, face: TheFace, key: Admin) -> DeliveryShape:
    """Send one again that has ended, under the same event id."""
    desk = face.desk
    replay(desk.errands.deliveries, delivery_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    face.wake()
    return DeliveryShape.of(desk.errands.deliveries.entry(delivery_id, tenant=key.tenant))


@routes.post("/replays", response_model=ReplayedShape, responses=problems(404))
def send_all_again(asked: ReplayAsk, face: TheFace, key: Admin) -> ReplayedShape:
    """Send again all that are meant and have ended."""
    desk = face.desk
    wanted = LogFilter(webhook_id=asked.webhook_id, state=asked.state, job_id=asked.job_id)
    count = replay_all(desk.errands.deliveries, tenant=key.tenant, wanted=wanted, by=key.actor, audit=desk.upkeep.audit)
    face.wake()
    return ReplayedShape(deliveries=count)
