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
