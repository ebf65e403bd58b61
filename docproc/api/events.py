"""Server-sent events of a job: numbered ones, which miss nothing when a client comes back, and progress in between."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from docproc.api.callers import Follower, TheFace
from docproc.api.problems import problems
from docproc.api.shown import job_event, progress
from docproc.api.wiring import Face
from docproc.client.types import Progress
from docproc.domain.errors import StorageError
from docproc.observability import event
from docproc.services.catalog import JobEvent as Happened
from docproc.services.catalog import Pace, Pulse
from docproc.services.records import Job

logger = logging.getLogger(__name__)

routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])

#: a comment is sent when there was nothing to say for so long, so that nobody on the way takes the line for dead
_QUIET_S = 15.0
#: progress is told at most so often, and the pace is asked for as seldom
_PROGRESS_EVERY_S, _PACE_EVERY_S = 0.4, 2.0
_EVENTS_AT_A_TIME = 200
_HIGHEST = 2**31 - 1

Number = Annotated[int, Field(ge=0, le=_HIGHEST)]


@routes.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "Each `data` is a JobEvent, whose number is its `id`, or with `event: progress` a Progress, "
            "which has none. The stream ends with the job.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Nothing more happens to the job, and the client has seen everything"},
        **problems(404),
    },
)
async def follow(
    job_id: UUID,
    face: TheFace,
    key: Follower,
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
    try:
        async for pulse in face.lookout.follow(job.id):
            if pulse is None:  # deleted
                yield _message("gone", "{}")
                return
            async for text in teller.news(pulse):
                yield text
            if pulse.is_final and teller.seen >= pulse.events:
                return
    except StorageError as error:  # the stream ends, and who watches comes back with the last number
        event(logger, "store_unreachable", error=error.message)


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

    def _event(self, each: Happened) -> str:
        shape = job_event(each, job_id=self._job.id)
        return _message(each.kind, shape.model_dump_json(), number=each.number)

    async def _progress(self, pulse: Pulse, now: float) -> Progress:
        if self._pace is None or now - self._paced_at >= _PACE_EVERY_S or pulse.is_final:
            self._pace, self._paced_at = await asyncio.to_thread(self._catalog.pace, self._job), now
        return progress(pulse, self._pace, job_id=self._job.id)


def _message(kind: str, data: str, *, number: int | None = None) -> str:
    """One message; JSON has no line ends of its own."""
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {kind}\ndata: {data}\n\n"
