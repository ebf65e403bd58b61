"""Looks at jobs for all who wait: one look at a time for everybody, however many they are. Knows no request."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from docproc.domain.errors import DocprocError
from docproc.observability import event
from docproc.services.catalog import Catalog, Pulse

logger = logging.getLogger(__name__)

#: between two looks
LOOK_EVERY_S = 0.1


class Lookout:
    """Tells how jobs go on. Several processes of a service look each for itself, and see the same rows."""

    def __init__(self, catalog: Catalog, *, every_s: float = LOOK_EVERY_S) -> None:
        self._catalog = catalog
        self._every_s = every_s
        self._watched: Counter[UUID] = Counter()
        self._looked_at: tuple[UUID, ...] = ()
        self._seen: Mapping[UUID, Pulse] = {}
        self._round = 0
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def close(self) -> None:
        """Nobody waits any more: the process is about to end, and another one can be asked."""
        async with self._news:
            self._closed = True
            self._news.notify_all()

    async def follow(self, job_id: UUID, *, until: float | None = None) -> AsyncIterator[Pulse | None]:
        """How far the job is, after every look; None when it is gone. Ends at `until` (monotonic)."""
        self._watched[job_id] += 1
        try:
            self._begin()
            seen = self._round
            while True:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return
                try:
                    if not await asyncio.wait_for(self._after(seen, job_id), left):
                        return
                except TimeoutError:
                    return
                seen = self._round
                yield self._seen.get(job_id)
        finally:
            self._watched[job_id] -= 1
            self._watched += Counter()

    async def until_final(self, job_id: UUID, *, seconds: float) -> Pulse | None:
        """How far the job is when nothing more happens to it, or when the time is over."""
        pulse = None
        async for pulse in self.follow(job_id, until=time.monotonic() + seconds):
            if pulse is None or pulse.is_final:
                break
        return pulse

    async def _after(self, seen: int, job_id: UUID) -> bool:
        """False when nobody looks any more. A look that was under way when somebody came was not at their job."""
        async with self._news:
            await self._news.wait_for(lambda: self._closed or (self._round > seen and job_id in self._looked_at))
            return not self._closed

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="docproc-lookout")

    async def _look(self) -> None:
        """While anybody waits."""
        while self._watched and not self._closed:
            watched = tuple(self._watched)
            try:
                self._seen = await asyncio.to_thread(self._catalog.pulses, watched)
            except DocprocError as error:
                event(logger, "store_unreachable", error=error.message)
                await asyncio.sleep(1.0)
                continue
            async with self._news:
                self._round += 1
                self._looked_at = watched
                self._news.notify_all()
            await asyncio.sleep(self._every_s)
