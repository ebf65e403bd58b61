"""Prometheus metrics of one worker, counted from its events. Knows no step, no message and no HTTP.

A worker is several processes, and any of them may be killed at any moment. So counters and histograms live in small
files that are mapped into memory (prometheus_client's multiprocess mode): what a process has counted is in the file
before the next instruction, and outlives it. Two choices differ from that mode's usual form:

- A file belongs to a place in the pool and not to a process id: the process that takes the place of a dead or recycled
  one opens its file and counts on. So there are never more files than places, and no dead process has to be reported.
- Nothing that can fall is kept in files. What is due, queued, leased and alive is asked of the database, which is its
  truth, when somebody looks; only the worker that hands out work tells it, so that it is told once.

Pages and documents are counted when the worker that ended them has committed that; one killed between the two leaves
the count one short. Exact numbers are in the database (`docproc jobs show`), rates and latencies are here.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from docproc.bootstrap import Service
from docproc.domain.errors import StorageError
from docproc.observability import event
from docproc.services.dispatching import Supply
from docproc.services.queue_counts import QueueCounts, count_queues

if TYPE_CHECKING:
    from workers.model_host import HostedModel

logger = logging.getLogger(__name__)

_STEP_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_DOCUMENT_S = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)

Facts: TypeAlias = Mapping[str, Any]


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=None)


class Counts:
    """Everything that grows, in the files of one process."""

    def __init__(self) -> None:
        self.attempts = _counter(
            "docproc_attempts_total", "Tasks begun; a task that is tried again counts again.", "step"
        )
        self.tasks = _counter("docproc_tasks_total", "Tasks ended, by how.", "step", "outcome")
        self.step = Histogram(
            "docproc_step_seconds", "Time that a task took.", ("step",), buckets=_STEP_S, registry=None
        )
        self.pages = _counter("docproc_pages_total", "Pages that came to their end.", "state")
        self.documents = _counter("docproc_documents_total", "Documents that came to their end.", "state")
        self.document = Histogram(
            "docproc_document_seconds", "From submission to the end of a document.", buckets=_DOCUMENT_S, registry=None
        )
        self.reader = _counter("docproc_reader_seconds_total", "Time that a reader took.", "reader")
        self.tokens = _counter("docproc_reader_tokens_total", "Tokens that a model read and wrote.", "reader", "kind")
        self.tiles = _counter("docproc_reader_tiles_total", "Tiles and page images that a model looked at.", "reader")
        self.reused = _counter("docproc_pages_reused_total", "Pages whose reading was there already.", "reader")
        self.handed_over = _counter("docproc_pages_handed_over_total", "Pages that `auto` left to a model.", "reader")
        self.images = _counter("docproc_page_images_total", "Page images drawn.")
        self.image_bytes = _counter("docproc_page_image_bytes_total", "Bytes of page images drawn.")
        self.deliveries = _counter(
            "docproc_deliveries_total", "Tries to tell a webhook of an event, by how.", "outcome"
        )
        for outcome in ("delivered", "put_off", "given_up"):
            self.deliveries.labels(outcome)  # told as 0 before the first one: from nothing to 1 is no increase
        self.dispatched = _counter("docproc_dispatched_tasks_total", "Messages sent to the broker.")
        self.lost = _counter("docproc_lost_messages_total", "Messages that the broker lost; sent again.")
        self.swept = _counter("docproc_swept_leases_total", "Leases that expired: their work is due again.", "outcome")
        self.leases_lost = _counter("docproc_lost_leases_total", "Work of which another attempt had taken over.")
        self.internal = _counter("docproc_internal_errors_total", "Documents or windows failed by a bug.")
        self.rested = _counter(
            "docproc_documents_rested_total", "Times that a document waited for the key to its sealed password."
        )
        self.store = _counter("docproc_store_errors_total", "Times that the database or the blobs did not answer.")
        self.broker = _counter("docproc_broker_errors_total", "Times that the broker did not answer.")

    def all(self) -> Iterator[Counter | Histogram]:
        """Every one, for the documentation."""
        yield from vars(self).values()


_Count: TypeAlias = Callable[[Counts, Facts], None]


def _task_done(counts: Counts, facts: Facts) -> None:
    counts.tasks.labels(facts["step"], facts["outcome"]).inc()
    counts.step.labels(facts["step"]).observe(facts["seconds"])


def _prepared(counts: Counts, facts: Facts) -> None:
    counts.pages.labels("blank").inc(facts["blank"])
    counts.pages.labels("failed").inc(facts["failed"])


def _drawn(counts: Counts, facts: Facts) -> None:
    counts.images.inc()
    counts.image_bytes.inc(facts["byte_count"])


def _window_read(counts: Counts, facts: Facts) -> None:
    counts.pages.labels("read").inc(facts["pages"])
    if facts["reused"]:
        counts.reused.labels(facts["reader"]).inc(facts["pages"])
    else:
        _reader_asked(counts, facts)


def _reader_asked(counts: Counts, facts: Facts) -> None:
    counts.reader.labels(facts["reader"]).inc(facts["reader_seconds"])
    if facts["prompt_tokens"]:
        counts.tokens.labels(facts["reader"], "prompt").inc(facts["prompt_tokens"])
        counts.tokens.labels(facts["reader"], "output").inc(facts["output_tokens"])
        counts.tiles.labels(facts["reader"]).inc(facts["tiles"])


def _document_ended(counts: Counts, facts: Facts) -> None:
    counts.documents.labels(facts["state"]).inc()
    counts.document.observe(facts["since_submission"])


def _swept(counts: Counts, facts: Facts) -> None:
    counts.swept.labels("freed").inc(facts["freed"])
    counts.swept.labels("given_up").inc(facts["given_up"])


#: what an event adds, by its action
_COUNTED: Mapping[str, _Count] = {
    "task_started": lambda counts, facts: counts.attempts.labels(facts["step"]).inc(),
    "task_done": _task_done,
    "document_prepared": _prepared,
    "page_drawn": _drawn,
    "window_read": _window_read,
    "window_mended": _reader_asked,
    "asked_in_vain": _reader_asked,
    "pages_handed_over": lambda counts, facts: counts.handed_over.labels(facts["reader"]).inc(facts["pages"]),
    "page_failed": lambda counts, _: counts.pages.labels("failed").inc(),
    "document_ended": _document_ended,
    "delivered": lambda counts, _: counts.deliveries.labels("delivered").inc(),
    "delivery_put_off": lambda counts, _: counts.deliveries.labels("put_off").inc(),
    "delivery_given_up": lambda counts, _: counts.deliveries.labels("given_up").inc(),
    "dispatched": lambda counts, facts: counts.dispatched.inc(facts["tasks"]),
    "messages_lost": lambda counts, facts: counts.lost.inc(facts["tasks"]),
    "leases_swept": _swept,
    "lease_lost": lambda counts, _: counts.leases_lost.inc(),
    "internal_error": lambda counts, _: counts.internal.inc(),
    "password_sealed": lambda counts, _: counts.rested.inc(),
    "store_unreachable": lambda counts, _: counts.store.inc(),
    "leases_not_renewed": lambda counts, _: counts.store.inc(),
    "presence_failed": lambda counts, _: counts.store.inc(),
    "alarm_lost": lambda counts, _: counts.store.inc(),
    "broker_unreachable": lambda counts, _: counts.broker.inc(),
}


class _EventCounter(logging.Handler):
    """Counts every event that passes; writes nothing."""

    def __init__(self, counts: Counts) -> None:
        super().__init__(logging.DEBUG)
        self._counts = counts

    def emit(self, record: logging.LogRecord) -> None:
        count = _COUNTED.get(getattr(record, "action", ""))
        if count is not None:
            count(self._counts, vars(record))


@cache  # two sets of counters over the same files would undo each other's work
def begin_counting(place: str) -> Counts:
    """From now on this process counts its events, in the files of `place`; PROMETHEUS_MULTIPROC_DIR says where."""
    # the library's hook for naming files by something else than the process id; it must be set before a metric is made
    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]
    counts = Counts()
    for name in ("docproc", "workers"):
        counted = logging.getLogger(name)
        counted.addHandler(_EventCounter(counts))
        counted.setLevel(logging.DEBUG)  # lines have a level of their own
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The service at a moment, as the worker that hands out work sees it."""

    queues: Sequence[QueueCounts]
    workers: int


GAUGES: Mapping[str, str] = {
    "docproc_due_tasks": "Waiting in the database to be handed out.",
    "docproc_queued_tasks": "With the broker.",
    "docproc_leased_tasks": "In the hands of workers.",
    "docproc_slots": "Tasks at a time that workers which live have room for.",
    "docproc_paused": "1: nothing is handed out of this queue.",
    "docproc_workers": "Workers that gave a sign of life lately.",
}


#: of the model that this worker hosts, asked when somebody looks
HOST_GAUGES: Mapping[str, str] = {
    "docproc_model_running": "Pages whose answers the model writes now, side by side.",
    "docproc_model_waiting": "Pages that wait for a place beside those.",
}
HOST_COUNTERS: Mapping[str, str] = {
    "docproc_model_passes": "Passes of the model over pages side by side.",
    "docproc_model_row_passes": "And over how many pages those went, added up.",
}


class LookSeldom:
    """Asks the database how things stand, while this worker hands out work; not more often than each five seconds."""

    def __init__(self, service: Service, *, in_charge: Callable[[], bool], every_s: float = 5.0) -> None:
        self._service = service
        self._in_charge = in_charge
        self._every_s = every_s
        self._looked = float("-inf")
        self._now: Now | None = None
        self._turn = threading.Lock()

    def __call__(self) -> Now | None:
        """None when another worker tells it, or when the database does not answer."""
        if not self._in_charge():
            return None
        with self._turn:
            if time.monotonic() - self._looked >= self._every_s:
                self._now = self._look()
                self._looked = time.monotonic()
            return self._now

    def _look(self) -> Now | None:
        work = self._service.work
        try:
            workers = len(work.workers.living(alive_s=Supply().alive_s))
            return Now(queues=count_queues(work, self._service.census), workers=workers)
        except StorageError as error:
            event(logger, "store_unreachable", error=error.message)
            return None


class _NowCollector:
    """Tells what can fall, for as long as `look` tells it."""

    def __init__(self, look: Callable[[], Now | None]) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        now = self._look()
        if now is None:
            return
        for name, fact in (
            ("docproc_due_tasks", "due"),
            ("docproc_queued_tasks", "queued"),
            ("docproc_leased_tasks", "leased"),
            ("docproc_slots", "slots"),
            ("docproc_paused", "paused"),
        ):
            family = GaugeMetricFamily(name, GAUGES[name], labels=("queue",))
            for queue in now.queues:
                family.add_metric((queue.queue,), float(getattr(queue, fact)))
            yield family
        yield GaugeMetricFamily("docproc_workers", GAUGES["docproc_workers"], value=now.workers)


class _ModelCollector:
    """Tells how busy hosted models are; they live in the process that is asked."""

    def __init__(self, models: Mapping[str, "HostedModel"]) -> None:
        self._models = models

    def collect(self) -> Iterable[Metric]:
        for name, model in list(self._models.items()):
            load = model.engine.load
            told = zip((*HOST_GAUGES.items(),), (load.running, load.waiting), strict=True)
            for (metric, text), value in told:
                gauge = GaugeMetricFamily(metric, text, labels=("model",))
                gauge.add_metric((name,), value)
                yield gauge
            counted = zip((*HOST_COUNTERS.items(),), (model.engine.passes, model.engine.row_passes), strict=True)
            for (metric, text), value in counted:
                counter = CounterMetricFamily(metric, text, labels=("model",))
                counter.add_metric((name,), value)
                yield counter


def exposition(
    folder: Path, look: Callable[[], Now | None], *, models: Mapping[str, "HostedModel"] = MappingProxyType({})
) -> bytes:
    """What Prometheus reads: the sums over all processes of this worker, living and dead, and of its models."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(_NowCollector(look))
    registry.register(_ModelCollector(models))
    return generate_latest(registry)
