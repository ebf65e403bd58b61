"""`docproc keys` and `docproc tenants` on one machine, without a service."""

import json
from pathlib import Path

import pytest
from doubles.command import Command

pytestmark = pytest.mark.integration


def test_keys_are_made_listed_and_revoked_without_a_service(tmp_path: Path) -> None:
    docproc = Command(place=tmp_path)
    docproc("tenants", "create", "acme")
    new = json.loads(docproc("keys", "create", "erp", "--scope", "review", "--tenant", "acme", "--json").stdout)
    listed = docproc("keys", "list", "--tenant", "acme", "--json").stdout
    (key,) = json.loads(listed)
    assert (key["id"], key["name"], key["scopes"], key["revoked_at"]) == (new["id"], "erp", ["review"], None)
    assert new["key"].startswith(key["prefix"])
    assert new["key"] not in listed
    assert "there is no key" in docproc("keys", "revoke", new["id"], code=2).stderr
    docproc("keys", "revoke", new["id"], "--tenant", "acme")
    assert "revoked" in docproc("keys", "list", "--tenant", "acme").stdout


def test_a_tenant_is_limited_metered_audited_and_shut_out(tmp_path: Path) -> None:
    docproc = Command(place=tmp_path)
    docproc("tenants", "create", "acme")
    key = json.loads(docproc("keys", "create", "erp", "--tenant", "acme", "--json").stdout)
    docproc("tenants", "limit", "acme", "--requests-per-second", "0.5", "--pages-per-month", "10")
    said = docproc("tenants", "limit", "acme", "--pages-per-month", "0", "--keep-days", "30").stdout
    assert said == "acme: requests_per_s 0.5, keep_days 30\n"
    (acme, _) = json.loads(docproc("tenants", "list", "--json").stdout)
    assert acme["limits"] == {"requests_per_s": 0.5, "burst": None, "pages_per_month": None, "keep_days": 30}
    assert "above 0" in docproc("tenants", "limit", "acme", "--keep-days=-1", code=2).stderr
    assert docproc("tenants", "revoke", "acme").stdout == "acme: paused, 1 keys revoked\n"
    (revoked,) = json.loads(docproc("keys", "list", "--tenant", "acme", "--json").stdout)
    assert revoked["revoked_at"] is not None

    told = [json.loads(line) for line in docproc("audit", "list", "--tenant", "acme", "--json").stdout.splitlines()]
    assert [entry["action"] for entry in told] == [
        "tenant.revoke",
        "tenant.limit",
        "tenant.limit",
        "key.create",
        "tenant.create",
    ]
    assert told[3]["subject"] == key["id"]
    assert docproc("usage", "--tenant", "acme", "--since", "2026-01-01", "--by", "job").stdout == ""
