"""Tenants are apart: every route is walked with another tenant's key, and not even that a thing exists leaks."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from doubles.face import Place, described_app, submit, until
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from docproc.api.callers import Allowed

pytestmark = pytest.mark.integration

#: what carries no key, and tells nothing of anybody
OPEN = {"/health", "/ready", "/metrics", "/docs", "/docs/start.js", "/openapi.json"}
#: what is sent along where a body is needed
BODIES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("POST", "/v1/jobs/{job_id}/exports"): {"json": {"format": "csv"}},
    ("PATCH", "/v1/documents/{document_id}/extraction"): {
        "json": {"changes": {"total": "1"}},
        "headers": {"If-Match": '"1"'},
    },
    ("POST", "/v1/documents/{document_id}/confirm"): {"headers": {"If-Match": '"1"'}},
    ("POST", "/v1/uploads"): {"json": {"sha256": "0" * 64, "byte_count": 9}},
    ("POST", "/v1/webhooks"): {"json": {"url": "https://localhost:9/"}},
    ("POST", "/v1/replays"): {"json": {}},
    ("POST", "/v1/holds"): {"json": {"reason": "case"}},
    ("PUT", "/v1/jobs/{job_id}/retention"): {"json": {"keep_days": 3}},
    ("POST", "/v1/keys"): {"json": {"name": "k", "scopes": ["read"]}},
    ("POST", "/v1/jobs"): {"data": {"schema": "key_value"}, "files": [("files", ("b.pdf", b"%PDF-none"))]},
}


def every_route(routes: Iterable[BaseRoute]) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from every_route(inner.routes)


def dependencies(tree: Any) -> Iterator[Any]:  # noqa: ANN401 FastAPI's own
    yield tree.call
    for each in tree.dependencies:
        yield from dependencies(each)


def is_bound(route: BaseRoute) -> bool:
    """Whether a key is asked for before anything else."""
    tree = route.dependant if isinstance(route, APIRoute) else None  # codespell:ignore dependant
    return tree is not None and any(isinstance(each, Allowed) for each in dependencies(tree))


def routes_of_api() -> list[tuple[str, str]]:
    found = [
        route for route in every_route(described_app().routes) if isinstance(route, APIRoute) and route.path not in OPEN
    ]
    return sorted((method, route.path) for route in found for method in route.methods or ())


def test_every_route_asks_for_a_key_first() -> None:
    unbound = [
        route.path
        for route in every_route(described_app().routes)
        if route.path not in OPEN and not route.path.startswith("/docs/assets") and not is_bound(route)
    ]
    assert unbound == []
    assert len(routes_of_api()) > 15


@dataclass(frozen=True)
class Owned:
    """What one tenant has, by the names that paths give it."""

    ids: Mapping[str, str]
    owner: httpx2.Client
    other: httpx2.Client

    def path(self, template: str, ids: Mapping[str, str]) -> str:
        return template.format(**ids)


@pytest.fixture(scope="session")
def owned(place: Place) -> Iterator[Owned]:
    mine, theirs = place.tenant(), place.tenant()
    with place.client(place.key(mine)) as owner, place.client(place.key(theirs), replica=1) as other:
        answer = submit(owner, place.bill("SECRET-1"), external_id="SECRET-2", metadata='{"k": "SECRET-3"}')
        job = answer["id"]
        export = owner.post(f"/v1/jobs/{job}/exports", json={"format": "jsonl"}).json()["id"]
        until(lambda: owner.get(f"/v1/exports/{export}").json()["state"] == "succeeded")
        webhook = owner.post("/v1/webhooks", json={"url": "https://localhost:9/SECRET-5"}).json()["id"]
        gone = submit(owner, place.bill())["id"]
        assert owner.delete(f"/v1/jobs/{gone}").status_code == 200
        ids = {
            "webhook_id": webhook,
            "delivery_id": owner.post(f"/v1/webhooks/{webhook}/ping").json()["id"],
            "hold_id": owner.post("/v1/holds", json={"job_id": job, "reason": "SECRET-6"}).json()["id"],
            "job_id": job,
            "document_id": answer["extractions"][0]["document_id"],
            "number": "1",
            "export_id": export,
            "key_id": owner.post("/v1/keys", json={"name": "SECRET-4", "scopes": ["read"]}).json()["id"],
        }
        yield Owned(ids=ids, owner=owner, other=other)


@pytest.mark.parametrize(("method", "path"), routes_of_api(), ids=["-".join(each) for each in routes_of_api()])
def test_another_tenants_key_opens_nothing(owned: Owned, method: str, path: str) -> None:
    if "{name}" in path or "{upload_id}" in path:
        return  # what belongs to nobody, and what is one's own wherever it is asked for
    sent = BODIES.get((method, path), {})
    answer = owned.other.request(method, path.format(**owned.ids), **sent)
    if "{" in path:
        unknown = {name: value if name == "number" else str(uuid.uuid4()) for name, value in owned.ids.items()}
        of_nothing = owned.other.request(method, path.format(**unknown), **sent)
        assert answer.status_code == of_nothing.status_code == 404, answer.text
        assert _without(answer.text, owned.ids) == _without(of_nothing.text, unknown)
    else:
        assert answer.status_code < 500
        assert "SECRET" not in answer.text
        assert not any(value in answer.text for name, value in owned.ids.items() if name != "number")


def _without(text: str, ids: Mapping[str, str]) -> str:
    text = re.sub(r'"request_id":"[0-9a-f]+"', "", text)
    for value in ids.values():
        text = text.replace(value, "…") if len(value) > 1 else text
    return text


@pytest.mark.parametrize("token", [None, "docproc_wrong", "hello"], ids=["none", "wrong", "no_key"])
def test_without_a_key_nothing_is_said(place: Place, owned: Owned, token: str | None) -> None:
    with place.client(token) as stranger:
        for method, path in routes_of_api():
            answer = stranger.request(method, path.format(**owned.ids, name="invoice", upload_id="0" * 64))
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "unknown_key"
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_owner_sees_it_still(owned: Owned) -> None:
    assert "SECRET-2" in owned.owner.get("/v1/jobs").text
    assert owned.owner.get(f"/v1/jobs/{owned.ids['job_id']}").status_code == 200
