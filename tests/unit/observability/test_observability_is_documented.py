"""docs/observability.md lists every event and every metric, and none that is not there."""

import ast
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from docproc.api.counting import RequestCounters
from docproc.observability import EVENTS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "observability.md").read_text()


def listed(heading: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)


def calls() -> Iterator[ast.Call]:
    for package in ("docproc", "workers", "schemas"):
        for path in (ROOT / package).rglob("*.py"):
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def told() -> set[str]:
    """Actions that code tells, by what it writes."""
    events = [call for call in calls() if isinstance(call.func, ast.Name) and call.func.id == "event"]
    return {str(call.args[1].value) for call in events if isinstance(call.args[1], ast.Constant)}


def test_every_event_is_documented_and_no_other() -> None:
    assert sorted(listed("Events")) == sorted(EVENTS)


def test_levels_are_documented_as_they_are() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([A-Z]+) \|", PAGE, re.MULTILINE))

    assert rows == {name: logging.getLevelName(kind.level) for name, kind in EVENTS.items()}


def test_every_event_is_told_somewhere() -> None:
    by_variable = {"store_unreachable", "broker_unreachable"}

    assert told() | by_variable == set(EVENTS)


def test_nothing_is_logged_past_the_events() -> None:
    """A message made by hand may hold anything."""
    logged = [call.func for call in calls() if isinstance(call.func, ast.Attribute)]
    found = {ast.unparse(call) for call in logged if ast.unparse(call.value) == "logger"}

    assert found <= {"logger.isEnabledFor", "logger.log"}  # those of `event` itself


def test_every_metric_is_documented_and_no_other(tmp_path: Path) -> None:
    """In a process of its own: metrics live in files that belong to a process."""
    code = """
import json, sys
from workers.metrics import GAUGES, HOST_COUNTERS, HOST_GAUGES, begin_counting
names = [each + "_total" if family.type == "counter" else each for metric in begin_counting("test").all()
         for family in metric.collect() for each in [family.name]]
print(json.dumps([*names, *GAUGES, *HOST_GAUGES, *(f"{name}_total" for name in HOST_COUNTERS)]))
"""
    environment = {"PATH": "/usr/bin:/bin", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )

    assert sorted(listed("Metrics")) == sorted(json.loads(ended.stdout))


def test_metrics_keep_to_the_conventions_of_prometheus() -> None:
    names = listed("Metrics")

    assert all(name.startswith("docproc_") for name in names)
    assert not any(re.search(r"_(ms|millis|minutes|count|sum|bucket)$", name) for name in names)


def test_every_metric_of_the_api_is_documented_and_no_other() -> None:
    families = re.findall(r"^# TYPE (\w+) ", RequestCounters().exposition(), re.MULTILINE)

    assert sorted(listed("Metrics of the API")) == sorted(families)
