"""Submissions that need a parsing child take turns, on threads that nothing else waits for. Knows no submission."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from docproc.domain.errors import BusyError

#: for a turn, or for a child; then the client is asked to come again
PATIENCE_S = 20.0

T = TypeVar("T")


class ParsingTurns:
    """At most `places` at a time. Whoever waits for a turn holds no thread, and nobody waits for ever."""

    def __init__(self, *, places: int, patience_s: float = PATIENCE_S) -> None:
        self._turns = asyncio.Semaphore(places)
        self._patience_s = patience_s
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="docproc-parsing")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises BusyError when no turn comes in time, and what `work` raises."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turns.acquire()
        except TimeoutError as exc:
            raise BusyError from exc
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
        finally:
            self._turns.release()

    def close(self) -> None:
        """Nothing more is begun; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
