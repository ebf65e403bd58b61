"""Tell a webhook of an event: signed, tried again with growing pauses, given up at last. Knows no network."""

import hashlib
import hmac
import json
from collections.abc import Sequence

from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.services.errand_ports import ErrandStores, WebhookRefusedError, WebhookSender
from docproc.services.errand_records import ErrandClaim
from docproc.services.ports import Clock

#: pauses grow threefold from ten seconds to six hours: the last try is about a day and a half after the first
FIRST_PAUSE_S, LONGEST_PAUSE_S, MAX_ATTEMPTS = 10.0, 6 * 3600.0, 12


def deliver(claim: ErrandClaim, errands: ErrandStores, sender: WebhookSender, *, clock: Clock) -> None:
    """Try once. Raises LeaseLostError or StorageError; that the receiver does not answer is no error of ours."""
    deliveries = errands.deliveries
    try:
        delivery = deliveries.get(claim.id)
    except NotFoundError:
        deliveries.fail(claim, _failure("its job was deleted"))
        return
    if delivery.webhook.disabled_at is not None:
        deliveries.fail(claim, _failure("it was disabled"))
        return
    body = json.dumps(delivery.to_json(), separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Docproc-Event-Id": str(delivery.to_json()["id"]),
        "Docproc-Signature": signature(body, delivery.webhook.secrets, at=int(clock.now().timestamp())),
    }
    try:
        status_code = sender.send(delivery.webhook.url, body, headers=headers)
    except WebhookRefusedError as refusal:
        if refusal.final or claim.attempt >= MAX_ATTEMPTS:
            deliveries.fail(claim, _failure(refusal.reason))
        else:
            deliveries.release(claim, after_s=pause_after(claim.attempt))
        return
    deliveries.succeed(claim, status_code=status_code)


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
