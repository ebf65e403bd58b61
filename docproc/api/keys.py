"""API keys of a tenant: made, listed, revoked."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from docproc.api.asks import ShortText
from docproc.api.callers import Admin, TheFace
from docproc.api.problems import problems
from docproc.api.shapes import Listed, Shape
from docproc.services.key_records import ApiKey, KeyTerms, Scope
from docproc.services.keys import create_key, revoke_key

routes = APIRouter(prefix="/v1/keys", tags=["keys"])


class KeyAsk(BaseModel):
    """The key that is wanted."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[ShortText, Field(description="What people know it by.", examples=["erp"], max_length=100)]
    scopes: Annotated[set[Scope], Field(min_length=1, examples=[["submit", "read"]])]
    days: Annotated[float | None, Field(gt=0, le=36500, description="It expires then; null: never.")] = None


class KeyShape(Shape):
    """A key, without what opens."""

    id: UUID
    name: str
    prefix: Annotated[str, Field(examples=["docproc_Ab3xYz"])]
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyShape":
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class NewKeyShape(Shape):
    """A key that was just made."""

    id: UUID
    key: Annotated[str, Field(description="Shown this once: only a hash is kept.")]


@routes.get("", response_model=Listed[KeyShape])
def list_keys(face: TheFace, key: Admin) -> Listed[KeyShape]:
    """Keys of the tenant, oldest first, revoked ones too."""
    return Listed(items=[KeyShape.of(each) for each in face.desk.front.keys.of_tenant(key.tenant)])


@routes.post("", status_code=201, response_model=NewKeyShape)
def make_key(asked: KeyAsk, face: TheFace, key: Admin) -> NewKeyShape:
    """Make a key of the same tenant."""
    lasts = None if asked.days is None else timedelta(days=asked.days)
    terms = KeyTerms(name=asked.name, scopes=frozenset(asked.scopes), lasts=lasts)
    desk = face.desk
    made = create_key(desk.front.keys, terms, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    return NewKeyShape(id=made.id, key=made.token)


@routes.delete("/{key_id}", status_code=204, responses=problems(404))
def revoke(key_id: UUID, face: TheFace, key: Admin) -> Response:
    """Let a key open nothing more, at once; also the one that asks."""
    desk = face.desk
    revoke_key(desk.front.keys, key_id, tenant=key.tenant, by=key.actor, audit=desk.upkeep.audit)
    return Response(status_code=204)
