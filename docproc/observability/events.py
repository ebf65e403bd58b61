"""Events: what can be told while docproc works, and how code tells it. Knows no line, no metric and no field value.

Metrics are counted from the same events, so nothing is told in two places.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

#: what an event is about: ids, numbers, names of docproc's own words; never anything out of a document
Fact: TypeAlias = "str | int | float | bool | tuple[str, ...] | None"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One thing that can be told."""

    #: constant, so that lines can be counted and searched by it
    text: str
    level: int = logging.INFO


#: by action; docs/observability.md says what each is about
EVENTS: Mapping[str, EventKind] = {
    # a worker's life
    "worker_started": EventKind("worker started"),
    "worker_draining": EventKind("worker takes nothing more"),
    "worker_ended": EventKind("worker ended"),
    "model_loading": EventKind("the model's weights are being loaded"),
    "model_loaded": EventKind("the model is loaded"),
    "model_failed": EventKind("the model's device has failed: the worker ends at once", logging.CRITICAL),
    "presence_failed": EventKind("no sign of life", logging.WARNING),
    "probe_failed": EventKind("a probe was not answered", logging.WARNING),
    "crashed": EventKind("ended by an error that nobody caught", logging.ERROR),
    # one task
    "task_started": EventKind("task started", logging.DEBUG),
    "task_done": EventKind("task done"),
    "task_stale": EventKind("nothing to do", logging.DEBUG),
    "task_failed": EventKind("task not done", logging.WARNING),
    "lease_lost": EventKind("lease lost", logging.WARNING),
    "task_hangs": EventKind("came to no checkpoint for too long: its lease is not renewed", logging.ERROR),
    "task_passed_on": EventKind("left to another worker, for this one cannot do it", logging.WARNING),
    "password_sealed": EventKind("left until a worker has the key that opens the document's password", logging.WARNING),
    "leases_not_renewed": EventKind("leases not renewed", logging.WARNING),
    "internal_error": EventKind("failed by an error of docproc's own", logging.ERROR),
    "trace": EventKind("where an error came from", logging.DEBUG),
    "house_kept": EventKind("what nobody needs was deleted"),
    # documents and pages
    "page_drawn": EventKind("page drawn", logging.DEBUG),
    "document_prepared": EventKind("document prepared"),
    "window_read": EventKind("pages read"),
    "window_mended": EventKind("values asked again for the whole document"),
    "asked_in_vain": EventKind("answers of a model that came to nothing"),
    "endpoint_refused": EventKind("a model server will not read: others are asked", logging.WARNING),
    "pages_handed_over": EventKind("pages left to a model"),
    "page_failed": EventKind("page failed", logging.WARNING),
    "document_ended": EventKind("document ended"),
    # webhooks
    "delivered": EventKind("a webhook took an event", logging.DEBUG),
    "delivery_put_off": EventKind("a webhook did not take an event: it is told again later", logging.WARNING),
    "delivery_given_up": EventKind("a webhook never took an event", logging.ERROR),
    # handing out work
    "role_taken": EventKind("hands out work now"),
    "keeper_failed": EventKind("a round of handing out work failed", logging.ERROR),
    "dispatched": EventKind("tasks sent", logging.DEBUG),
    "leases_swept": EventKind("leases had expired", logging.WARNING),
    "messages_lost": EventKind("messages were lost", logging.WARNING),
    # the face
    "request_answered": EventKind("a request was answered"),
    "request_failed": EventKind("a request could not be answered", logging.WARNING),
    "serving": EventKind("requests are answered"),
    "served": EventKind("no more requests are answered"),
    # watched places
    "watch_started": EventKind("watcher started"),
    "watch_ended": EventKind("watcher ended"),
    "file_submitted": EventKind("file submitted"),
    "file_done": EventKind("records of a file delivered"),
    "file_incomplete": EventKind("documents of a file have no record, others have", logging.WARNING),
    "file_failed": EventKind("no record came of a file", logging.WARNING),
    "file_skipped": EventKind("file has the bytes of an earlier one"),
    "file_gone": EventKind("file was deleted or replaced before it was taken", logging.WARNING),
    "file_put_off": EventKind("file is tried again later", logging.WARNING),
    "folder_shut": EventKind("a folder of the watched place cannot be looked into", logging.WARNING),
    "folder_opened": EventKind("a folder can be looked into again, or is gone"),
    "file_refused": EventKind("the database refuses the row of a file, which stays where it is", logging.ERROR),
    "watch_failed": EventKind("a round of watching failed", logging.ERROR),
    "watch_place_gone": EventKind("the watched place cannot be looked at", logging.WARNING),
    "watch_place_back": EventKind("the watched place is back"),
    "watch_events_lost": EventKind("the file system tells of no changes", logging.WARNING),
    "watch_left_behind": EventKind("files taken by a watcher that this ledger does not know", logging.WARNING),
    # what docproc stands on
    "server_refused": EventKind("server refuses what it is asked", logging.WARNING),
    "store_unreachable": EventKind("a store cannot be reached", logging.WARNING),
    "broker_unreachable": EventKind("the broker cannot be reached", logging.WARNING),
    "alarm_lost": EventKind("alarm lost", logging.WARNING),
}

_BOUND: ContextVar[Mapping[str, Fact]] = ContextVar("docproc_bound", default=MappingProxyType({}))


def event(logger: logging.Logger, action: str, /, *, cause: BaseException | None = None, **facts: Fact) -> None:
    """Tell that `action` happened, with what it is about; of a cause its type and its frames are told."""
    kind = EVENTS[action]
    if logger.isEnabledFor(kind.level):
        logger.log(kind.level, kind.text, exc_info=cause, extra={"action": action, **_BOUND.get(), **facts})


@contextmanager
def bound(**facts: Fact) -> Iterator[None]:
    """While the context lasts, every event of this thread has these facts too."""
    token = _BOUND.set({**_BOUND.get(), **facts})
    try:
        yield
    finally:
        _BOUND.reset(token)


def facts_bound() -> Mapping[str, Fact]:
    """What events of this thread are about now."""
    return _BOUND.get()
