"""How long things are kept: retention of a job, legal holds, receipts of what was deleted."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from docproc.api import cursors
from docproc.api.asks import ShortText
from docproc.api.callers import Admin, TheFace
from docproc.api.jobs import Cursor, Limit
from docproc.api.problems import problems
from docproc.api.shown import listed
from docproc.client.types import Listed, Shape
from docproc.services.keeping import Hold, keep_job, lift_hold, place_hold
from docproc.services.receipts import Receipt, ReceiptCheck, Untruth

routes = APIRouter(prefix="/v1", tags=["keeping"])

MOST_DAYS = 36500


class HoldAsk(BaseModel):
    """What is to be kept, whatever anybody else wants."""

    model_config = ConfigDict(extra="forbid")

    job_id: Annotated[UUID | None, Field(description="Null: all jobs of the tenant, those to come too.")] = None
    reason: Annotated[ShortText, Field(examples=["case 12-345"])]


class HoldShape(Shape):
    """While it stands nothing of it is deleted."""

    id: UUID
    job_id: UUID | None
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None

    @classmethod
    def of(cls, hold: Hold) -> "HoldShape":
        return cls(
            id=hold.id,
            job_id=hold.job_id,
            reason=hold.reason,
            placed_by=hold.placed_by,
            placed_at=hold.placed_at,
            lifted_by=hold.lifted_by,
            lifted_at=hold.lifted_at,
        )


class RetentionAsk(BaseModel):
    """How long a job is kept after its end."""

    model_config = ConfigDict(extra="forbid")

    keep_days: Annotated[int | None, Field(ge=1, le=MOST_DAYS, description="Null: as its tenant wants it.")]


class ReceiptShape(Shape):
    """What was deleted; each names the one before it by its hash."""

    number: Annotated[int, Field(description="From 1, without a gap.")]
    job_id: UUID
    created_at: datetime
    sha256: Annotated[str, Field(description="Of the receipt's text.")]
    facts: dict[str, Any]

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptShape":
        return cls(
            number=receipt.number,
            job_id=receipt.job_id,
            created_at=receipt.created_at,
            sha256=receipt.sha256,
            facts=dict(receipt.facts),
        )


class CheckedShape(ReceiptShape):
    """A receipt, held against what is there."""

    untruths: Annotated[list[Untruth], Field(description="Empty: rows and blobs are gone, and the receipt is whole.")]


class ReceiptQuery(BaseModel):
    """Which receipts, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    job_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor = None


@routes.put("/jobs/{job_id}/retention", status_code=204, responses=problems(404))
def set_retention(job_id: UUID, asked: RetentionAsk, face: TheFace, key: Admin) -> Response:
    """Keep a job for so many days after its end, then delete it."""
    desk = face.desk
    keep_job(desk.work.keeping, job_id, tenant=key.tenant, days=asked.keep_days, by=key.actor, audit=desk.upkeep.audit)
    return Response(status_code=204)


@routes.get("/holds", response_model=Listed[HoldShape])
def list_holds(face: TheFace, key: Admin) -> Listed[HoldShape]:
    """Legal holds, newest first, lifted ones too."""
    return Listed(items=[HoldShape.of(each) for each in face.desk.work.keeping.holds(key.tenant)])


@routes.post("/holds", status_code=201, response_model=HoldShape, responses=problems(404, 409))
def place(asked: HoldAsk, face: TheFace, key: Admin) -> HoldShape:
    """Let nothing of it be deleted until the hold is lifted."""
    desk = face.desk
    hold_id = place_hold(
        desk.work.keeping,
        tenant=key.tenant,
        job_id=asked.job_id,
        reason=asked.reason,
        by=key.actor,
        audit=desk.upkeep.audit,
    )
    return next(HoldShape.of(each) for each in desk.work.keeping.holds(key.tenant) if each.id == hold_id)


@routes.delete("/holds/{hold_id}", status_code=204, responses=problems(404))
def lift(hold_id: UUID, face: TheFace, key: Admin) -> Response:
    """Lift a hold; that it stood is told for ever."""
    desk = face.desk
    lift_hold(desk.work.keeping, hold_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    return Response(status_code=204)


@routes.get("/receipts", response_model=Listed[ReceiptShape])
def list_receipts(face: TheFace, key: Admin, asked: Annotated[ReceiptQuery, Query()]) -> Listed[ReceiptShape]:
    """What was deleted, newest first."""
    after = None if asked.cursor is None else cursors.position(asked.cursor)
    found = face.desk.front.receipts.page_through(key.tenant, job_id=asked.job_id, after=after, limit=asked.limit)
    last = cursors.cursor_of(found[-1].number) if found else None
    return listed([ReceiptShape.of(each) for each in found], limit=asked.limit, cursor=last)


@routes.get("/receipts/{number}", response_model=CheckedShape, responses=problems(404))
def get_receipt(number: Annotated[int, Path(ge=1, le=2**31 - 1)], face: TheFace, key: Admin) -> CheckedShape:
    """A receipt, held against rows and blobs now."""
    desk = face.desk
    receipt = desk.front.receipts.get(key.tenant, number)
    check = ReceiptCheck(receipts=desk.front.receipts, blobs=desk.stores.blobs, names=desk.upkeep.names)
    untruths = list(check.untruths(key.tenant, number))
    return CheckedShape(**ReceiptShape.of(receipt).model_dump(), untruths=untruths)
