"""The Celery application: how messages travel. Knows tasks by their names only."""

from celery import Celery

from docproc.queueing.broker_url import RABBITMQ, scheme_of, wrong
from docproc.services.work_records import Step

#: the name of the task that does a step
TASK_NAMES = {step: f"docproc.{step.value}" for step in Step}

#: a pool process that did so many tasks, or grew so large (resident), is replaced after the task it is at
_TASKS_PER_PROCESS = 2000
_KIB_PER_PROCESS = 1 << 20
#: seconds without an answer after which a connection to the broker counts as broken
_SOCKET_TIMEOUT_S = 10


def celery_app(broker_url: str) -> Celery:
    """An application over a broker; RabbitMQ gets quorum queues.

    Messages are acknowledged before the work and not after it: the lease in the database is what brings lost work back,
    and a message that the broker sends again because its task takes long would only find that there is nothing to do.

    Raises UsageError for a URL that cannot be one of a broker.
    """
    is_rabbitmq = scheme_of(broker_url) in RABBITMQ
    app = Celery("docproc", broker=broker_url)
    app.conf.update(
        task_acks_late=False,
        task_ignore_result=True,
        result_backend=None,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        # The worker's own process has threads and connections: a forked child would inherit locks that nobody opens
        # again, and would end the parent's connections with its own.
        worker_pool_start_method="spawn",
        # such a process imports everything first; on a busy machine the usual four seconds are over before, and what
        # takes its place is no faster
        worker_proc_alive_timeout=60.0,
        # readers and their libraries grow with what they have seen
        worker_max_tasks_per_child=_TASKS_PER_PROCESS,
        worker_max_memory_per_child=_KIB_PER_PROCESS,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=3,
        task_publish_retry=False,
    )
    if is_rabbitmq:
        app.conf.update(task_create_missing_queue_type="quorum", worker_detect_quorum_queues=True)
    else:
        app.conf.update(
            broker_transport_options={
                "socket_timeout": _SOCKET_TIMEOUT_S,
                "socket_connect_timeout": 3,
                "socket_keepalive": True,
                "health_check_interval": 25,
                # A message is gone from the broker once a worker has it: the sweeper brings back what a killed worker
                # had. Kombu's own book of messages in hand sends long tasks twice, and one that cannot be struck off
                # while the broker is away fills the worker's window for ever: it would never take a message again.
                "ack_emulation": False,
            },
        )
    try:
        app.connection_for_write()  # makes none yet
    except (TypeError, ValueError, KeyError):
        raise wrong("an option behind its ? is not known, or its value cannot be one") from None
    return app
