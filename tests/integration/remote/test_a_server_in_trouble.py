"""Reading from a model server that is in trouble, slow or canceled: every page ends in an accounted state."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from doubles.canceling import CanceledError, cancel_while_a_server_answers
from doubles.openai_server import (
    Body,
    OpenAiServer,
    Reply,
    after,
    body,
    cut,
    endless,
    openai_server,
    raw,
    reset,
    said,
    status,
    torn,
    trickled,
)
from doubles.remote_reading import BILL, GOOD, SCHEMA, Clock, read, reader
from doubles.waiting import PATIENCE_S

from docproc.domain.errors import (
    InvalidAnswerError,
    ReaderUnavailableError,
    TimedOutError,
    UnreachableError,
)
from docproc.domain.reading import Spent

pytestmark = pytest.mark.integration


# --- a server in trouble ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        status(500),
        status(502),
        status(429),
        status(503),
        status(429, headers={"Retry-After": "0.2"}),
        cut(GOOD),
        torn(GOOD),
        reset,
        raw(b"<html>gateway</html>"),
        body({"error": {"code": 500}}),
        body({"choices": []}),
        raw(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_passing_trouble_passes(server: OpenAiServer, trouble: Reply) -> None:
    server.replies(trouble, said(GOOD))

    assert read(server).record["total"] == "12.50"
    assert len(server.asked) == 2


def test_a_server_may_say_how_long_to_wait(server: OpenAiServer) -> None:
    server.replies(status(429, headers={"Retry-After": "1.5"}), said(GOOD))
    began = time.monotonic()
    read(server)

    assert time.monotonic() - began >= 1.5


def test_a_server_is_asked_again_as_soon_as_it_said(server: OpenAiServer) -> None:
    server.replies(status(429, headers={"Retry-After": "15"}), said(GOOD))
    clock = Clock()
    read(server, clock=clock)

    assert 15 <= clock.now < 17


def test_a_storm_of_429_is_weathered_with_fewer_at_a_time(server: OpenAiServer) -> None:
    def crowded(told: Body, number: int) -> Reply:
        del told, number
        time.sleep(0.02)
        return status(429) if server.in_use > 2 else said(GOOD)

    server.reply = crowded
    one = reader(server, timeout_s=PATIENCE_S)
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: one.read(BILL, SCHEMA).record["total"], range(24)))

    assert records == ["12.50"] * 24


def test_as_many_at_a_time_as_allowed_and_no_more(server: OpenAiServer) -> None:
    two = Barrier(2)

    def answer_two(told: Body, number: int) -> Reply:
        del told, number
        two.wait(PATIENCE_S)
        time.sleep(0.02)  # whoever is one too many would come now
        return said(GOOD)

    server.reply = answer_two
    one = reader(server, concurrency=2, timeout_s=PATIENCE_S)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: one.read(BILL, SCHEMA), range(12)))

    assert server.most_in_use == 2


def test_a_storm_without_end_is_told_at_the_time_limit(server: OpenAiServer) -> None:
    server.replies(status(429))
    clock = Clock()
    with pytest.raises(UnreachableError, match="busy"):
        read(server, clock=clock)

    assert 60 <= clock.now < 61  # twice what one answer may take


@pytest.mark.parametrize("asked", ["0", "-1", "nan", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_server_that_asks_for_no_pause_is_given_one_and_an_end(server: OpenAiServer, asked: str) -> None:
    most = 601  # 60 s, and 0.1 s between two
    server.reply = lambda _, number: status(429, headers={"Retry-After": asked}) if number < most else said(GOOD)
    clock = Clock()
    with pytest.raises(UnreachableError, match="busy"):
        read(server, clock=clock)

    assert clock.now < 61
    assert len(server.asked) <= most


def test_an_endpoint_that_refuses_takes_no_work_from_one_that_is_well(
    server: OpenAiServer, caplog: pytest.LogCaptureFixture
) -> None:
    with openai_server() as refusing:
        refusing.replies(status(404))
        server.replies(after(0.02, said(GOOD)))
        one = reader(refusing, server)
        with ThreadPoolExecutor(8) as pool:
            records = list(pool.map(lambda _: one.read(BILL, SCHEMA).record["total"], range(32)))
    told = [vars(line) for line in caplog.records if getattr(line, "action", "") == "endpoint_refused"]

    assert records == ["12.50"] * 32
    assert len(refusing.asked) <= 8
    assert [(line["endpoint"], line["status"]) for line in told] == [(refusing.url, 404)]


def test_endpoints_that_all_refuse_are_told_with_the_reason_of_each(server: OpenAiServer) -> None:
    with openai_server() as other:
        server.replies(status(401))
        other.replies(status(400, "Acme secret"))
        one = reader(server, other)
        for _ in range(2):  # the second is not left waiting for a rest to end
            with pytest.raises(ReaderUnavailableError) as caught:
                one.read(BILL, SCHEMA)
            assert f"{server.url}: status 401, set DOCPROC_REMOTE_API_KEY" in caught.value.message
            assert f"{other.url}: status 400" in caught.value.message
            assert "Acme" not in caught.value.message
        other.replies(said(GOOD))

        assert one.read(BILL, SCHEMA).record["total"] == "12.50"


def test_an_endpoint_that_refuses_is_named_beside_the_fault_of_another(server: OpenAiServer) -> None:
    server.replies(status(403))
    with openai_server() as sick:
        sick.replies(status(500))
        with pytest.raises(UnreachableError) as caught:
            reader(server, sick, timeout_s=2).read(BILL, SCHEMA)

    assert f"{server.url}: status 403" in caught.value.message


def test_a_server_that_never_answered_is_given_up_soon(server: OpenAiServer) -> None:
    server.replies(status(500, "Acme secret"))
    with pytest.raises(UnreachableError, match="500") as caught:
        read(server)
    assert "Acme" not in caught.value.message
    assert len(server.asked) == 3
    assert caught.value.retryable


def test_nobody_there_is_told() -> None:
    with openai_server() as gone:
        pass
    with pytest.raises(UnreachableError, match="cannot be reached"):
        read(gone)


def test_an_endpoint_in_trouble_is_left_for_one_that_is_well(server: OpenAiServer) -> None:
    with openai_server() as sick:
        sick.replies(reset)
        server.replies(said(GOOD))
        one = reader(sick, server)
        for _ in range(12):
            assert one.read(BILL, SCHEMA).record["total"] == "12.50"

    assert len(sick.asked) <= 4
    assert len(server.asked) == 12


def test_a_slow_trickle_ends_at_the_time_limit(server: OpenAiServer) -> None:
    server.replies(trickled(GOOD * 1000, pause_s=0.05))  # half an hour
    with pytest.raises(TimedOutError):
        read(server, timeout_s=0.6)


def test_a_slow_server_that_was_busy_before_is_called_slow(server: OpenAiServer) -> None:
    clock, trickle = Clock(), trickled(GOOD * 1000, pause_s=0.05)

    def slow(told: Body, number: int) -> Reply:
        del told
        clock.now += 2 * number  # the second answer uses up what the whole may take
        return trickle if number else status(429)

    server.reply = slow
    with pytest.raises(TimedOutError):
        read(server, timeout_s=0.6, clock=clock)


def test_an_answer_without_end_is_cut(server: OpenAiServer) -> None:
    server.replies(endless)
    with pytest.raises(InvalidAnswerError, match="longer than any record"):
        read(server, timeout_s=PATIENCE_S)
    assert server.given_up.wait(PATIENCE_S)


@pytest.mark.parametrize("reply", [trickled(GOOD * 1000, pause_s=0.05), status(429, headers={"Retry-After": "30"})])
def test_a_canceled_window_is_given_up_long_before_its_answer(server: OpenAiServer, reply: Reply) -> None:
    server.replies(reply)
    assert cancel_while_a_server_answers(server) < 10


def test_a_canceled_window_closes_its_connection(server: OpenAiServer) -> None:
    server.replies(trickled(GOOD * 1000, pause_s=0.05))

    def checkpoint() -> None:
        if server.asked:
            raise CanceledError

    with pytest.raises(CanceledError):
        read(server, replace(BILL, checkpoint=checkpoint))
    assert server.given_up.wait(PATIENCE_S)


def test_what_was_answered_before_a_window_was_canceled_is_told(server: OpenAiServer) -> None:
    server.replies(said("no record"), trickled(GOOD * 1000, pause_s=0.05))
    told = list[Spent]()

    def checkpoint() -> None:
        if len(server.asked) > 1:
            raise CanceledError

    with pytest.raises(CanceledError):
        read(server, replace(BILL, checkpoint=checkpoint, left=told.append))

    assert [(spent.attempts, spent.usage.prompt_tokens) for spent in told] == [(1, 100)]
