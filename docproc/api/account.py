"""What a tenant may and did: its limits, its usage, its audit."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from docproc.api import cursors
from docproc.api.asks import Moment, ShortText
from docproc.api.callers import Admin, TheFace
from docproc.api.jobs import Cursor, Limit
from docproc.api.keeping import MOST_DAYS
from docproc.api.shown import listed
from docproc.api.wiring import Face
from docproc.client.types import Listed, Shape
from docproc.services.audit_book import AuditFilter
from docproc.services.key_records import ApiKey
from docproc.services.limits import keep_jobs_of, month_of
from docproc.services.usage import UsageBy, UsageFilter

routes = APIRouter(prefix="/v1", tags=["account"])

Since = Annotated[Moment | None, Field(description="Then or later.")]
Before = Annotated[Moment | None, Field(description="Earlier than that.")]


class LimitsShape(Shape):
    """What a tenant may ask for; null: as much as it likes."""

    requests_per_s: float | None
    burst: int | None
    pages_per_month: int | None
    keep_days: Annotated[int | None, Field(description="Its jobs are deleted so many days after their end.")]


class TenantAsk(BaseModel):
    """What a tenant says for itself; its other limits are the operator's."""

    model_config = ConfigDict(extra="forbid")

    keep_days: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_DAYS,
            description="Its jobs are deleted so many days after their end; null: not by themselves.",
            examples=[90],
        ),
    ]


class TenantShape(Shape):
    """Whose key this is."""

    name: str
    limits: LimitsShape
    pages_this_month: Annotated[int, Field(description="Read, or waiting to be read; months are UTC.")]


class UsageQuery(BaseModel):
    """Which usage, and told apart by what."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[list[UsageBy], Field(description="Once or more; none: one sum.", max_length=4)] = []
    since: Since = None
    before: Before = None


class UsageShape(Shape):
    """What was used in one group."""

    group: Annotated[dict[UsageBy, str], Field(examples=[{"day": "2026-03-01"}])]
    pages: int
    tiles: int
    prompt_tokens: int
    output_tokens: int
    seconds: Annotated[float, Field(description="Of readers.")]


class AuditQuery(BaseModel):
    """Which entries, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    actor: ShortText | None = None
    action: Annotated[
        ShortText | None, Field(description="Such as `record.read`, or `record.` for all.", examples=["record."])
    ] = None
    subject: ShortText | None = None
    since: Since = None
    before: Before = None
    limit: Limit = 50
    cursor: Cursor = None


class AuditShape(Shape):
    """Who did what to what, and when."""

    happened_at: datetime
    actor: str
    action: str
    subject: str


@routes.get("/tenant", response_model=TenantShape)
def get_tenant(face: TheFace, key: Admin) -> TenantShape:
    """The tenant of the key, and how much of its limits is used."""
    return _tenant(face, key)


@routes.patch("/tenant", response_model=TenantShape)
def change_tenant(asked: TenantAsk, face: TheFace, key: Admin) -> TenantShape:
    """Say how long the tenant's jobs are kept, those there are too; a job's own retention and holds go before it."""
    desk = face.desk
    keep_jobs_of(desk.front.limits, key.tenant, days=asked.keep_days, by=key.actor, audit=desk.upkeep.audit)
    return _tenant(face, key)


def _tenant(face: Face, key: ApiKey) -> TenantShape:
    limits = face.desk.front.limits
    found = limits.get(key.tenant)
    shape = LimitsShape(
        requests_per_s=found.requests_per_s,
        burst=found.burst,
        pages_per_month=found.pages_per_month,
        keep_days=found.keep_days,
    )
    pages = limits.pages_since(key.tenant, month_of(limits.now()))
    return TenantShape(name=key.tenant, limits=shape, pages_this_month=pages)


@routes.get("/usage", response_model=Listed[UsageShape])
def get_usage(face: TheFace, key: Admin, asked: Annotated[UsageQuery, Query()]) -> Listed[UsageShape]:
    """Pages, tiles, tokens and seconds, summed."""
    wanted = UsageFilter(tenant=key.tenant, since=asked.since, before=asked.before)
    found = face.desk.front.usage.sums(wanted, by=tuple(dict.fromkeys(asked.by)))
    return Listed(
        items=[
            UsageShape(
                group=dict(each.group),
                pages=each.pages,
                tiles=each.tiles,
                prompt_tokens=each.prompt_tokens,
                output_tokens=each.output_tokens,
                seconds=each.seconds,
            )
            for each in found
        ]
    )


@routes.get("/audit", response_model=Listed[AuditShape])
def list_audit(face: TheFace, key: Admin, asked: Annotated[AuditQuery, Query()]) -> Listed[AuditShape]:
    """Who did what, newest first: changes, and looks at records, images and exports."""
    wanted = AuditFilter(
        actor=asked.actor, action=asked.action, subject=asked.subject, since=asked.since, before=asked.before
    )
    after = cursors.audit_place(asked.cursor)
    found = face.desk.front.audit.page_through(key.tenant, wanted=wanted, after=after, limit=asked.limit)
    last = cursors.cursor_of(found[-1].place.happened_at.isoformat(), found[-1].place.id) if found else None
    items = [
        AuditShape(
            happened_at=each.place.happened_at,
            actor=each.deed.actor,
            action=each.deed.action,
            subject=each.deed.subject,
        )
        for each in found
    ]
    return listed(items, limit=asked.limit, cursor=last)
