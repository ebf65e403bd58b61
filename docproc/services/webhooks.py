"""Webhooks after they were added: new secrets, a ping, what became of deliveries, once more. Knows no network."""

import secrets
from enum import StrEnum
from uuid import UUID

from docproc.domain.errors import ConflictError, NotFoundError
from docproc.services.errand_ports import DeliveryStore, LogFilter
from docproc.services.errand_records import Webhook
from docproc.services.upkeep_ports import AuditLog
from docproc.services.upkeep_records import Deed


class Sibling(StrEnum):
    """One of two secrets that sign at the same time: the older until the receiver knows the newer."""

    OLDER = "older"
    NEWER = "newer"


def rotate_secret(deliveries: DeliveryStore, webhook_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> str:
    """A new secret, shown this once; the one before signs too until it is retired.

    Raises NotFoundError, ConflictError while two sign: with a third the receiver might know none.
    """
    before = webhook_of(deliveries, webhook_id, tenant=tenant).secrets
    if len(before) > 1:
        raise ConflictError(
            "two secrets sign already: retire the older one when the receiver knows the newer, "
            "or the newer one if nobody has it"
        )
    secret = secrets.token_urlsafe(32)
    deliveries.set_secrets(webhook_id, [secret, *before], before=before, tenant=tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="webhook.rotate", subject=str(webhook_id)))
    return secret


def retire_secret(
    deliveries: DeliveryStore,
    webhook_id: UUID,
    *,
    tenant: str,
    by: str,
    audit: AuditLog,
    which: Sibling = Sibling.OLDER,
) -> None:
    """From now on only the other one signs; nothing changes when there is no other. Raises NotFoundError."""
    before = webhook_of(deliveries, webhook_id, tenant=tenant).secrets
    left = before[:1] if which is Sibling.OLDER else before[-1:]
    deliveries.set_secrets(webhook_id, left, before=before, tenant=tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="webhook.retire", subject=str(webhook_id)))


def ping(deliveries: DeliveryStore, webhook_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> UUID:
    """Try it out: the id of the delivery, which goes the way of all. Raises NotFoundError, ConflictError."""
    delivery_id = deliveries.ping(webhook_id, tenant=tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="webhook.ping", subject=str(webhook_id)))
    return delivery_id


def replay(deliveries: DeliveryStore, delivery_id: UUID, *, tenant: str, by: str, audit: AuditLog) -> None:
    """Send it again, under the same event id. Raises NotFoundError, ConflictError while it is on its way."""
    deliveries.entry(delivery_id, tenant=tenant)
    if not deliveries.replay(tenant, wanted=LogFilter(), delivery_id=delivery_id):
        raise ConflictError("the delivery is on its way: it has not ended yet")
    audit.note(Deed(tenant=tenant, actor=by, action="delivery.replay", subject=str(delivery_id)))


def replay_all(deliveries: DeliveryStore, *, tenant: str, wanted: LogFilter, by: str, audit: AuditLog) -> int:
    """Send again all that are meant and have ended; how many. Raises NotFoundError for another's webhook."""
    if wanted.webhook_id is not None:
        webhook_of(deliveries, wanted.webhook_id, tenant=tenant)
    count = deliveries.replay(tenant, wanted=wanted)
    subject = str(wanted.webhook_id or wanted.job_id or tenant)
    audit.note(Deed(tenant=tenant, actor=by, action="delivery.replay", subject=subject))
    return count


def webhook_of(deliveries: DeliveryStore, webhook_id: UUID, *, tenant: str) -> Webhook:
    """Raises NotFoundError."""
    for webhook in deliveries.webhooks(tenant=tenant):
        if webhook.id == webhook_id:
            return webhook
    raise NotFoundError(f"there is no webhook {webhook_id}")
