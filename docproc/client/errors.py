"""What a client raises: a server's own refusals with their codes, and a server that does not answer."""

from http import HTTPStatus

from httpx2 import Response
from pydantic import ValidationError

from docproc.client.types import Problem
from docproc.domain.errors import DocprocError, UsageError


class ServerError(DocprocError):
    """The server could not do it. `problem.code` tells programs why."""

    def __init__(self, problem: Problem, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{problem.detail} ({problem.status}, {problem.code})")
        self.problem = problem
        #: before then it would be refused again; None: the server did not say
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        return self.problem.status


class RefusedByServerError(ServerError, UsageError):
    """The server refuses what was asked: asked in the same way, it would refuse it again (status 4xx)."""


class ServerUnreachableError(DocprocError):
    """No server answers at the address."""

    code = "server_unreachable"
    retryable = True

    def __init__(self, message: str, *, was_asked: bool = True) -> None:
        super().__init__(message)
        #: the request may have arrived, and been carried out
        self.was_asked = was_asked


def checked(response: Response) -> Response:
    """The response, or the error that it is; the body of such a one has been read. Raises ServerError."""
    if not response.is_error:
        return response
    problem = _problem(response)
    kind = RefusedByServerError if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR else ServerError
    raise kind(problem, retry_after_s=retry_after_s(response))


def retry_after_s(response: Response) -> float | None:
    """The header in seconds; a date, which only proxies send, counts as nothing."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _problem(response: Response) -> Problem:
    """What the server says, or what its status alone tells: a proxy on the way answers in its own words."""
    status = response.status_code
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        title = response.reason_phrase or "Unknown status"
        return Problem(
            type="about:blank",
            title=title,
            status=status,
            code="unexpected_answer",
            detail=f"{response.url.host} answered {status} {title} and no reason: is that the address of docproc?",
        )
