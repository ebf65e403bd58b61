"""Review by people: what waits for them, corrections that must name the revision they saw, confirmations, history."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from docproc.api import cursors
from docproc.api.asks import JsonText, ShortText
from docproc.api.audits import note
from docproc.api.callers import Reviewer, TheFace
from docproc.api.jobs import Cursor, Limit
from docproc.api.problems import problems
from docproc.api.shapes import DocumentShape, Listed, Shape, listed
from docproc.api.wiring import Face
from docproc.bootstrap import open_review
from docproc.domain.document import DocumentState
from docproc.domain.errors import PreconditionRequiredError
from docproc.domain.extraction import Correction, Extraction
from docproc.services.key_records import ApiKey
from docproc.services.review import Reviewed
from docproc.services.review_records import ReviewFilter

routes = APIRouter(prefix="/v1", tags=["review"])

_MOST_CHANGES = 500
IfMatch = Annotated[
    str | None,
    Header(
        pattern=r'^(W/)?"?[0-9]{1,9}"?$', description="`ETag` of the extraction that was looked at.", examples=['"1"']
    ),
]


class ReviewQuery(BaseModel):
    """Which documents, and how many at a time."""

    model_config = ConfigDict(extra="forbid")

    job_id: UUID | None = None
    extraction_schema: Annotated[ShortText | None, Field(alias="schema", description="`name` or `name@version`.")] = (
        None
    )
    external_id: ShortText | None = None
    limit: Limit = 50
    cursor: Cursor = None


class ReviewedShape(Shape):
    """A document with its extraction, and the revision that a change must name."""

    document: DocumentShape
    extraction: Extraction
    revision: Annotated[int, Field(description="For `If-Match`.")]

    @classmethod
    def of(cls, reviewed: Reviewed) -> "ReviewedShape":
        return cls(
            document=DocumentShape.of(reviewed.document), extraction=reviewed.extraction, revision=reviewed.revision
        )


class RevisionShape(Shape):
    """An extraction as it was at one time."""

    revision: int
    author: Annotated[str | None, Field(description="Null: docproc, of what was read.")]
    state: DocumentState
    created_at: datetime


class HistoryShape(Shape):
    """Everything that was ever changed, oldest first; nothing of it is ever taken away."""

    revisions: list[RevisionShape]
    corrections: list[Correction]


class ConfirmAsk(BaseModel):
    """Who looks at it."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[
        ShortText | None, Field(description="The person, as your program knows them; noted behind the key.")
    ] = None


class CorrectionAsk(ConfirmAsk):
    """Values by their field paths."""

    changes: Annotated[
        dict[ShortText, JsonText],
        Field(
            description="What is to stand there; null: nothing stands there.",
            examples=[{"total": "120.00", "line_items[0].quantity": "2"}],
            min_length=1,
            max_length=_MOST_CHANGES,
        ),
    ]


@routes.get("/review", response_model=Listed[ReviewedShape])
def list_waiting(face: TheFace, key: Reviewer, asked: Annotated[ReviewQuery, Query()]) -> Listed[ReviewedShape]:
    """Documents that need a person, oldest first, each with why (its `issues`)."""
    wanted = ReviewFilter(job_id=asked.job_id, schema=asked.extraction_schema, external_id=asked.external_id)
    after = cursors.identity(asked.cursor)
    found = open_review(face.desk).waiting(key.tenant, wanted=wanted, after=after, limit=asked.limit)
    for each in found:
        note(face, key, "record.read", each.document.id)
    last = cursors.cursor_of(found[-1].document.id) if found else None
    return listed([ReviewedShape.of(each) for each in found], limit=asked.limit, cursor=last)


@routes.patch(
    "/documents/{document_id}/extraction", response_model=ReviewedShape, responses=problems(404, 409, 410, 412, 428)
)
def correct(
    document_id: UUID, asked: CorrectionAsk, face: TheFace, key: Reviewer, response: Response, if_match: IfMatch = None
) -> ReviewedShape:
    """Correct values; the rules are run again. Another person's change meanwhile is 412: look again."""
    changed = open_review(face.desk).correct(
        document_id, asked.changes, tenant=key.tenant, expected=_expected(if_match), by=_who(key, asked)
    )
    return _answered(changed, response)


@routes.post(
    "/documents/{document_id}/confirm", response_model=ReviewedShape, responses=problems(404, 409, 410, 412, 428)
)
def confirm(
    document_id: UUID,
    face: TheFace,
    key: Reviewer,
    response: Response,
    asked: ConfirmAsk | None = None,
    if_match: IfMatch = None,
) -> ReviewedShape:
    """Say that a record is right as it is."""
    changed = open_review(face.desk).confirm(
        document_id, tenant=key.tenant, expected=_expected(if_match), by=_who(key, asked)
    )
    return _answered(changed, response)


@routes.get("/documents/{document_id}/history", response_model=HistoryShape, responses=problems(404, 410))
def get_history(document_id: UUID, face: TheFace, key: Reviewer) -> HistoryShape:
    """Who changed what and when, with the old values and the new."""
    return _history(face, key, document_id)


def _history(face: Face, key: ApiKey, document_id: UUID) -> HistoryShape:
    room = open_review(face.desk)
    revisions = [
        RevisionShape(revision=each.number, author=each.author, state=each.extraction.state, created_at=each.created_at)
        for each in room.revisions(document_id, tenant=key.tenant)
    ]
    corrections = room.history(document_id, tenant=key.tenant)
    note(face, key, "record.read", document_id)
    return HistoryShape(revisions=revisions, corrections=list(corrections))


def _expected(if_match: str | None) -> int:
    """Raises PreconditionRequiredError."""
    if if_match is None:
        raise PreconditionRequiredError
    return int(if_match.removeprefix("W/").strip('"'))


def _who(key: ApiKey, asked: ConfirmAsk | None) -> str:
    return key.actor if asked is None or asked.by is None else f"{key.actor}/{asked.by}"


def _answered(changed: Reviewed, response: Response) -> ReviewedShape:
    response.headers["ETag"] = f'"{changed.revision}"'
    return ReviewedShape.of(changed)
