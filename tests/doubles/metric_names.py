"""The metrics that docproc's code has, with their labels, as queries may name them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import promql_parser
from prometheus_client.parser import text_string_to_metric_families

from docproc.api.counting import RequestCounters
from docproc.services.ledger_records import LedgerCounts
from docproc.watch.metrics import WatchMetrics
from docproc.watch.watcher import Tally

ROOT = Path(__file__).parents[2]
_CODE = """
import json
from workers.metrics import GAUGES, begin_counting
series = {}
for metric in begin_counting("test").all():
    name, labels = metric._name, list(metric._labelnames)
    if metric._type == "counter":
        series[name + "_total"] = labels
    else:
        series |= {name + "_bucket": [*labels, "le"], name + "_sum": labels, name + "_count": labels}
series |= {name: [] if name == "docproc_workers" else ["queue"] for name in GAUGES}
print(json.dumps(series))
"""
#: what Prometheus adds when it scrapes
ADDED = frozenset({"instance", "job", "namespace", "pod"})


@cache
def series() -> Mapping[str, frozenset[str]]:
    """Labels by name. In a process of its own: metrics live in files that belong to a process."""
    with TemporaryDirectory() as folder:
        environment = {"PATH": "/usr/bin:/bin", "PROMETHEUS_MULTIPROC_DIR": folder}
        command = [sys.executable, "-c", _CODE]
        ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    of_workers = {name: frozenset(labels) for name, labels in json.loads(ended.stdout).items()}
    return {**of_workers, **_of_the_api()}


def _of_the_api() -> Mapping[str, frozenset[str]]:
    """As a replica tells them after its first request."""
    counters = RequestCounters()
    counters.count("/health", "GET", 200, 0.1)
    told = text_string_to_metric_families(counters.exposition())
    return {sample.name: frozenset(sample.labels) for family in told for sample in family.samples}


@cache
def series_of_watchers() -> Mapping[str, frozenset[str]]:
    """As `docproc watch --metrics-port` tells them; on no dashboard, for few services have one."""

    class Empty:
        def counts(self) -> LedgerCounts:
            return LedgerCounts(states={}, troubles={})

    told = WatchMetrics(Tally(), Empty()).collect()  # type: ignore[arg-type]  # nothing else of a ledger is asked
    return {sample.name: frozenset(sample.labels) for family in told for sample in family.samples}


def faults(query: str) -> Iterator[str]:
    """What is wrong with a query: its grammar and types, a metric that is not there, a label that it has not."""
    try:
        parsed = promql_parser.parse(query)
    except ValueError as error:
        yield f"{query!r}: {error}"
        return
    known = {**series(), **series_of_watchers()}
    for selector in _selectors(parsed):
        name = selector.name or ""
        if name not in known:
            yield f"{query!r}: there is no metric {name}"
            continue
        labels = {matcher.name for matcher in selector.matchers.matchers}
        for label in sorted(labels - known[name] - ADDED):
            yield f"{query!r}: {name} has no label {label}"


def _selectors(query: promql_parser.Expr) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def look(part: promql_parser.Expr) -> bool:
        if isinstance(part, promql_parser.VectorSelector):
            found.append(part)
        return True

    promql_parser.walk(query, look)
    return found
