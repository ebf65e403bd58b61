"""Server-sent events of a job: numbered ones, which miss nothing when a client comes back, and progress in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from docproc.api.callers import Reader, TheFace
from docproc.api.problems import problems
from docproc.api.shapes import DocumentCountsShape, PageCountsShape, Shape
from docproc.api.wiring import Face
from docproc.services.catalog import JobEvent, Pace, Pulse
from docproc.services.records import Job

routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])

#: a comment is sent when there was nothing to say for so long, so that nobody on the way takes the line for dead
_QUIET_S = 15.0
#: progress is told at most so often, and the pace is asked for as seldom
_PROGRESS_EVERY_S, _PACE_EVERY_S = 0.4, 2.0
_EVENTS_AT_A_TIME = 200
_HIGHEST = 2**31 - 1

Number = Annotated[int, Field(ge=0, le=_HIGHEST)]


class EventShape(Shape):
    """Something that happened to a job; numbers begin at 1 and have no gap."""

    number: int
    kind: Annotated[str, Field(examples=["document.succeeded"])]
    job_id: UUID
    document_id: UUID | None
    happened_at: datetime


class ProgressShape(Shape):
    """How far a job is; told from rows alone, so everybody who watches is told the same."""

    job_id: UUID
    documents: DocumentCountsShape
    pages: PageCountsShape
    pages_per_s: float | None
    seconds_left: Annotated[float | None, Field(description="At the pace so far; null when that tells nothing.")]
    jobs_ahead: Annotated[int, Field(description="Unfinished jobs of the same queue that are served before it.")]
    pages_ahead: int


@routes.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "`id` is the number of an event; `progress` has none. The stream ends with the job.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Nothing more happens to the job, and the client has seen everything"},
        **problems(404),
    },
)
async def follow(
    job_id: UUID,
    face: TheFace,
    key: Reader,
    last_event_id: Annotated[Number | None, Header(description="Of the last event seen.")] = None,
    after: Annotated[Number, Query(description="The same, for clients that cannot send the header.")] = 0,
) -> Response:
    """Watch a job: all its events, and in between its counts, pages a second, place in the queue and time left."""
    stores = face.desk.stores
    job = await asyncio.to_thread(lambda: stores.jobs.get(job_id, tenant=key.tenant))
    seen = after if last_event_id is None else last_event_id
    pulse = (await asyncio.to_thread(face.desk.front.catalog.pulses, [job_id])).get(job_id)
    if pulse is not None and pulse.is_final and seen >= pulse.events:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(face, job, seen), media_type="text/event-stream", headers=headers)


async def _told(face: Face, job: Job, seen: int) -> AsyncIterator[str]:
    teller = _Teller(face, job, seen)
    yield "retry: 1000\n\n"
    async for pulse in face.lookout.follow(job.id):
        if pulse is None:  # deleted
            yield _message("gone", "{}")
            return
        async for text in teller.news(pulse):
            yield text
        if pulse.is_final and teller.seen >= pulse.events:
            return


class _Teller:
    """What one watcher was told so far."""

    def __init__(self, face: Face, job: Job, seen: int) -> None:
        self.seen = seen
        self._catalog = face.desk.front.catalog
        self._job = job
        self._clock = asyncio.get_running_loop().time
        self._told_at = self._paced_at = -_QUIET_S
        self._pulse: Pulse | None = None
        self._pace: Pace | None = None

    async def news(self, pulse: Pulse) -> AsyncIterator[str]:
        """Events first: progress never runs ahead of them."""
        while self.seen < pulse.events:
            events = await asyncio.to_thread(
                self._catalog.events, self._job.id, after=self.seen, limit=_EVENTS_AT_A_TIME
            )
            for each in events:
                self.seen = each.number
                yield self._event(each)
            if not events:
                break
        now = self._clock()
        changed = self._pulse is None or (pulse.pages, pulse.documents) != (self._pulse.pages, self._pulse.documents)
        if changed and (now - self._told_at >= _PROGRESS_EVERY_S or pulse.is_final):
            self._pulse, self._told_at = pulse, now
            yield _message("progress", (await self._progress(pulse, now)).model_dump_json())
        elif now - self._told_at >= _QUIET_S:
            self._told_at = now
            yield ": still here\n\n"

    def _event(self, each: JobEvent) -> str:
        shape = EventShape(
            number=each.number,
            kind=each.kind,
            job_id=self._job.id,
            document_id=each.document_id,
            happened_at=each.happened_at,
        )
        return _message(each.kind, shape.model_dump_json(), number=each.number)

    async def _progress(self, pulse: Pulse, now: float) -> ProgressShape:
        if self._pace is None or now - self._paced_at >= _PACE_EVERY_S or pulse.is_final:
            self._pace, self._paced_at = await asyncio.to_thread(self._catalog.pace, self._job), now
        rate, left = self._pace.pages_per_s(pulse.pages), self._pace.seconds_left(pulse)
        return ProgressShape(
            job_id=self._job.id,
            documents=DocumentCountsShape(total=pulse.documents.total, **asdict(pulse.documents)),
            pages=PageCountsShape(**asdict(pulse.pages)),
            pages_per_s=None if rate is None else round(rate, 3),
            seconds_left=None if left is None else round(left, 1),
            jobs_ahead=self._pace.jobs_ahead,
            pages_ahead=self._pace.pages_ahead,
        )


def _message(kind: str, data: str, *, number: int | None = None) -> str:
    """One message; JSON has no line ends of its own."""
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {kind}\ndata: {data}\n\n"
