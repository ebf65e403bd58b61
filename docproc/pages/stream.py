"""Pages asked of a child ahead of need, and taken one by one; outlives a child that dies of a page; knows no format."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docproc.domain.errors import CrashedError, DocumentError, TimedOutError
from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.intake import Limits
from docproc.pages import wire
from docproc.pages.pool import Child, Slot

#: pages asked for besides the one in hand: the child works while the caller does
_READ_AHEAD = 2
_CHANNELS = 3
#: slot for a page image whose size only the child knows; it says when that is too small
_FIRST_GUESS = 12 << 20
#: how long to wait for the child to finish what nobody wants any more, before it is killed
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked of each page."""

    content: bool = False
    ocr: bool = False
    spec: PageImageSpec | None = None
    png: bool = False
    #: by page number: degrees clockwise that the page is turned by in all, as PageContent.rotation says
    rotations: Mapping[int, int] = field(default_factory=dict)

    @property
    def slot_bytes(self) -> int:
        """How much shared memory a page's image can take; 0: none is asked for."""
        if self.spec is None or self.png:
            return 0
        if isinstance(self.spec, TileCanvas):
            return (self.spec.max_tiles + 1) * self.spec.tile_px**2 * _CHANNELS
        if isinstance(self.spec, LongestSide):
            return self.spec.pixels**2 * _CHANNELS
        return _FIRST_GUESS

    def request(self, number: int, slot: Slot | None) -> wire.Header:
        return {
            "do": "page",
            "number": number,
            "content": self.content,
            "ocr": self.ocr,
            "spec": None if self.spec is None else wire.pack_spec(self.spec),
            "slot": None if slot is None else [slot.offset, slot.length],
            "rotation": self.rotations.get(number),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one page; `slot` is the receiver's to give back."""

    number: int
    header: wire.Header
    body: bytes
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class _Pending:
    number: int
    slot: Slot | None


class PageStream(Iterator[Answer]):
    """After an error that names a page, `next` goes on with the page behind it."""

    def __init__(
        self,
        numbers: Sequence[int],
        order: Order,
        *,
        child: Callable[[], Child],
        limits: Limits,
        deadline: float,
        checkpoint: Callable[[], None],
    ) -> None:
        """`child` gives a living child with the document open: again, when the former died."""
        self._numbers = deque(numbers)
        self._order = order
        self._living_child = child
        self._child: Child | None = None
        self._limits = limits
        self._deadline = deadline
        self._checkpoint = checkpoint
        self._pending: deque[_Pending] = deque()
        self._failed = 0
        # An image whose size is not known may have to be asked for twice: then nothing may stand in line behind it.
        self._ahead = 0 if self._order.slot_bytes == _FIRST_GUESS else _READ_AHEAD

    def __next__(self) -> Answer:
        if not self._pending and not self._numbers:
            raise StopIteration
        number = self._pending[0].number if self._pending else self._numbers[0]
        try:
            self._ask()
            return self._receive()
        except (CrashedError, TimedOutError) as exc:
            self._start_over(number)
            raise self._blamed(exc, number) from exc
        except DocumentError as exc:
            exc.page = exc.page or number
            raise

    def _ask(self) -> None:
        if self._child is None:
            self._child = self._living_child()
        while self._numbers and len(self._pending) <= self._ahead:
            self._send(self._numbers[0], self._order.slot_bytes)
            self._numbers.popleft()

    def _send(self, number: int, slot_bytes: int) -> None:
        assert self._child is not None  # noqa: S101 for the type checker
        slot = self._child.shared.take(slot_bytes) if slot_bytes else None
        self._pending.append(_Pending(number, slot))
        self._child.send(self._order.request(number, slot))

    def _receive(self) -> Answer:
        assert self._child is not None  # noqa: S101 for the type checker
        computing = self._limits.seconds_per_page + (self._limits.seconds_per_ocr if self._order.ocr else 0)
        allowed = computing * self._limits.wall_factor
        left = self._deadline - time.monotonic()
        try:
            header, body = self._child.receive(min(allowed, left), checkpoint=self._checkpoint)
        except DocumentError:
            self._drop(self._pending.popleft())
            raise
        pending = self._pending.popleft()
        needs = header.get("image", {}).get("needs")
        if needs is not None:
            self._drop(pending)
            self._send(pending.number, int(needs))
            return self._receive()
        self._child.pages_done += 1
        return Answer(pending.number, header, body, pending.slot)

    def _drop(self, pending: _Pending) -> None:
        if pending.slot is not None and self._child is not None:
            self._child.shared.give_back(pending.slot)

    def _start_over(self, number: int) -> None:
        """The child is dead: what was asked of it behind page `number` is asked of the next one."""
        again = [pending.number for pending in self._pending if pending.number != number]
        self._numbers = deque(other for other in (*again, *self._numbers) if other != number)
        self._pending.clear()
        self._child = None
        self._failed += 1
        if self._failed >= self._limits.max_failed_pages or time.monotonic() > self._deadline:
            self._numbers.clear()

    def _blamed(self, exc: CrashedError | TimedOutError, number: int) -> DocumentError:
        """The page's error, or the document's own when too many pages went that way."""
        given_up = self._failed >= self._limits.max_failed_pages or time.monotonic() > self._deadline
        return type(exc)(exc.message, page=None if given_up and self._failed > 1 else number)

    def stop(self) -> None:
        """Nobody wants the rest: the child is freed of it, or killed when that takes long."""
        if self._child is None:
            return
        until = time.monotonic() + _DRAIN_SECONDS
        while self._pending:
            pending = self._pending.popleft()
            try:
                self._child.receive(until - time.monotonic())
            except (CrashedError, TimedOutError):
                break
            except DocumentError:
                pass
            self._drop(pending)
        self._pending.clear()
        self._numbers.clear()
