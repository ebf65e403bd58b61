"""Loops are noticed soon, and what only looks like one is let be."""

import json

import pytest

from docproc.decoding.watch import LoopWatch, Stop


def first_alarm(text: str, *, step: int = 3) -> tuple[Stop | None, int]:
    watch, whole = LoopWatch(), text.encode()
    for place in range(0, len(whole), step):
        stop = watch.feed(whole[place : place + step])
        if stop is not None:
            return stop, place
    return None, len(whole)


@pytest.mark.parametrize("space", [" ", "\n", "\\n", "\\n ", "\\t\\n"])
def test_endless_white_space_is_noticed(space: str) -> None:
    stop, place = first_alarm('{"note":"See above.' + space * 400)
    assert stop is Stop.WHITE_SPACE
    assert place < 200


@pytest.mark.parametrize("piece", ["e", "na", "the quick brown fox ", '{"a":null,"b":"0.00"},', "ä€"])
def test_endless_repetition_is_noticed(piece: str) -> None:
    stop, place = first_alarm('{"note":"' + piece * 600)
    assert stop is Stop.REPETITION
    assert place < 30 * len(piece.encode()) + 400


def test_a_few_equal_rows_are_no_loop() -> None:
    row = {"description": "Parking fee", "quantity": "1", "unit_price": "2.50", "line_total": "2.50"}
    assert first_alarm(json.dumps({"rows": [row] * 9}, separators=(",", ":")))[0] is None


def test_many_rows_that_differ_are_no_loop() -> None:
    rows = [{"date": f"2024-01-{day:02}", "amount": f"{day * 3}.00", "note": None} for day in range(1, 29)]
    assert first_alarm(json.dumps({"rows": rows * 3}, separators=(",", ":")))[0] is None


def test_a_line_of_dots_is_no_loop() -> None:
    assert first_alarm('{"note":"Signature ' + "." * 80 + ' Date","b":null}')[0] is None


def test_what_is_meant_so_is_no_loop_and_is_shown_as_a_whole() -> None:
    runs: list[tuple[int, int]] = []

    def meant(run: bytes, period: int) -> bool:
        runs.append((len(run), period))
        assert run == run[:period] * (len(run) // period)
        return len(run) // period <= 40

    watch, row = LoopWatch(meant), b'{"a":"Parking","b":"2.50"},'
    stops = [watch.feed(row) for _ in range(60)]

    assert 40 <= stops.index(Stop.REPETITION) < 44
    assert {period for _, period in runs} == {len(row)}
