"""Prometheus metrics of one watcher: what it did, and what the ledger says of its place. Knows no file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docproc.domain.errors import StorageError, UsageError
from docproc.services.ledger_ports import Ledger
from docproc.services.ledger_records import EntryState, Trouble
from docproc.watch.watcher import Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class WatchMetrics:
    """A collector: everything is asked for when somebody looks."""

    def __init__(self, tally: Tally, ledger: Ledger) -> None:
        self._tally = tally
        self._ledger = ledger

    def collect(self) -> "Iterator[Metric]":
        """Every metric of docs/observability.md that begins with docproc_watch."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 of an extra

        ended = CounterMetricFamily("docproc_watch_files", "Files that came to their end here.", labels=["state"])
        for state in EntryState:
            ended.add_metric([state.value], self._tally.ended[state])
        yield ended
        yield CounterMetricFamily(
            "docproc_watch_failed_documents", "Documents without a record.", self._tally.failed_documents
        )
        put_off = CounterMetricFamily("docproc_watch_troubles", "Files put off here, by why.", labels=["trouble"])
        for trouble in Trouble:
            put_off.add_metric([trouble.value], self._tally.put_off[trouble])
        yield put_off
        yield GaugeMetricFamily("docproc_watch_in_hand", "Files on their way here.", self._tally.in_hand)
        yield GaugeMetricFamily(
            "docproc_watch_place_up", "Whether the place can be looked at.", float(self._tally.place_is_there)
        )
        try:
            counts = self._ledger.counts()
        except StorageError:
            return
        waiting = GaugeMetricFamily(
            "docproc_watch_waiting", "Files of the place that wait for another try, by why.", labels=["trouble"]
        )
        for trouble in Trouble:
            waiting.add_metric([trouble.value], counts.troubles.get(trouble, 0))
        yield waiting
        yield GaugeMetricFamily("docproc_watch_open", "Files of the place on their way, by all watchers.", counts.open)


@contextmanager
def served_metrics(tally: Tally, ledger: Ledger, *, port: int, host: str) -> Iterator[int]:
    """Answers `/metrics` while the context lasts; the port, which is a free one for 0. Raises UsageError."""
    try:
        from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 of an extra
    except ModuleNotFoundError as exc:
        raise UsageError("--metrics-port needs prometheus_client: pip install 'docproc[service]'") from exc
    registry = CollectorRegistry(auto_describe=False)
    registry.register(WatchMetrics(tally, ledger))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as exc:
        raise UsageError(f"--metrics-port {port}: cannot be listened on: {exc.strerror}") from exc
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
