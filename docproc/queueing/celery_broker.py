"""The broker over Celery: tasks as messages of an id each. Knows no database."""

import threading
from collections.abc import Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError

from docproc.domain.errors import BrokerError
from docproc.queueing.celery_app import TASK_NAMES
from docproc.services.work_records import Task

#: what a lost connection shows as: kombu's own, the driver's below it, the socket's
_LOST = (OperationalError, BatchPublishError, ConnectionError, TimeoutError, OSError)


class CeleryBroker:
    """Sends tasks by name."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        # kept, for it is asked every second; whoever asks has it alone
        self._asking = threading.Lock()
        self._connection: Any = None  # kombu's types do not know all of it
        self._lost: tuple[type[Exception], ...] = (*_LOST, *_errors_of(app))

    def send(self, tasks: Sequence[Task]) -> None:
        try:
            # together: Redis gets them in one pipeline
            with self._app.producer_pool.acquire(block=True) as producer, producer.batch():
                for task in tasks:
                    self._app.send_task(
                        TASK_NAMES[task.step],
                        args=[str(task.id), task.first_page],
                        queue=task.queue,
                        producer=producer,
                        ignore_result=True,
                    )
        except self._lost as exc:
            raise BrokerError(f"the broker cannot be reached: {type(exc).__name__}") from exc

    def waiting(self, queue: str) -> int:
        with self._asking:
            rested = self._connection is not None
            try:
                return self._count(queue)
            except BrokerError:
                if not rested:  # else the broker may have ended it meanwhile
                    raise
                return self._count(queue)

    def _count(self, queue: str) -> int:
        connection: Any = self._connection or self._app.connection_for_write()
        self._connection = None
        try:
            with connection.channel() as channel:
                found = self._app.amqp.queues[queue](channel).queue_declare(passive=True)
                count = int(found.message_count)
        except self._lost as exc:
            connection.release()
            if "404" in str(exc) or "NOT_FOUND" in str(exc):  # nothing was ever sent there
                return 0
            raise BrokerError(f"the broker cannot be reached: {type(exc).__name__}") from exc
        self._connection = connection
        return count


def _errors_of(app: Celery) -> tuple[type[Exception], ...]:
    connection = app.connection_for_write()
    return (*connection.connection_errors, *connection.channel_errors)
