"""API keys: made, told by, revoked; both ends are audited, and a token is never kept. Knows no request."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from docproc.domain.errors import ForbiddenError, UnknownKeyError, UsageError
from docproc.services.front_ports import KeyStore
from docproc.services.key_records import ApiKey, KeyTerms, NewKey, Scope
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed

#: how a token begins, so that those who look for leaked secrets find it
MARK = "docproc_"
#: of a token, 256 bits of randomness: a plain hash of it cannot be guessed at
_RANDOM_BYTES = 32
#: characters of a token that may be shown
_SHOWN = len(MARK) + 6
_LONGEST_NAME = 100


def create_key(keys: KeyStore, terms: KeyTerms, *, tenant: str, by: str, audit: AuditLog) -> NewKey:
    """The only time that its token is seen.

    Raises UsageError for a key that could not be used, NotFoundError when there is no such tenant.
    """
    if not terms.scopes:
        raise UsageError(f"a key is for something: name scopes, of {', '.join(Scope)}")
    if terms.lasts is not None and terms.lasts <= timedelta():
        raise UsageError("a key lasts for some time, or until it is revoked")
    if not terms.name.strip() or len(terms.name) > _LONGEST_NAME or not terms.name.isprintable():
        raise UsageError(f"a key has a name that people know it by, of at most {_LONGEST_NAME} characters")
    token = MARK + secrets.token_urlsafe(_RANDOM_BYTES)
    prefix = token[:_SHOWN]
    key_id = keys.add(terms, tenant=tenant, prefix=prefix, token_sha256=hash_of(token))
    audit.note(Deed(tenant=tenant, actor=by, action="key.create", subject=str(key_id)))
    return NewKey(id=key_id, token=token, prefix=prefix)


def key_of(keys: KeyStore, token: str) -> ApiKey:
    """Whose request it is. Raises UnknownKeyError, which tells nobody which of the reasons it is."""
    found = keys.live(hash_of(token)) if token.startswith(MARK) else None
    if found is None:
        raise UnknownKeyError
    return found


def require_scope(key: ApiKey, *scopes: Scope) -> None:
    """Raises ForbiddenError when the key is for none of them."""
    if not any(map(key.allows, scopes)):
        lacking = " or ".join(scopes)
        raise ForbiddenError(f"the key {key.prefix}… is not for this: it lacks the scope {lacking}")


def revoke_key(keys: KeyStore, key_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> None:
    """Raises NotFoundError."""
    keys.revoke(key_id, tenant=tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="key.revoke", subject=str(key_id)))


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
