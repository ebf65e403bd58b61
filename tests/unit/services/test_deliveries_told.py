"""How a try to tell a webhook ended is told as an event, which metrics and alerts count."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pytest

from docproc.domain.ids import new_id
from docproc.services.deliver import MAX_ATTEMPTS, deliver
from docproc.services.errand_ports import ErrandStores, WebhookRefusedError
from docproc.services.errand_records import Delivery, ErrandClaim, Webhook
from docproc.services.job_context import SystemClock

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Deliveries:
    """Holds one, and takes whatever is said of it."""

    def __init__(self, attempt: int) -> None:
        webhook = Webhook(
            id=new_id(),
            tenant="t",
            url="https://localhost/",
            secrets=("s",),
            kinds=(),
            created_at=NOW,
            disabled_at=None,
        )
        self._delivery = Delivery(
            id=new_id(),
            webhook=webhook,
            job_id=None,
            event_number=None,
            kind="ping",
            document_id=None,
            happened_at=NOW,
            attempt=attempt,
            spent=0,
            job=None,
            document=None,
        )

    def get(self, _delivery_id: object) -> Delivery:
        return self._delivery

    def succeed(self, *_: object, **__: object) -> None: ...

    put_off = give_up = succeed


class Errands:
    def __init__(self, attempt: int) -> None:
        self.deliveries = Deliveries(attempt)


class Receiver:
    def __init__(self, refusal: WebhookRefusedError | None) -> None:
        self._refusal = refusal

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:  # noqa: ARG002
        if self._refusal is not None:
            raise self._refusal
        return 204


@pytest.mark.parametrize(
    ("refusal", "attempt", "told"),
    [
        (None, 1, ("delivered", 204)),
        (WebhookRefusedError("it answered 500", status_code=500), 1, ("delivery_put_off", 500)),
        (WebhookRefusedError("the host is not known"), MAX_ATTEMPTS, ("delivery_given_up", None)),
        (WebhookRefusedError("inside", final=True), 1, ("delivery_given_up", None)),
    ],
)
def test_each_way_to_end_is_an_event(
    refusal: WebhookRefusedError | None, attempt: int, told: tuple[str, int | None], caplog: pytest.LogCaptureFixture
) -> None:
    claim = ErrandClaim(id=new_id(), job_id=new_id(), tenant="t", owner="w", attempt=attempt)

    with caplog.at_level(logging.DEBUG, logger="docproc"):
        deliver(claim, cast("ErrandStores", Errands(attempt)), Receiver(refusal), clock=SystemClock())

    (record,) = [each for each in caplog.records if each.name == "docproc.services.deliver"]
    assert (vars(record)["action"], vars(record)["status"]) == told
