"""Errors as answers: problem+json (RFC 9457) with a stable code, each kind of error mapped here once."""

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docproc.api.marks import request_id_now
from docproc.client.types import FieldProblem, Problem
from docproc.domain.errors import (
    BlobMissingError,
    BrokerError,
    BusyError,
    ConflictError,
    DocprocError,
    DocumentError,
    ForbiddenError,
    LeaseLostError,
    LimitError,
    NotFoundError,
    PreconditionRequiredError,
    StaleError,
    StorageError,
    TooLargeError,
    UnknownKeyError,
    UsageError,
)
from docproc.observability import event

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: after which a client may try again when a store does not answer, or all children are taken
RETRY_AFTER_S = 5

#: the first class that an error is of counts
_STATUS: Sequence[tuple[type[DocprocError], HTTPStatus]] = (
    (UnknownKeyError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (StaleError, HTTPStatus.PRECONDITION_FAILED),
    (PreconditionRequiredError, HTTPStatus.PRECONDITION_REQUIRED),
    (ConflictError, HTTPStatus.CONFLICT),
    (LimitError, HTTPStatus.TOO_MANY_REQUESTS),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (DocumentError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BlobMissingError, HTTPStatus.GONE),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (BrokerError, HTTPStatus.SERVICE_UNAVAILABLE),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (LeaseLostError, HTTPStatus.CONFLICT),
)
_CODES: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = Problem(
        type=f"urn:docproc:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=None if errors is None else list(errors),
        request_id=request_id_now(),
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def problem_of(error: DocprocError) -> JSONResponse:
    """The answer to an error that was made on purpose."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: dict[str, str] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="docproc"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, LimitError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return problem(status, str(error.code), error.message, headers=headers)


def answer_with_problems(app: FastAPI) -> None:
    """Let every error of `app` be answered so."""
    app.add_exception_handler(DocprocError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_middleware(_Bugs)


async def _on_own_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DocprocError)  # noqa: S101 registered for it
    answer = problem_of(error)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        event(logger, "request_failed", error=error.message, status=answer.status_code)
    return answer


async def _on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return invalid_request(error.errors())


def invalid_request(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """Places and what is wrong there; what was sent is not sent back."""
    found = [
        FieldProblem(place=".".join(map(str, each.get("loc", ()))), problem=str(each.get("msg", ""))) for each in errors
    ]
    detail = "; ".join(f"{each.place}: {each.problem}" for each in found[:3]) or "the request cannot be read"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, UsageError.code, detail, errors=found)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "invalid_request")
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed(request)
    return problem(error.status_code, code, str(error.detail), headers=headers)


def _allowed(request: Request) -> Mapping[str, str]:
    """Every method of the path: the framework names those of the first route that it fits."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = request.app.openapi()["paths"].get(path, {})
    return {"Allow": ", ".join(sorted(method.upper() for method in methods))} if methods else {}


class _Bugs:
    """Middleware, the innermost: the framework's own would answer outside of all others, uncounted and unmarked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except ClientDisconnect:  # in the middle of its body: there is nobody to answer
            return
        except Exception as error:
            # the one broad handler: a bug is told by its type and place
            if begun and isinstance(error.__cause__, DocprocError):
                event(logger, "request_failed", error=error.__cause__.message, status=None)
            else:
                event(logger, "internal_error", place=type(error).__name__, cause=error)
            if begun:  # half an answer: the line is broken off, so that nobody takes it for the whole
                raise
            detail = "an error of docproc's own; its log says where"
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, DocprocError.code, detail)(scope, receive, send)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: the problems that it may answer with."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
