"""Asking one of several servers until one answers: places, retries, health, what each understands. Knows no schema."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from docproc.domain.errors import (
    InvalidAnswerError,
    ReaderUnavailableError,
    TimedOutError,
    TooLargeError,
    UnreachableError,
)
from docproc.observability import event
from docproc.readers.remote.config import RemoteConfig
from docproc.readers.remote.dialect import Dialect, Terms, is_too_long
from docproc.readers.remote.pace import Lane, backoff, choose
from docproc.readers.remote.stream import Answer, Ending, StreamFault
from docproc.readers.remote.wire import Endless, Refusal, Unheard, Wire, open_wire

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]

_LOOK_EVERY_S = 0.05
#: to a server that never answered yet: a wrong address is told soon
_FIRST_TRIES = 3
_MOST_TIMEOUTS = 2
_MODELS_S = 10.0
_BUSY = frozenset({429, 503})
_PASSING = frozenset({408, 409, 425})
_NOT_UNDERSTOOD = frozenset({400, 422})
_KEY_REFUSED = frozenset({401, 403})


class Question(NamedTuple):
    """What a model is asked, and the form that its answer must have."""

    model: str
    messages: Sequence[Message]
    form: Mapping[str, Any]
    #: what a server says of this form holds for others too; a form made for one answer alone may be beyond it
    is_usual: bool = True


class Waiting(NamedTuple):
    """By which clock time runs out, and how the time until the next try is spent."""

    now: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


IN_EARNEST = Waiting()


class EndpointHealth(NamedTuple):
    """What an endpoint says of itself when it is asked for its models."""

    address: str
    models: tuple[str, ...]
    #: empty: it answers
    trouble: str


class Servers:
    """The endpoints of one configuration, shared by all threads of a process."""

    def __init__(self, config: RemoteConfig, *, waiting: Waiting = IN_EARNEST) -> None:
        self.config = config
        self.waiting = waiting
        self.lanes = tuple(Lane(address, config.concurrency, clock=waiting.now) for address in config.endpoints)
        self._dialects = dict.fromkeys(config.endpoints, Dialect())
        #: endpoints that answered at least once
        self._known: set[str] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Conversation"]:
        async with open_wire(self.config.api_key) as wire:
            yield Conversation(self, wire)

    async def models(self) -> tuple[str, ...]:
        """Of the first endpoint that answers. Raises ReaderUnavailableError."""
        reason = "none is set"
        async with open_wire(self.config.api_key) as wire:
            for lane in self.lanes:
                health = await _health(wire, lane.address)
                if not health.trouble:
                    return health.models
                reason = health.trouble
        raise UnreachableError(f"No endpoint says which models it has: {reason}; name one with DOCPROC_REMOTE_MODEL.")

    async def health(self) -> list[EndpointHealth]:
        """Of every endpoint."""
        async with open_wire(self.config.api_key) as wire:
            return await asyncio.gather(*(_health(wire, lane.address) for lane in self.lanes))

    def dialect(self, address: str) -> Dialect:
        return self._dialects[address]

    def answered(self, address: str, lesson: Dialect | None) -> None:
        """It answered, and others are to be asked in the dialect of the lesson, if there is one."""
        self._known.add(address)
        if lesson is not None:
            self._dialects[address] = lesson

    def knows(self, address: str) -> bool:
        return address in self._known


async def _health(wire: Wire, address: str) -> EndpointHealth:
    try:
        async with asyncio.timeout(_MODELS_S):
            return EndpointHealth(address, await wire.models(address), "")
    except Refusal as refusal:
        return EndpointHealth(address, (), _refused(refusal.status))
    except (Unheard, Endless, StreamFault, TimeoutError) as fault:
        return EndpointHealth(address, (), _reason(fault))


@lru_cache(maxsize=8)
def servers_of(config: RemoteConfig) -> Servers:
    """One for all readers of a process: they share what the servers can bear."""
    return Servers(config)


@dataclass(slots=True)
class _Tries:
    """What came of asking one question so far."""

    deadline: float
    #: by endpoint, how often
    asked: Counter[str] = field(default_factory=Counter)
    timeouts: int = 0
    #: by endpoint, why it will not read
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.asked.total()


class Conversation:
    """Asks on behalf of one window."""

    def __init__(self, servers: Servers, wire: Wire) -> None:
        self._servers = servers
        self._wire = wire
        self._timeout_s = servers.config.timeout_s
        self._now, self._sleep = servers.waiting

    async def ask(self, question: Question) -> Answer:
        """A whole answer; what broke off or failed was asked again.

        Raises UnreachableError, ReaderUnavailableError, TimedOutError, TooLargeError, InvalidAnswerError.
        """
        so_far = _Tries(self._now() + _MOST_TIMEOUTS * self._timeout_s)
        while True:
            lane = await self._place(so_far)
            so_far.asked[lane.address] += 1
            reason = None
            try:
                return await self._asked(lane, question)
            except Refusal as refusal:
                reason = self._take_refusal(lane, refusal, so_far)
            except Endless as fault:
                raise InvalidAnswerError("The model's answer is longer than any record.") from fault
            except TimeoutError as fault:
                lane.failed()
                so_far.timeouts += 1
                if so_far.timeouts >= _MOST_TIMEOUTS:
                    raise self._timed_out() from fault
            except (Unheard, StreamFault) as fault:
                lane.failed()
                reason = _reason(fault)
            finally:
                lane.leave()
            if reason is not None:
                await self._pause(reason, so_far)

    async def _place(self, so_far: _Tries) -> Lane:
        """Where to ask next. The time limit is looked at for every try, also where there is always a place."""
        lanes = [lane for lane in self._servers.lanes if lane.address not in so_far.refused]
        while self._now() < so_far.deadline:
            if (lane := choose(lanes, so_far.asked)) is not None:
                return lane
            await self._sleep(_LOOK_EVERY_S)
        if so_far.timeouts:
            raise self._timed_out()
        raise UnreachableError(f"No endpoint took the request: all are busy or out of order{self._refusals(so_far)}.")

    def _timed_out(self) -> TimedOutError:
        return TimedOutError(f"The model did not answer within {self._timeout_s:g} s.")

    async def _pause(self, reason: str, so_far: _Tries) -> None:
        is_known = any(self._servers.knows(lane.address) for lane in self._servers.lanes)
        wait_s = backoff(so_far.count)
        enough = not is_known and so_far.count >= _FIRST_TRIES * len(self._servers.lanes)
        if enough or self._now() + wait_s >= so_far.deadline:
            raise UnreachableError(f"The server does not answer: {reason}{self._refusals(so_far)}.")
        await self._sleep(wait_s)

    async def _asked(self, lane: Lane, question: Question) -> Answer:
        """Raises Refusal, Unheard, Endless, StreamFault, TimeoutError, and DocumentError for what no retry mends."""
        terms = Terms(self._servers.dialect(lane.address), is_usual=question.is_usual)
        while True:
            body = {"model": question.model, "messages": question.messages, **terms.dialect.options(question.form)}
            try:
                async with asyncio.timeout(self._timeout_s):
                    heard = await self._wire.complete(lane.address, body)
            except Refusal as refusal:
                if refusal.status in _NOT_UNDERSTOOD and terms.leave_away(refusal.complaint):
                    continue
                if refusal.status in _NOT_UNDERSTOOD and is_too_long(refusal.complaint):
                    raise TooLargeError("The pages are too long for the model.") from refusal
                raise
            if heard.answer.ending is Ending.BROKEN:
                raise Unheard("the answer broke off")
            lane.went_well(first_byte_s=heard.first_byte_s)
            self._servers.answered(lane.address, terms.lesson)
            return heard.answer

    def _take_refusal(self, lane: Lane, refusal: Refusal, so_far: _Tries) -> str | None:
        """Raises what no retry mends; gives the reason for a pause, None where the endpoint itself is left alone."""
        status = refusal.status
        if status in _BUSY:
            asked_s = (refusal.wait_s or 0.0) * random.uniform(1, 1.1)  # noqa: S311 not for secrets
            # a server that asks for no pause at all would be asked without end
            lane.was_too_much(wait_s=min(max(asked_s, backoff(so_far.count)), self._timeout_s))
            return None
        if status in _PASSING or status >= 500:  # noqa: PLR2004 the server's own faults
            lane.failed()
            return _refused(status)
        if status == 413:  # noqa: PLR2004
            raise TooLargeError("The pages are too large for the server.") from refusal
        self._take_no(lane, refusal, so_far)
        return None

    def _take_no(self, lane: Lane, refusal: Refusal, so_far: _Tries) -> None:
        """This endpoint will not read, but another may. Raises ReaderUnavailableError when none is left."""
        reason = _refused(refusal.status)
        so_far.refused[lane.address] = reason
        if lane.refused(reason):
            event(logger, "endpoint_refused", endpoint=lane.address, status=refusal.status)
        lanes = self._servers.lanes
        if any(one.refusal is None and one.address not in so_far.refused for one in lanes):
            return
        told = reason if len(lanes) == 1 else self._refusals(so_far).removeprefix("; ")
        for one in lanes:
            one.forgive()
        raise ReaderUnavailableError(f"The server refuses to read: {told}.") from refusal

    def _refusals(self, so_far: _Tries) -> str:
        """What is to be mended at which endpoint, to be put behind another reason."""
        reasons = {lane.address: so_far.refused.get(lane.address, lane.refusal) for lane in self._servers.lanes}
        return "".join(f"; {address}: {reason}" for address, reason in reasons.items() if reason)


def _refused(status: int) -> str:
    if status in _KEY_REFUSED:
        return f"status {status}, set DOCPROC_REMOTE_API_KEY"
    if status == 404:  # noqa: PLR2004
        return "status 404, it has no such model or no such address"
    if 300 <= status < 400:  # noqa: PLR2004
        return f"status {status}, it points elsewhere: set the address that it points to"
    if status in _NOT_UNDERSTOOD:
        return f"status {status}, it does not understand the request"
    return f"status {status}"


def _reason(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "it took too long"
    if isinstance(fault, StreamFault):
        return f"its answer tells of status {fault.status}"
    return str(fault) or "its answer has no end"
