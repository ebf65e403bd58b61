"""Pages are asked for ahead of need, in order, and a child that dies of one page does not take the others along."""

import time
from collections import deque

import pytest

from docproc.domain.errors import CorruptError, CrashedError, TimedOutError
from docproc.intake import Limits
from docproc.pages.stream import Order, PageStream
from docproc.services.work_on import LeaveWork


class FakeChild:
    """Answers in order; dies at page `deadly`, refuses page `broken`."""

    def __init__(self, *, deadly=(), broken=()):
        self.asked = []
        self.pages_done = 0
        self._deadly, self._broken = deadly, broken
        self._waiting: deque[int] = deque()

    def send(self, request):
        self.asked.append(request["number"])
        self._waiting.append(request["number"])

    def receive(self, timeout_s, *, checkpoint=lambda: None):
        checkpoint()
        number = self._waiting.popleft()
        if number in self._deadly:
            raise CrashedError if timeout_s > 0 else TimedOutError
        if number in self._broken:
            raise CorruptError
        return {"told": number}, b""


class Nursery:
    """Gives a child; another one when asked again."""

    def __init__(self, **traits):
        self.children = []
        self._traits = traits

    def __call__(self):
        self.children.append(FakeChild(**self._traits))
        return self.children[-1]


def stream(nursery, count=6, *, max_failed_pages=3, seconds=60.0, checkpoint=lambda: None):
    return PageStream(
        range(1, count + 1),
        Order(content=True),
        child=nursery,
        limits=Limits(max_failed_pages=max_failed_pages),
        deadline=time.monotonic() + seconds,
        checkpoint=checkpoint,
    )


def outcomes(pages):
    """Page numbers; for a page that failed, its error's kind and page."""
    told = []
    while True:
        try:
            told.append(next(pages).number)
        except StopIteration:
            return told
        except (CorruptError, CrashedError, TimedOutError) as exc:
            told.append((type(exc), exc.page))


def test_pages_come_in_order_from_one_child():
    nursery = Nursery()
    assert outcomes(stream(nursery)) == [1, 2, 3, 4, 5, 6]
    assert len(nursery.children) == 1


def test_what_the_checkpoint_raises_comes_out_before_the_next_page():
    asked: list[None] = []

    def checkpoint():
        asked.append(None)
        if len(asked) > 2:
            raise LeaveWork

    pages = stream(Nursery(), checkpoint=checkpoint)
    assert [next(pages).number, next(pages).number] == [1, 2]
    with pytest.raises(LeaveWork):
        next(pages)
    pages.stop()


def test_reading_ahead_is_bounded():
    nursery = Nursery()
    pages = stream(nursery, 100)
    next(pages)
    assert nursery.children[0].asked == [1, 2, 3]
    next(pages)
    assert nursery.children[0].asked == [1, 2, 3, 4]


def test_a_damaged_page_is_named_and_the_rest_goes_on():
    nursery = Nursery(broken={2})
    assert outcomes(stream(nursery)) == [1, (CorruptError, 2), 3, 4, 5, 6]
    assert len(nursery.children) == 1


def test_a_deadly_page_is_named_and_another_child_goes_on():
    nursery = Nursery(deadly={2})
    assert outcomes(stream(nursery)) == [1, (CrashedError, 2), 3, 4, 5, 6]
    assert [child.asked for child in nursery.children] == [[1, 2, 3, 4], [3, 4, 5, 6]]


def test_too_many_deadly_pages_end_the_document():
    nursery = Nursery(deadly={2, 3, 4, 5, 6})
    assert outcomes(stream(nursery)) == [1, (CrashedError, 2), (CrashedError, 3), (CrashedError, None)]


def test_a_document_whose_time_is_up_ends():
    told = outcomes(stream(Nursery(deadly={1}), seconds=-1))
    assert [kind for kind, _ in told] == [TimedOutError]


def test_a_stopped_stream_is_over_and_its_child_free():
    nursery = Nursery(broken={3})
    pages = stream(nursery)
    next(pages)
    pages.stop()
    with pytest.raises(StopIteration):
        next(pages)
    with pytest.raises(IndexError):  # nothing is left to be answered
        nursery.children[0].receive(1)
