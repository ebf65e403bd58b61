"""Keys, limits and usage over HTTP."""

import httpx2
import pytest
from doubles.face import Place, submit

from docproc.services.limits import Limits

pytestmark = pytest.mark.integration


def test_a_key_opens_until_it_is_revoked(place: Place, client: httpx2.Client) -> None:
    made = client.post("/v1/keys", json={"name": "erp", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    with place.client(made.json()["key"]) as program:
        assert program.get("/v1/jobs").status_code == 200
        assert client.delete(f"/v1/keys/{made.json()['id']}").status_code == 204
        assert program.get("/v1/jobs").json()["code"] == "unknown_key"
    listed = client.get("/v1/keys").json()["items"]
    assert made.json()["key"] not in str(listed)
    assert [bool(key["revoked_at"]) for key in listed if key["name"] == "erp"] == [True]


def test_who_asks_too_often_is_told_when_to_come_back(place: Place, tenant: str, client: httpx2.Client) -> None:
    place.desk.front.limits.set(tenant, Limits(requests_per_s=0.001, burst=2))
    answers = [client.get("/v1/jobs") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["code"] == "rate_limited"


def test_a_tenant_with_its_pages_used_up_submits_no_more(place: Place, tenant: str, client: httpx2.Client) -> None:
    place.desk.front.limits.set(tenant, Limits(pages_per_month=2))
    submit(client, place.bill(pages=2))
    answer = client.post("/v1/jobs", data={"schema": "key_value"}, files=[("files", ("b.pdf", place.bill()))])
    assert answer.status_code == 429
    assert answer.json()["code"] == "quota_reached"
    assert int(answer.headers["retry-after"]) > 1
    facts = client.get("/v1/tenant").json()
    assert facts["name"] == tenant
    assert facts["limits"]["pages_per_month"] == 2
    assert facts["pages_this_month"] == 2


def test_usage_is_summed_as_asked(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill(pages=3))["id"]
    (whole,) = client.get("/v1/usage").json()["items"]
    assert whole["pages"] == 3
    (by_job,) = client.get("/v1/usage", params={"by": ["job", "reader"]}).json()["items"]
    assert by_job["group"] == {"job": job, "reader": "layout"}
