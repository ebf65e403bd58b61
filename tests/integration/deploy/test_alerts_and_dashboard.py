"""Alert rules and dashboard: their queries parse, and ask for metrics and labels that docproc has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from doubles import metric_names
from doubles.chart import faults

pytestmark = pytest.mark.integration
DEPLOY = Path(__file__).parents[3] / "deploy"
DOCS = Path(__file__).parents[3] / "docs"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return list(json.loads((DEPLOY / "grafana" / "docproc.json").read_text())["panels"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    assert list(metric_names.faults(rule["expr"])) == []


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    assert [fault for target in panel["targets"] for fault in metric_names.faults(target["expr"])] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sum(rate(docproc_pages[5m]))", "no metric docproc_pages"),
        ('docproc_due_tasks{step="read"}', "no label step"),
        ("rate(docproc_pages_total)", "matrix"),
        ("sum(docproc_workers", "parenthesis"),
    ],
)
def test_a_mistake_in_a_query_is_found(query: str, said: str) -> None:
    (fault,) = metric_names.faults(query)

    assert said in fault


def test_the_rules_are_what_prometheus_takes() -> None:
    spec = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    made = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "x"}, "spec": spec}

    assert list(faults(made)) == []
    assert all({"alert", "expr", "labels", "annotations"} <= rule.keys() for rule in rules())
    assert {rule["labels"]["severity"] for rule in rules()} == {"critical", "warning"}


def test_an_annotation_uses_only_labels_that_its_alert_has() -> None:
    """One that sums over all queues has no queue to tell."""
    for rule in rules():
        told = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        kept = set(re.findall(r"by \((\w+)\)", rule["expr"]))
        assert told <= kept, rule["alert"]


def test_every_alert_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `(Docproc\w+)` \|", (DOCS / "operate.md").read_text(), re.MULTILINE)

    assert explained == [rule["alert"] for rule in rules()]


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    asked = " ".join(
        [rule["expr"] for rule in rules()] + [each["expr"] for panel in panels() for each in panel["targets"]]
    )

    shown = {name for name in metric_names.series() if re.search(rf"\b{name}\b", asked)}
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in metric_names.series()}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == whole
