"""Many threads ask, one thread passes over all rows at once: continuous batching. Knows no page and no schema."""

import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch

from docproc.decoding.generation import Generation
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.errors import DocprocError, ReaderUnavailableError, TooLargeError, UnsupportedError
from docproc.domain.reading import go_on
from docproc.readers.vlm.engine.lane import Lane
from docproc.readers.vlm.engine.network import Network
from docproc.readers.vlm.engine.requests import OF_ONE_PROMPT, CanceledError, Request, Ticket

#: a prompt that leaves less room than this for its answer is refused
_LEAST_ANSWER = 128
#: and what says that the device itself will compute nothing any more
_DEVICE_ERROR = getattr(torch, "AcceleratorError", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy the engine is."""

    running: int
    waiting: int
    #: most that run together
    rows: int


class Adapters(Protocol):
    """Makes the model one with an adapter, or as it is."""

    @property
    def names(self) -> Collection[str]:
        """Those that there are."""
        ...

    def use(self, name: str | None) -> None:
        """From the next pass on."""
        ...


class Engine:
    """See the package's own words."""

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        *,
        rows: int,
        adapters: Adapters | None = None,
    ) -> None:
        """Start its thread.

        Args:
            network: the model.
            vocabulary: of the model's tokenizer, as wide as its logits.
            rows: most that share a pass.
            adapters: that requests may name; None: only the model as it is can be asked.
        """
        self.vocabulary = vocabulary
        #: passes over rows so far, those over prompts not counted
        self.passes = 0
        #: and over how many rows those went, taken together
        self.row_passes = 0
        self._network = network
        self._rows = rows
        self._adapters = adapters
        self._lanes: dict[str | None, Lane] = {}
        self._waiting: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._broken: BaseException | None = None
        self._pool = ThreadPoolExecutor(max_workers=max(1, min(rows, 8)), thread_name_prefix="docproc-plans")
        self._thread = threading.Thread(target=self._run, name="docproc-engine", daemon=True)
        self._thread.start()

    @property
    def model(self) -> Any:  # noqa: ANN401 any image-text-to-text model of transformers
        """The model itself; only the engine's thread may run it."""
        return self._network.model

    @property
    def is_running(self) -> bool:
        """It was not closed, and its device has not failed."""
        return not self._closing

    @property
    def context(self) -> int:
        """Most tokens of a prompt with its answer."""
        return self._network.context

    @property
    def load(self) -> Load:
        """As it is now; another thread may change it at once."""
        return Load(running=self._running, waiting=len(self._waiting), rows=self._rows)

    def generate(self, request: Request, checkpoint: Callable[[], None] = go_on) -> Generation:
        """The answer; waits for it. Raises what `checkpoint` raises, TooLargeError, ReaderUnavailableError."""
        return self.submit(request).result(checkpoint)

    def submit(self, request: Request) -> Ticket:
        """Queue a request. Raises TooLargeError, or ReaderUnavailableError when the engine has broken or was closed."""
        if request.prompt.token_count + _LEAST_ANSWER > self.context:
            raise TooLargeError(
                f"The window's prompt has {request.prompt.token_count:,} tokens, and the model takes {self.context:,} "
                "with its answer: read fewer pages at a time."
            )
        if request.adapter is not None and (self._adapters is None or request.adapter not in self._adapters.names):
            raise ReaderUnavailableError(f"There is no adapter called {request.adapter!r}.")
        ticket = Ticket(request)
        with self._changed:
            if self._broken is not None or self._closing:
                raise _unavailable(self._broken)
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket

    def close(self) -> None:
        """End the thread; who waits gets a CanceledError."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    # --- on the engine's own thread ---------------------------------------------------------------------------------

    @property
    def _running(self) -> int:
        return sum(len(lane.rows) for lane in list(self._lanes.values()))

    def _run(self) -> None:
        failed: BaseException | None = None
        try:
            while self._wait():
                self._turn()
        except BaseException as exc:  # noqa: BLE001 whatever it was, who waits must hear of it
            self._broken = failed = exc
        finally:
            # each of its own: whoever reads writes on it what its window has cost
            self._end(CanceledError if failed is None else partial(_unavailable, failed))

    def _wait(self) -> bool:
        """Until there is something to do; false at the end."""
        with self._changed:
            while not (self._closing or self._waiting or self._running):
                self._changed.wait()
            return not self._closing

    def _turn(self) -> None:
        """Let one more row in, then one pass of each lane."""
        for lane in self._lanes.values():
            lane.drop_canceled()
        self._admit()
        for adapter, lane in self._lanes.items():
            if lane.rows:
                self._use(adapter)
                self.row_passes += len(lane.rows)
                self.passes += 1
                if not lane.step():
                    self._rows = max(1, self._running)

    def _admit(self) -> None:
        if self._running >= self._rows or (ticket := self._next()) is None:
            return
        try:
            self._join(ticket)
        except torch.OutOfMemoryError:
            if not self._running:
                ticket.fail(TooLargeError("The device has no memory for this window: read fewer pages at a time."))
                return
            # no more at a time than there was room for
            self._rows = self._running
            with self._changed:
                self._waiting.appendleft(ticket)
        except BaseException as exc:
            if not isinstance(exc, OF_ONE_PROMPT) or isinstance(exc, _DEVICE_ERROR):
                ticket.fail(_unavailable(exc))
                raise
            # of this window alone: whoever reads a document goes on with its other pages
            refusal = UnsupportedError(f"The model cannot take this page or window ({type(exc).__name__}).")
            refusal.__cause__ = exc
            ticket.fail(refusal)

    def _join(self, ticket: Ticket) -> None:
        adapter = ticket.request.adapter
        if adapter not in self._lanes:
            self._lanes[adapter] = Lane(self._network, self.vocabulary, pool=self._pool)
        self._use(adapter)
        self._lanes[adapter].join(ticket)

    def _next(self) -> Ticket | None:
        with self._changed:
            while self._waiting:
                ticket = self._waiting.popleft()
                if not ticket.is_canceled:
                    return ticket
                ticket.fail(CanceledError())
        return None

    def _use(self, adapter: str | None) -> None:
        if self._adapters is not None:
            self._adapters.use(adapter)

    def _end(self, error: Callable[[], DocprocError]) -> None:
        for lane in self._lanes.values():
            lane.fail(error)
        with self._changed:
            self._closing = True
            while self._waiting:
                self._waiting.popleft().fail(error())
        self._pool.shutdown()


def _unavailable(error: BaseException | None) -> ReaderUnavailableError:
    if error is None:
        return ReaderUnavailableError("The model's engine was closed.")
    return ReaderUnavailableError(f"The model's engine has failed ({type(error).__name__}): {error}")
