"""When a request is sent again."""

import pytest

from docproc.client.attempts import Attempts
from docproc.client.errors import ServerError, ServerUnreachableError
from docproc.client.types import Problem

ALWAYS = Attempts(most=4, chance=lambda: 1.0)


def refused(status, retry_after_s=None):
    problem = Problem(type="about:blank", title="", status=status, code="x", detail="y")
    return ServerError(problem, retry_after_s=retry_after_s)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_after_longer_and_longer_pauses(status):
    pauses = [ALWAYS.pause_s(refused(status), attempt=attempt) for attempt in (1, 2, 3)]
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422, 500])
def test_what_would_be_refused_again_is_not(status):
    assert ALWAYS.pause_s(refused(status), attempt=1) is None


def test_a_server_that_does_not_answer_is_asked_again():
    assert ALWAYS.pause_s(ServerUnreachableError("away"), attempt=1) == 0.5


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_may_be_done_already_is_not_asked_for_again_unless_that_does_no_harm(status):
    assert ALWAYS.pause_s(refused(status), attempt=1, repeatable=False) is None
    assert ALWAYS.pause_s(ServerUnreachableError("lost"), attempt=1, repeatable=False) is None
    assert ALWAYS.pause_s(ServerUnreachableError("away", was_asked=False), attempt=1, repeatable=False) == 0.5
    assert ALWAYS.pause_s(refused(429), attempt=1, repeatable=False) == 0.5


def test_attempts_end():
    assert ALWAYS.pause_s(refused(503), attempt=4) is None


def test_no_attempt_comes_before_the_time_that_the_server_named():
    hasty = Attempts(chance=lambda: 0.0)
    assert hasty.pause_s(refused(429, retry_after_s=7.0), attempt=1) == 7.0


def test_nobody_waits_for_more_than_a_minute():
    assert ALWAYS.pause_s(refused(429, retry_after_s=3600.0), attempt=1) is None
    assert Attempts(most=99, chance=lambda: 1.0).pause_s(refused(503), attempt=50) == 60.0
