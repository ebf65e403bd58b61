"""The Helm chart rendered by Helm's own code, and each object held to the schema of its kind, strictly."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from helm_python import Chart

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "docproc"
NAMESPACE = "docproc"
#: the oldest that the chart says it runs on, and the newest whose schemas are here
VERSIONS = ("1.30", kubernetes_validate.latest_version())

Made = dict[str, Any]


def given(name: str) -> Made:
    """The values of `ci/NAME-values.yaml`."""
    return dict(yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text()))


def names() -> list[str]:
    """Every set of values that there is."""
    return sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


def rendered(values: Mapping[str, Any], *, chart: Path = CHART) -> list[Made]:
    """The objects that Helm would make. Raises HelmError, also for values that the chart's schema refuses."""
    with Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        texts = loaded.render(dict(values), name="test", namespace=NAMESPACE)
    return [made for name, text in texts.items() if name.endswith(".yaml") for made in yaml.safe_load_all(text) if made]


def faults(made: Made) -> Iterator[str]:
    """What is wrong with an object by the schema of its kind; an unknown field is."""
    kind, version = made["kind"], made["apiVersion"]
    if version.partition("/")[0] in ("keda.sh", "monitoring.coreos.com"):
        validator = jsonschema.Draft202012Validator(_schema_of(version, kind))
        yield from (f"{kind} {error.json_path}: {error.message}" for error in validator.iter_errors(made))
        return
    for kubernetes in VERSIONS:
        try:
            kubernetes_validate.validate(made, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{kind} {'.'.join(map(str, error.path))}: {error.message} (Kubernetes {kubernetes})"


@cache
def _schema_of(version: str, kind: str) -> Made:
    """Made of the published definitions of the operators' own objects."""
    package = "keda.v1alpha1" if version == "keda.sh/v1alpha1" else "prometheus_operator.v1"
    models = import_module(f"cloudcoil.models.{package}")  # late, for it takes seconds
    schema: Made = getattr(models, kind).model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            part["additionalProperties"] = False
    return schema


def pods(made: Made) -> Made | None:
    """The pod template of what makes pods."""
    template = made.get("spec", {}).get("template")
    return template if isinstance(template, dict) and "spec" in template else None
