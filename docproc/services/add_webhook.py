"""Tell a URL of a tenant's events, or no more; both are audited. Knows no network."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import UsageError
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.services.errand_ports import DeliveryStore
from docproc.services.review_records import CONFIRMED, CORRECTED
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed

#: what can be told: the end of a document, that it is worked on again or was reviewed, the end of a job, its reopening
KINDS = (
    *(f"document.{state}" for state in DocumentState if state in FINAL_DOCUMENT_STATES),
    f"document.{DocumentState.RECEIVED}",
    CORRECTED,
    CONFIRMED,
    *(f"job.{state}" for state in JobState),
)

_NO_SUCH_PLACE = "a webhook's URL is https://HOST/…, in plain ASCII, with a host and a port that can be"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """Its secret is shown once."""

    id: UUID
    secret: str


def add_webhook(
    deliveries: DeliveryStore, *, tenant: str, url: str, kinds: Sequence[str], by: str, audit: AuditLog
) -> NewWebhook:
    """Raises UsageError for a URL or a kind of event that cannot be, NotFoundError when there is no such tenant."""
    webhook_url(url)
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise UsageError(f"there are no events called {', '.join(unknown)}; there are {', '.join(KINDS)}")
    secret = secrets.token_urlsafe(32)
    webhook_id = deliveries.add_webhook(tenant=tenant, url=url, secret=secret, kinds=kinds)
    audit.note(Deed(tenant=tenant, actor=by, action="webhook.add", subject=str(webhook_id)))
    return NewWebhook(id=webhook_id, secret=secret)


def webhook_url(url: str) -> SplitResult:
    """Its parts. Raises UsageError for a URL that no message could be sent to, whatever the network is like."""
    try:
        parts = urlsplit(url)
        # these look at the port and at each part of the host's name, and raise
        fits = parts.port != 0 and bool((parts.hostname or "").encode("idna"))
    except ValueError as exc:  # UnicodeError is one too
        raise UsageError(_NO_SUCH_PLACE) from exc
    # urlsplit drops line ends in silence, and what is sent would be another URL than what was stored
    if not (fits and url.isascii() and url.isprintable() and " " not in url):
        raise UsageError(_NO_SUCH_PLACE)
    if parts.scheme not in {"https", "http"} or parts.username is not None:
        raise UsageError("a webhook's URL is https://HOST/…, without a user's name")
    return parts


def remove_webhook(deliveries: DeliveryStore, webhook_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> None:
    """Raises NotFoundError."""
    deliveries.disable(webhook_id, tenant=tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="webhook.remove", subject=str(webhook_id)))
