"""The app factory: routes by noun over a face that is made elsewhere. Knows no settings."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

import docproc
from docproc.api import (
    account,
    docs_page,
    documents,
    events,
    exports,
    health,
    jobs,
    keeping,
    keys,
    reviews,
    schemas,
    submissions,
    uploads,
    webhooks,
)
from docproc.api.asks import SubmissionAsk
from docproc.api.counting import Counted
from docproc.api.problems import Problem, answer_with_problems, problems
from docproc.api.wiring import Face
from docproc.observability.traced_requests import TracedRequests

_DESCRIPTION = """Documents in, validated and evidenced records out.

Every request carries a key: `Authorization: Bearer docproc_…`. What belongs to another tenant is answered as if it were
not there. Errors are `application/problem+json` with a stable `code`.
"""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

_NOUNS = (
    submissions,
    uploads,
    jobs,
    events,
    documents,
    reviews,
    exports,
    schemas,
    webhooks,
    keys,
    keeping,
    account,
)
#: what every route of theirs may answer with besides
_ALWAYS = problems(400, 401, 403, 422, 429, 503)


def create_app(face: Face) -> FastAPI:
    """The service's face over `face`; several processes may have one over the same stores."""
    app = FastAPI(
        title="docproc",
        version=docproc.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.face = face
    answer_with_problems(app)
    app.add_middleware(Counted, counters=face.counters)
    app.add_middleware(TracedRequests)
    app.middleware("http")(_with_headers)
    for noun in _NOUNS:
        app.include_router(noun.routes, responses=_ALWAYS)
    app.include_router(health.routes)
    docs_page.add_to(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await call_next(request)
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with the types that FastAPI cannot find and without its own shape of errors."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
        )
        shapes = found["components"]["schemas"]
        asked = SubmissionAsk.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        shapes |= {**asked.pop("$defs", {}), "SubmissionAsk": asked}
        shapes |= {"Problem": Problem.model_json_schema(ref_template="#/components/schemas/{model}")}
        shapes |= shapes["Problem"].pop("$defs", {})
        for name in ("HTTPValidationError", "ValidationError"):
            shapes.pop(name, None)
        app.openapi_schema = found
    return app.openapi_schema
