"""Tell a webhook of an event: signed, tried again with growing pauses, given up at last. Knows no network."""

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence

from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.observability import event
from docproc.services.errand_ports import ErrandStores, WebhookRefusedError, WebhookSender
from docproc.services.errand_records import ErrandClaim, Tried
from docproc.services.ports import Clock

logger = logging.getLogger(__name__)

#: pauses grow threefold from ten seconds to six hours: the last try is about a day and a half after the first
FIRST_PAUSE_S, LONGEST_PAUSE_S, MAX_ATTEMPTS = 10.0, 6 * 3600.0, 12


def deliver(claim: ErrandClaim, errands: ErrandStores, sender: WebhookSender, *, clock: Clock) -> None:
    """Try once. Raises LeaseLostError or StorageError; that the receiver does not answer is no error of ours."""
    deliveries = errands.deliveries
    try:
        delivery = deliveries.get(claim.id)
    except NotFoundError:
        deliveries.give_up(claim, _failure("its job was deleted"))
        return
    if delivery.webhook.disabled_at is not None:
        deliveries.give_up(claim, _failure("it was disabled"))
        return
    body = json.dumps(delivery.to_json(), separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Docproc-Event-Id": delivery.event_id,
        "Docproc-Event-Kind": delivery.kind,
        "Docproc-Signature": signature(body, delivery.webhook.secrets, at=int(clock.now().timestamp())),
    }
    began = clock.monotonic()
    try:
        status_code = sender.send(delivery.webhook.url, body, headers=headers)
    except WebhookRefusedError as refusal:
        seconds = clock.monotonic() - began
        tried = Tried(seconds=seconds, status_code=refusal.status_code, reason=refusal.reason)
        if refusal.final or delivery.tries >= MAX_ATTEMPTS:
            deliveries.give_up(claim, _failure(refusal.reason), tried=tried)
            event(logger, "delivery_given_up", status=refusal.status_code)
        else:
            deliveries.put_off(claim, tried=tried, after_s=pause_after(delivery.tries))
            event(logger, "delivery_put_off", status=refusal.status_code)
        return
    deliveries.succeed(claim, tried=Tried(seconds=clock.monotonic() - began, status_code=status_code))
    event(logger, "delivered", status=status_code)


def pause_after(attempt: int) -> float:
    """Seconds until the next try; attempts count from 1."""
    return float(min(FIRST_PAUSE_S * 3 ** (attempt - 1), LONGEST_PAUSE_S))


def signature(body: bytes, secrets: Sequence[str], *, at: int) -> str:
    """`t=SECONDS,v1=HEX[,v1=HEX]`: the HMAC-SHA256 of `SECONDS.BODY` under each secret.

    The time is signed too, so that a message cannot be sent again later by somebody else; two secrets are live while
    one replaces the other.
    """
    signed = f"{at}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def _failure(reason: str) -> Failure:
    return Failure(
        code=FailureCode.UNREACHABLE,
        category=FailureCategory.ENVIRONMENT,
        message=f"the webhook does not take the event: {reason}",
        retryable=True,
        phase=Phase.DELIVER,
    )
