"""Events as lines: what they hold, and what never gets into one."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from docproc.observability import EVENTS, bound, event
from docproc.observability.lines import JsonFormatter, TextFormatter

SECRET = "Erika Mustermann"  # noqa: S105 what stood in a document
logger = logging.getLogger("docproc.tests.lines")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What this process writes, until the test is over."""
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(worker="here-1"))
    before = logger.level
    logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    logger.setLevel(before)


def last(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_an_event_is_one_json_object_with_its_facts(lines: io.StringIO) -> None:
    event(logger, "dispatched", tasks=3)

    line = last(lines)

    assert line.pop("time")
    assert line.pop("pid")
    assert line == {
        "level": "DEBUG",
        "logger": "docproc.tests.lines",
        "message": "tasks sent",
        "action": "dispatched",
        "tasks": 3,
        "worker": "here-1",
    }


def test_an_event_has_what_was_bound_around_it_and_no_longer(lines: io.StringIO) -> None:
    with bound(job_id="j", attempt=1), bound(attempt=2):
        event(logger, "task_started")
        inside = last(lines)
    event(logger, "task_started")

    assert (inside["job_id"], inside["attempt"]) == ("j", 2)
    assert "job_id" not in last(lines)


def test_an_event_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        event(logger, "made_up")


def test_of_an_error_only_its_type_and_its_place_are_told(lines: io.StringIO) -> None:
    try:
        int(SECRET)
    except ValueError as error:
        event(logger, "keeper_failed", cause=error)

    line = last(lines)

    assert line["error"] == "ValueError"
    assert "test_of_an_error" in str(line["frames"])
    assert SECRET not in lines.getvalue()


@pytest.mark.parametrize(
    ("name", "text", "arguments", "told"),
    [
        ("celery.app.trace", "Task %(name)s[%(id)s] raised: %(exc)s", ({"name": "a", "id": "b", "exc": SECRET},), None),
        ("kombu.connection", "lost %s, try %d", (ConnectionError(SECRET), 3), "lost <ConnectionError>, try 3"),
        ("celery.worker", "mingle: all alone", (), "mingle: all alone"),
        ("somebody.reader", f"read {SECRET}", (), "<withheld>"),
        ("somebody.reader", "read %s", (SECRET,), "read <str>"),
        ("somebody.reader", ValueError(SECRET), (), "<ValueError>"),
    ],
)  # fmt: skip
def test_what_other_packages_put_into_a_message_is_masked(
    name: str, text: object, arguments: tuple[object, ...], told: str | None, lines: io.StringIO
) -> None:
    logging.getLogger(name).warning(text, *arguments)

    assert SECRET not in lines.getvalue()
    assert told is None or last(lines)["message"] == told


def test_a_message_that_cannot_be_masked_is_told_as_it_was_written() -> None:
    record = logging.makeLogRecord({"name": "somebody.reader", "msg": "at %d", "args": (SECRET,)})

    assert json.loads(JsonFormatter().format(record))["message"] == "at %d"


def test_what_other_packages_hang_on_a_record_is_dropped(lines: io.StringIO) -> None:
    logging.getLogger("somebody.reader").warning("read", extra={"text": SECRET})

    assert SECRET not in lines.getvalue()


def test_a_fact_that_is_not_plain_is_named_by_its_type(lines: io.StringIO) -> None:
    logger.warning("odd", extra={"action": "odd", "record": {"name": SECRET}, "codes": ("a", 1)})

    assert last(lines)["record"] == "<dict>"
    assert last(lines)["codes"] == ["a", 1]


def test_text_is_one_line_for_a_person() -> None:
    facts = {"name": "docproc.x", "msg": "lease\nlost", "levelname": "WARNING", "action": "lease_lost", "attempt": 2}

    line = TextFormatter().format(logging.makeLogRecord(facts))

    assert line.endswith("WARNING lease lost action=lease_lost attempt=2")


def test_a_stream_that_is_no_terminal_gets_json() -> None:
    """In a process of its own: what is set up there is set up for good."""
    code = f"""
import io, sys, threading, warnings, logging
from docproc.observability import event
from docproc.observability.logs import begin_logs
begin_logs(sys.stderr, level="WARNING", worker="w")
log = logging.getLogger("docproc.x")
event(log, "task_started")
event(log, "lease_lost")
logging.getLogger("somebody").info("quiet")
warnings.warn("{SECRET}")
thread = threading.Thread(target=lambda: int("{SECRET}"))
thread.start(); thread.join()
raise ValueError("{SECRET}")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    found = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert [line.get("action") for line in found] == ["lease_lost", None, "crashed", "crashed"]
    assert found[1]["message"] == "UserWarning at <string>:10"
    assert SECRET not in ended.stderr
    assert {line["worker"] for line in found} == {"w"}


def test_texts_of_events_are_constant_and_differ() -> None:
    texts = [kind.text for kind in EVENTS.values()]

    assert len(set(texts)) == len(texts)
    assert not any("%" in text or "{" in text for text in texts)
