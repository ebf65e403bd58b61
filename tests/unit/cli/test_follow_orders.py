"""A member of a crew: its passwords come first, then orders; the end of the orders means to leave."""

import io
import os
import threading
from collections.abc import Iterator
from typing import IO, TypeAlias

import pytest
from doubles.waiting import until

from docproc.cli.crew import follow_orders
from docproc.queueing.local import StopSignal

Line: TypeAlias = tuple[IO[str], IO[str]]
PASSWORDS = '["one", "two words", "z\\u00fcnder"]\n'


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


@pytest.fixture
def line() -> Iterator[Line]:
    """A member's standard input and its other end."""
    heard, said = os.pipe()
    with os.fdopen(heard, encoding="utf-8") as orders, os.fdopen(said, "w", encoding="utf-8", buffering=1) as giver:
        giver.write(PASSWORDS)
        yield orders, giver
        giver.close()
        until(lambda: not listens())


def listens() -> bool:
    return any(thread.name == "docproc-orders" for thread in threading.enumerate())


def test_the_first_line_holds_the_passwords(line: Line, stop: StopSignal) -> None:
    assert follow_orders(line[0], stop) == ["one", "two words", "zünder"]
    assert not stop.finishing


def test_an_order_to_finish_leaves_what_is_in_flight_alone(line: Line, stop: StopSignal) -> None:
    follow_orders(line[0], stop)
    line[1].write("finish\n")

    until(lambda: stop.finishing)
    assert not stop.leaving


def test_the_end_of_the_orders_means_to_leave(line: Line, stop: StopSignal) -> None:
    follow_orders(line[0], stop)
    line[1].close()

    until(lambda: stop.leaving)


def test_an_unknown_order_is_passed_over(line: Line, stop: StopSignal) -> None:
    follow_orders(line[0], stop)
    line[1].write("dance\n")
    line[1].write("finish\n")

    until(lambda: stop.finishing)
    assert not stop.leaving


def test_without_a_line_there_is_no_password_and_nobody_to_work_for(stop: StopSignal) -> None:
    assert follow_orders(io.StringIO(""), stop) == []
    until(lambda: stop.leaving)
