"""Review over HTTP: two people cannot overwrite each other, nothing of the history goes, exports have what is right."""

import json
from collections.abc import Callable

import httpx2
import pytest
from doubles.face import Place, submit, until

from docproc.services.key_records import Scope

pytestmark = pytest.mark.integration

_SCHEMA = json.dumps(
    {
        "title": "Bill",
        "type": "object",
        "properties": {"invoice_number": {"type": "string"}, "buyer": {"type": "string"}},
        "required": ["invoice_number", "buyer"],
    }
)


@pytest.fixture
def document(place: Place, client: httpx2.Client) -> str:
    """One that needs review: nothing on it tells the buyer."""
    answer = submit(client, place.bill("Z-5"), schema=_SCHEMA)
    assert answer["extractions"][0]["status"] == "needs_review", answer["extractions"][0]
    found: str = answer["extractions"][0]["document_id"]
    return found


def correct(client: httpx2.Client, document: str, etag: str | None, **changes: object) -> httpx2.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return client.patch(f"/v1/documents/{document}/extraction", json={"changes": changes, "by": "ada"}, headers=headers)


def test_what_needs_review_is_listed_with_why(client: httpx2.Client, document: str) -> None:
    (found,) = client.get("/v1/review").json()["items"]
    assert found["document"]["id"] == document
    assert found["revision"] == 1
    assert found["extraction"]["issues"]
    assert client.get("/v1/review", params={"schema": "invoice"}).json()["items"] == []


def test_a_correction_is_in_the_record_the_history_and_the_exports(client: httpx2.Client, document: str) -> None:
    changed = correct(client, document, '"1"', buyer="Acme")
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"2"'
    now = client.get(f"/v1/documents/{document}/extraction")
    assert now.headers["etag"] == '"2"'
    assert now.json()["record"]["buyer"] == "Acme"
    history = client.get(f"/v1/documents/{document}/history").json()
    (correction,) = history["corrections"]
    assert (correction["field"], correction["old"], correction["new"]) == ("buyer", None, "Acme")
    assert correction["by"].startswith("key:docproc_")
    assert correction["by"].endswith("/ada")
    assert [each["revision"] for each in history["revisions"]] == [1, 2]
    assert client.get("/v1/review").json()["items"] == []
    job = now.json()["job_id"]
    export = client.post(f"/v1/jobs/{job}/exports", json={"format": "jsonl"}).json()["id"]
    until(lambda: client.get(f"/v1/exports/{export}").json()["state"] == "succeeded")
    assert json.loads(client.get(f"/v1/exports/{export}/download").text)["record"]["buyer"] == "Acme"


def test_who_saw_an_older_revision_changes_nothing(client: httpx2.Client, document: str) -> None:
    assert correct(client, document, None, buyer="A").json()["code"] == "precondition_required"
    assert correct(client, document, '"1"', buyer="A").status_code == 200
    late = correct(client, document, '"1"', buyer="B")
    assert late.status_code == 412
    assert late.json()["code"] == "stale_revision"
    assert client.get(f"/v1/documents/{document}/extraction").json()["record"]["buyer"] == "A"


def test_a_record_is_confirmed_as_it_is(client: httpx2.Client, document: str) -> None:
    answer = client.post(f"/v1/documents/{document}/confirm", headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert answer.json()["extraction"]["status"] == "succeeded"
    assert answer.json()["extraction"]["review"]["confirmed"]


def test_only_reviewers_change_records(document: str, client_for: Callable[..., httpx2.Client]) -> None:
    reader = client_for(Scope.READ)
    assert correct(reader, document, '"1"', buyer="A").status_code == 403
    assert reader.get("/v1/review").status_code == 403
    assert correct(client_for(Scope.REVIEW), document, '"1"', buyer="A").status_code == 200


def test_every_look_at_a_record_is_in_the_audit(client: httpx2.Client, document: str) -> None:
    client.get(f"/v1/documents/{document}/pages/1/image")
    client.get(f"/v1/documents/{document}/extraction")
    correct(client, document, '"1"', buyer="A")
    found = client.get("/v1/audit").json()["items"]
    done = [(each["action"], each["subject"]) for each in found]
    assert ("image.read", f"{document}/1") in done
    assert ("record.read", document) in done
    assert ("record.correct", document) in done
    assert all(each["actor"].startswith("key:docproc_") or each["actor"] == "test" for each in found)
    only = client.get("/v1/audit", params={"action": "record."}).json()["items"]
    assert {each["action"] for each in only} <= {"record.read", "record.correct"}
