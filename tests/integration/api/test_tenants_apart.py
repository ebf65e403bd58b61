"""Tenants are apart: every route is walked with another tenant's key, and not even that a thing exists leaks."""

import json
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

from docproc.api.asks import UPLOAD_ID
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
    ("PATCH", "/v1/tenant"): {"json": {"keep_days": 3}},
    ("POST", "/v1/jobs"): {"data": {"schema": "key_value"}, "files": [("files", ("b.pdf", b"%PDF-none"))]},
}

#: where an id may stand in a query or a body: what is asked, with the ids of another tenant put in
NAMED: Mapping[tuple[str, str, str], Mapping[str, Any]] = {
    ("POST", "/v1/jobs", "upload_id"): {"json": {"schema": "key_value", "documents": [{"upload_id": "{sha256}"}]}},
    ("POST", "/v1/uploads", "sha256"): {"json": {"sha256": "{sha256}", "byte_count": "{byte_count}"}},
    ("POST", "/v1/holds", "job_id"): {"json": {"job_id": "{job_id}", "reason": "case"}},
    ("POST", "/v1/replays", "webhook_id"): {"json": {"webhook_id": "{webhook_id}"}},
    ("POST", "/v1/replays", "job_id"): {"json": {"job_id": "{job_id}"}},
    ("GET", "/v1/review", "job_id"): {"params": {"job_id": "{job_id}"}},
    ("GET", "/v1/receipts", "job_id"): {"params": {"job_id": "{gone_id}"}},
    ("GET", "/v1/deliveries", "webhook_id"): {"params": {"webhook_id": "{webhook_id}"}},
    ("GET", "/v1/deliveries", "job_id"): {"params": {"job_id": "{job_id}"}},
}
#: words by which something is looked for, which are another tenant's
LOOKED_FOR = (
    ("/v1/audit", {"subject": "{document_id}"}),
    ("/v1/audit", {"actor": "{actor}"}),
    ("/v1/jobs", {"external_id": "SECRET-2"}),
    ("/v1/jobs", {"metadata": "k:SECRET-3"}),
)


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
    #: of the bytes that `sha256` names
    byte_count: int
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
        assert owner.post(f"/v1/webhooks/{webhook}/ping").status_code == 202  # with the next one a list of two pages
        gone = submit(owner, place.bill())["id"]
        assert owner.delete(f"/v1/jobs/{gone}").status_code == 200
        (bill,) = owner.get(f"/v1/jobs/{job}/documents").json()["items"]
        ids = {
            "webhook_id": webhook,
            "delivery_id": owner.post(f"/v1/webhooks/{webhook}/ping").json()["id"],
            "hold_id": owner.post("/v1/holds", json={"job_id": job, "reason": "SECRET-6"}).json()["id"],
            "job_id": job,
            "gone_id": gone,
            "sha256": bill["sha256"],
            "actor": owner.get("/v1/audit").json()["items"][0]["actor"],
            "document_id": answer["extractions"][0]["document_id"],
            "number": "1",
            "export_id": export,
            "key_id": owner.post("/v1/keys", json={"name": "SECRET-4", "scopes": ["read"]}).json()["id"],
        }
        yield Owned(ids=ids, byte_count=bill["byte_count"], owner=owner, other=other)


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


def filled(tree: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 plain JSON
    if isinstance(tree, dict):
        return {name: filled(branch, ids) for name, branch in tree.items()}
    if isinstance(tree, list):
        return [filled(branch, ids) for branch in tree]
    text = tree.format(**ids)
    return int(text) if tree == "{byte_count}" else text


@pytest.mark.parametrize("named", NAMED, ids="-".join)
def test_what_another_tenant_has_is_not_there_under_its_id(owned: Owned, named: tuple[str, str, str]) -> None:
    method, path, _ = named
    unknown = {name: str(uuid.uuid4()) for name in owned.ids} | {"sha256": uuid.uuid4().hex * 2}
    before = _seen(owned.owner)
    answers = []
    for ids in (owned.ids, unknown):
        answer = owned.other.request(method, path, **filled(NAMED[named], {**ids, "byte_count": str(owned.byte_count)}))
        # what is asked is well-formed; an upload that is not there cannot be submitted
        assert answer.status_code in ({422} if path == "/v1/jobs" else {200, 201, 404}), answer.text
        facts = answer.json()
        facts.pop("request_id", None)
        # where to send own bytes holds a moment and a signature
        place = facts.pop("url", None), facts.pop("headers", None)
        assert "SECRET" not in answer.text
        answers.append((answer.status_code, _without(json.dumps(facts), ids), [each is None for each in place]))
    assert answers[0] == answers[1]
    assert _seen(owned.owner) == before


def _seen(owner: httpx2.Client) -> list[str]:
    """What another's request might have changed."""
    return [owner.get(f"/v1/{noun}").text for noun in ("holds", "webhooks", "jobs", "receipts")]


def test_every_id_of_a_query_or_a_body_is_tried() -> None:
    described = described_app().openapi()
    found = {
        (method.upper(), path, name)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for name in _ids_in(operation, described)
    }
    assert found == set(NAMED)


def _ids_in(operation: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[str]:
    """Names of parameters and of properties of the body that hold an id, of a row or of bytes."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and _is_id(parameter["schema"]):
            yield parameter["name"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    yield from _ids_of(body, described)


def _ids_of(schema: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for each in (*schema.get("anyOf", ()), schema.get("items", {})):
        if each:
            yield from _ids_of(each, described)
    for name, each in schema.get("properties", {}).items():
        if _is_id(each):
            yield name
        yield from _ids_of(each, described)


def _is_id(schema: Mapping[str, Any]) -> bool:
    return any(
        each.get("format") == "uuid" or each.get("pattern") == UPLOAD_ID for each in schema.get("anyOf", [schema])
    )


@pytest.mark.parametrize(("path", "words"), LOOKED_FOR)
def test_what_another_tenant_has_is_not_found_by_its_words(owned: Owned, path: str, words: Mapping[str, str]) -> None:
    asked = filled(words, owned.ids)
    assert owned.owner.get(path, params=asked).json()["items"]
    assert owned.other.get(path, params=asked).json()["items"] == []


def test_a_place_in_another_tenants_list_leads_to_nothing_of_it(owned: Owned) -> None:
    for path in ("/v1/jobs", "/v1/audit", "/v1/deliveries"):
        page = owned.owner.get(path, params={"limit": 1}).json()
        assert page["next_cursor"], path
        answer = owned.other.get(path, params={"cursor": page["next_cursor"], "limit": 200})
        assert answer.status_code == 200
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
