"""By whose clock a message to a webhook is signed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from docproc.services.deliver import signature
from docproc.services.do_errand import do_errand
from docproc.services.errand_records import Delivery, ErrandClaim, Tried, Webhook
from docproc.services.work_records import Step, Task
from docproc.services.workbench import Workbench

ID, SECRET = UUID(int=1), "quiet"
DATABASE_TIME = datetime(2020, 2, 2, tzinfo=UTC)


class _Deliveries:
    """One message that is due."""

    def __init__(self) -> None:
        self.succeeded: list[Tried] = []

    def claim(self, delivery_id: UUID, *, owner: str, lease_s: float) -> ErrandClaim:  # noqa: ARG002 the port's
        return ErrandClaim(id=delivery_id, job_id=ID, tenant="local", owner=owner, attempt=1)

    def get(self, delivery_id: UUID) -> Delivery:
        webhook = Webhook(
            id=ID,
            tenant="local",
            url="https://example.org/",
            secrets=(SECRET,),
            kinds=(),
            created_at=DATABASE_TIME,
            disabled_at=None,
        )
        return Delivery(
            id=delivery_id,
            webhook=webhook,
            job_id=ID,
            event_number=1,
            kind="job.succeeded",
            document_id=None,
            happened_at=DATABASE_TIME,
            attempt=1,
            spent=0,
            job=None,
            document=None,
        )

    def succeed(self, claim: ErrandClaim, *, tried: Tried) -> None:  # noqa: ARG002 the port's signature
        self.succeeded.append(tried)


class _Sender:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Mapping[str, str]]] = []

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:  # noqa: ARG002 the port's signature
        self.sent.append((body, headers))
        return 204


class _Hand:
    owner, lease_s = "me", 30.0

    @contextmanager
    def holding(self, held: object) -> Iterator[object]:  # noqa: ARG002 the port's signature
        yield lambda: None


def test_a_message_is_signed_by_the_databases_time_for_a_worker_may_have_another() -> None:
    deliveries, sender, unused = _Deliveries(), _Sender(), cast("Any", None)
    bench = Workbench(
        stores=unused,
        work=unused,
        in_hand=cast("Any", _Hand()),
        context_of=unused,
        errands=cast("Any", SimpleNamespace(deliveries=deliveries)),
        names=unused,
        census=cast("Any", SimpleNamespace(now=lambda: DATABASE_TIME)),
        schema_of=unused,
        sender=sender,
        pause=unused,
    )
    do_errand(Task(step=Step.DELIVER, id=ID, queue="deliver"), bench)

    ((body, headers),) = sender.sent
    assert headers["Docproc-Signature"] == signature(body, [SECRET], at=int(DATABASE_TIME.timestamp()))
    assert len(deliveries.succeeded) == 1
