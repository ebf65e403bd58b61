"""Whether a broker carries a message there and back; knows no task."""

import secrets
import time
from queue import Empty

from kombu.exceptions import OperationalError

from docproc.domain.errors import BrokerError
from docproc.queueing.celery_app import celery_app

_TIMEOUT_S = 5.0
_PASSING = {"auto_delete": True}


def check_broker(url: str) -> float:
    """Send a message to a queue of its own, take it from there, delete the queue; returns the seconds.

    Raises BrokerError, or UsageError for a URL that cannot be one of a broker.
    """
    began = time.monotonic()
    name = f"docproc.check.{secrets.token_hex(8)}"
    sent = secrets.token_hex(16)
    try:
        with celery_app(url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=_TIMEOUT_S)
            with connection.SimpleQueue(name, no_ack=True, queue_opts=_PASSING, exchange_opts=_PASSING) as there:
                try:
                    there.put(sent, retry=False)
                    found = there.get(timeout=_TIMEOUT_S).payload
                finally:
                    there.queue.delete()
    except Empty as exc:
        raise BrokerError("the broker took a message and does not give it back") from exc
    except (OperationalError, OSError, ImportError) as exc:
        raise BrokerError(f"the broker cannot be reached: {type(exc).__name__}") from exc
    if found != sent:
        raise BrokerError("the broker gave back another message than was sent")
    return time.monotonic() - began
