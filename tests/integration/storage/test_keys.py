"""API keys on both databases: what opens, what no longer does, and that no token is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from docproc.domain.errors import ForbiddenError, NotFoundError, UnknownKeyError, UsageError
from docproc.services.front_ports import KeyStore
from docproc.services.key_records import KeyTerms, NewKey, Scope
from docproc.services.keys import create_key, key_of, require_scope, revoke_key
from docproc.services.upkeep_ports import AuditLog
from docproc.storage.audit import SqlAuditLog
from docproc.storage.database import Database
from docproc.storage.keys import NOTED_EVERY, SqlKeyStore
from docproc.storage.service_tables import AUDIT, KEYS
from docproc.storage.tenants import SqlTenantStore

pytestmark = pytest.mark.integration


@pytest.fixture
def keys(database: Database) -> SqlKeyStore:
    tenants = SqlTenantStore(database)
    tenants.create("acme")
    tenants.create("other")
    return SqlKeyStore(database)


@pytest.fixture
def audit(database: Database) -> SqlAuditLog:
    return SqlAuditLog(database)


def made(keys: KeyStore, audit: AuditLog, *scopes: Scope, lasts: timedelta | None = None) -> NewKey:
    terms = KeyTerms(name="erp", scopes=frozenset(scopes or (Scope.READ,)), lasts=lasts)
    return create_key(keys, terms, tenant="acme", by="ada", audit=audit)


def test_a_key_tells_whose_it_is_and_what_it_is_for(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    new = made(keys, audit, Scope.SUBMIT, Scope.READ)
    key = key_of(keys, new.token)

    assert (key.id, key.tenant, key.name, key.scopes) == (new.id, "acme", "erp", {Scope.SUBMIT, Scope.READ})
    assert new.token.startswith(key.prefix)
    assert key.actor == f"key:{key.prefix}"
    require_scope(key, Scope.READ)
    with pytest.raises(ForbiddenError, match="lacks the scope review"):
        require_scope(key, Scope.REVIEW)
    assert keys.any_live()


def test_admin_includes_every_scope(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    key = key_of(keys, made(keys, audit, Scope.ADMIN).token)
    assert all(key.allows(scope) for scope in Scope)


def test_tokens_are_long_random_and_nowhere_in_the_database(
    keys: SqlKeyStore, audit: SqlAuditLog, database: Database
) -> None:
    tokens = {made(keys, audit).token for _ in range(20)}
    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 50
    with database.read() as connection:
        rows = str(connection.execute(text("SELECT * FROM keys")).all())
        noted = str(connection.execute(select(AUDIT)).all())
    assert not any(token in rows or token in noted for token in tokens)


def test_a_token_that_was_never_made_opens_nothing(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    made(keys, audit)
    for token in ("", "docproc_", "docproc_" + "x" * 43, "Bearer", "docproc_ä\x00"):
        with pytest.raises(UnknownKeyError):
            key_of(keys, token)


def test_a_revoked_key_opens_nothing_from_then_on(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    new = made(keys, audit)
    key_of(keys, new.token)
    revoke_key(keys, new.id, tenant="acme", by="ada", audit=audit)
    with pytest.raises(UnknownKeyError):
        key_of(keys, new.token)
    (first,) = keys.of_tenant("acme")
    revoke_key(keys, new.id, tenant="acme", by="ada", audit=audit)
    (again,) = keys.of_tenant("acme")
    assert first.revoked_at == again.revoked_at is not None
    assert not keys.any_live()


def test_an_expired_key_opens_nothing(keys: SqlKeyStore, audit: SqlAuditLog, database: Database) -> None:
    new = made(keys, audit, lasts=timedelta(days=1))
    key_of(keys, new.token)
    with database.write() as connection:
        connection.execute(update(KEYS).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    with pytest.raises(UnknownKeyError):
        key_of(keys, new.token)


def test_use_is_noted_coarsely(keys: SqlKeyStore, audit: SqlAuditLog, database: Database) -> None:
    new = made(keys, audit)
    assert keys.of_tenant("acme")[0].last_used_at is None
    key_of(keys, new.token)
    first = keys.of_tenant("acme")[0].last_used_at
    key_of(keys, new.token)
    assert keys.of_tenant("acme")[0].last_used_at == first is not None
    with database.write() as connection:
        connection.execute(update(KEYS).values(last_used_at=first - NOTED_EVERY - timedelta(seconds=1)))
    key_of(keys, new.token)
    later = keys.of_tenant("acme")[0].last_used_at
    assert later is not None
    assert later >= first


def test_another_tenant_neither_sees_nor_revokes_it(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    new = made(keys, audit)
    assert list(keys.of_tenant("other")) == []
    with pytest.raises(NotFoundError):
        revoke_key(keys, new.id, tenant="other", by="eve", audit=audit)
    assert key_of(keys, new.token).tenant == "acme"


def test_making_and_revoking_are_audited(keys: SqlKeyStore, audit: SqlAuditLog, database: Database) -> None:
    new = made(keys, audit)
    revoke_key(keys, new.id, tenant="acme", by="bob", audit=audit)
    with database.read() as connection:
        deeds = connection.execute(select(AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject, AUDIT.c.tenant)).all()
    assert sorted(map(tuple, deeds)) == [
        ("ada", "key.create", str(new.id), "acme"),
        ("bob", "key.revoke", str(new.id), "acme"),
    ]


def test_a_key_that_could_not_be_used_is_not_made(keys: SqlKeyStore, audit: SqlAuditLog) -> None:
    good = KeyTerms(name="erp", scopes=frozenset({Scope.READ}))
    for terms, tenant, said in (
        (replace(good, scopes=frozenset()), "acme", "name scopes"),
        (replace(good, lasts=timedelta(0)), "acme", "lasts for some time"),
        (replace(good, name=" "), "acme", "has a name"),
        (replace(good, name="a\nb"), "acme", "has a name"),
        (replace(good, name="x" * 101), "acme", "has a name"),
        (good, "nobody", "no tenant 'nobody'"),
    ):
        with pytest.raises(UsageError, match=said):
            create_key(keys, terms, tenant=tenant, by="ada", audit=audit)
    assert list(keys.of_tenant("acme")) == []
