"""The chart, rendered with every set of values that is shipped: what Kubernetes and its operators would be given."""

import copy
import itertools
import re
import shutil
from pathlib import Path

import helm_python
import pytest
from doubles import commands, metric_names
from doubles.chart import CHART, Made, faults, given, names, pods, rendered

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=names())
def objects(request: pytest.FixtureRequest) -> list[Made]:
    return rendered(given(request.param))


@pytest.fixture(scope="module")
def full() -> list[Made]:
    return rendered(given("full"))


def of_kind(objects: list[Made], kind: str) -> dict[str, Made]:
    return {made["metadata"]["name"]: made for made in objects if made["kind"] == kind}


def containers(objects: list[Made]) -> list[Made]:
    return [container for made in objects if (pod := pods(made)) for container in pod["spec"]["containers"]]


def test_helm_finds_nothing_to_say() -> None:
    found = helm_python.lint(CHART, given("minimal"), strict=True)

    assert found["errors"] is None or found["errors"] == []
    assert [message for message in found["messages"] if "icon" not in message["error"]] == []


def test_a_packaged_chart_makes_the_same(full: list[Made], tmp_path: Path) -> None:
    """Rules and dashboard lie elsewhere in the repository, and links to them must not come along as links."""
    archive = helm_python.package(CHART, destination=tmp_path)

    assert rendered(given("full"), chart=Path(archive)) == full


def test_every_object_is_what_its_kind_allows(objects: list[Made]) -> None:
    assert [fault for made in objects for fault in faults(made)] == []


def test_no_two_objects_have_one_name(objects: list[Made]) -> None:
    names_of = [(made["kind"], made["metadata"]["name"]) for made in objects]

    assert len(names_of) == len(set(names_of))


def test_the_smallest_values_make_no_object_of_an_operator() -> None:
    groups = {made["apiVersion"].partition("/")[0] for made in rendered(given("minimal"))}

    assert groups == {"apps", "batch", "networking.k8s.io", "policy", "v1"}


def test_nothing_runs_as_root_or_writes_to_its_image(objects: list[Made]) -> None:
    for pod in filter(None, map(pods, objects)):
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(objects):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


def test_every_pod_has_the_disk_that_is_asked_for_to_unpack_and_export() -> None:
    values = given("full") | {"scratch": {"sizeLimit": "99Gi"}}

    for pod in filter(None, map(pods, rendered(values))):
        (tmp,) = (volume for volume in pod["spec"]["volumes"] if volume["name"] == "tmp")
        assert tmp["emptyDir"] == {"sizeLimit": "99Gi"}


def test_secrets_are_named_and_never_held(objects: list[Made]) -> None:
    assert not of_kind(objects, "Secret")
    for container in containers(objects):
        values = {each["name"]: each["value"] for each in container["env"]}
        assert values["DOCPROC_SECRETS_DIR"] == "/run/secrets/docproc"
        assert not {"DOCPROC_DATABASE_URL", "DOCPROC_BROKER_URL"} & values.keys()


def test_the_sealing_key_goes_to_who_takes_passwords_or_opens_documents_and_to_nobody_else(full: list[Made]) -> None:
    files = {
        made["metadata"]["name"].rpartition("docproc-")[2]: [
            item["path"]
            for volume in pod["spec"]["volumes"]
            for source in volume.get("projected", {}).get("sources", [])
            for item in source["secret"]["items"]
        ]
        for made in full
        if (pod := pods(made))
    }

    assert all({"docproc_database_url", "docproc_broker_url"} <= {*each} for each in files.values())
    assert {name for name, each in files.items() if "docproc_sealing_key" in each} == {"api", "prepare", "watcher"}
    smallest = [pods(made) for made in rendered(given("minimal"))]
    assert "docproc_sealing_key" not in str(smallest)


@pytest.mark.parametrize(("queue", "opens"), [("prepare", True), ("export", True), ("assemble", False)])
def test_a_worker_of_a_queue_that_opens_documents_has_the_sealing_key(queue: str, opens: bool) -> None:
    values = copy.deepcopy(given("full"))
    values["workers"] = {
        "one": {"queues": [queue], "slots": 1, "replicas": 1, "resources": {"limits": {"memory": "1Gi"}}}
    }

    (worker,) = (made for made in rendered(values) if made["metadata"]["name"] == "test-docproc-one" and pods(made))

    assert ("docproc_sealing_key" in str(pods(worker))) is opens


def test_selectors_find_the_pods_that_they_are_for(objects: list[Made]) -> None:
    labels = [pod["metadata"]["labels"] for pod in map(pods, objects) if pod]

    for made in objects:
        selector = made["spec"].get("selector") or made["spec"].get("podSelector") if "spec" in made else None
        wanted = (selector or {}).get("matchLabels", selector) or {}
        matched = [each for each in labels if wanted.items() <= each.items()]
        for rule in (selector or {}).get("matchExpressions", []):
            assert rule["operator"] == "In"
            matched = [each for each in matched if each.get(rule["key"]) in rule["values"]]
        assert matched, f"{made['kind']} {made['metadata']['name']} selects no pod"
        if made["kind"] == "Deployment":
            assert len(matched) == 1


def test_every_probe_asks_a_port_that_is_there(objects: list[Made]) -> None:
    for container in containers(objects):
        ports = {port["name"] for port in container.get("ports", [])}
        probes = [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe") if name in container]
        assert {probe["httpGet"]["port"] for probe in probes} <= ports


def test_every_command_is_one_of_docproc(objects: list[Made]) -> None:
    asked = [container["args"] for container in containers(objects)]

    assert asked
    assert [fault for words in asked for fault in commands.faults(words)] == []


def test_scaling_asks_for_metrics_that_docproc_has(full: list[Made]) -> None:
    scaled = of_kind(full, "ScaledObject")

    assert sorted(scaled) == ["test-docproc-prepare", "test-docproc-read", "test-docproc-remote"]
    for name, made in scaled.items():
        (trigger,) = made["spec"]["triggers"]
        assert list(metric_names.faults(trigger["metadata"]["query"])) == []
        assert made["spec"]["scaleTargetRef"]["name"] in of_kind(full, "Deployment")
        # Helm would set the replicas back with every upgrade
        assert "replicas" not in of_kind(full, "Deployment")[name]["spec"]


def test_a_worker_is_scaled_by_its_own_queues_alone(full: list[Made]) -> None:
    (trigger,) = of_kind(full, "ScaledObject")["test-docproc-read"]["spec"]["triggers"]

    (queues,) = set(re.findall(r'queue=~"([^"]+)"', trigger["metadata"]["query"]))

    assert [
        name for name in ("read.cpu", "assemble", "read.cpux", "readxcpu", "prepare") if re.fullmatch(queues, name)
    ] == [
        "read.cpu",
        "assemble",
    ]


def test_the_rules_of_prometheus_reach_the_cluster_as_they_are(full: list[Made]) -> None:
    (rule,) = of_kind(full, "PrometheusRule").values()

    alerts = [each["alert"] for group in rule["spec"]["groups"] for each in group["rules"]]
    assert "DocprocNobodyHandsOutWork" in alerts


def test_a_worker_with_a_model_has_the_image_the_model_and_the_gpu() -> None:
    worker = of_kind(rendered(given("gpu")), "Deployment")["test-docproc-gpu"]
    pod = worker["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert container["image"].startswith("registry.example.org/docproc-gpu:")
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert pod["tolerations"]
    # a second one beside it would find no GPU
    assert worker["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def served(container: Made) -> set[str]:
    """The queues that the command of a worker makes it serve."""
    told = dict(itertools.pairwise(container["args"]))
    model = told.get("--model", "").partition("=")[0]
    return {*filter(None, told.get("--queues", "").split(",")), *([f"read.{model}"] if model else [])}


@pytest.mark.parametrize("values", ["full", "gpu", "gpu_unnamed", "gpu_and_more"])
def test_a_worker_is_scaled_by_the_queues_that_it_serves(values: str) -> None:
    """By another than its own it would never be started, or for nothing."""
    name, _, kind = values.partition("_")
    given_values = given(name)
    if kind == "unnamed":
        del given_values["workers"]["gpu"]["model"]["name"]
    elif kind:
        given_values["workers"]["gpu"]["queues"] = ["assemble", "read.nvlm-d-72b"]
    objects = rendered(given_values)

    for name, made in of_kind(objects, "ScaledObject").items():
        (container,) = of_kind(objects, "Deployment")[name]["spec"]["template"]["spec"]["containers"]
        (trigger,) = made["spec"]["triggers"]
        asked = set(re.findall(r'queue=~"([^"]+)"', trigger["metadata"]["query"]))
        assert served(container) == {queue.replace("[.]", ".") for queue in asked.pop().split("|")}
        assert list(metric_names.faults(trigger["metadata"]["query"])) == []


def test_a_model_that_is_scaled_from_none_has_the_time_to_make_its_name_known() -> None:
    """A reader that no worker ever hosted is refused, so nothing would wait for it and nobody start it."""
    (made,) = of_kind(rendered(given("gpu")), "ScaledObject").values()

    assert made["spec"]["minReplicaCount"] == 0
    assert made["spec"]["initialCooldownPeriod"] >= 1800


def test_without_a_way_out_only_names_and_stores_are_reached() -> None:
    policies = of_kind(rendered(given("minimal")), "NetworkPolicy")

    everybody = policies["test-docproc"]["spec"]
    assert everybody["policyTypes"] == ["Ingress", "Egress"]
    assert [port["port"] for rule in everybody["egress"] for port in rule["ports"]] == [53, 53, 5432, 6379, 9000]
    assert "ingress" not in everybody
    assert [made for name, made in policies.items() if name != "test-docproc" and made["spec"].get("egress")] == []


def test_inside_a_closed_network_no_image_is_pulled_and_no_ingress_made() -> None:
    objects = rendered(given("air-gapped"))

    assert {container["imagePullPolicy"] for container in containers(objects)} == {"Never"}
    assert {container["image"].partition("/")[0] for container in containers(objects)} == {
        "registry.inside.example:5000"
    }
    assert not of_kind(objects, "Ingress")


def changed(values: Made, path: str, value: object) -> Made:
    values = copy.deepcopy(values)
    *way, last = path.split(".")
    place = values
    for step in way:
        place = place.setdefault(step, {})
    place[last] = value
    return values


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("workers.prepare.slot", 3),
        ("workers.prepare.slots", "3"),
        ("workers.prepare.queues", ["prepair"]),
        ("workers.prepare.scaling", {"min": 1}),
        ("workers.gpu", {"slots": 1, "replicas": 1, "resources": {}}),
        ("workers.gpu.model", {"name": "auto", "claimName": "models"}),
        ("settings.database_url", "postgresql://u:secret@db/x"),
        ("settings.sealing_key", "secret"),
        ("blobs.url", "s3://key:secret@bucket"),
        ("networkPolicy.stores", []),
        ("ingress", {"enabled": True, "host": ""}),
        ("database.password", "secret"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(path: str, value: object) -> None:
    with pytest.raises(helm_python.HelmError, match=path.rpartition(".")[2]):
        rendered(changed(given("minimal"), path, value))


def test_somebody_has_to_hand_out_work() -> None:
    values = given("minimal")
    for worker in ("prepare", "read", "errands"):
        values = changed(values, f"workers.{worker}.replicas", 0)

    with pytest.raises(helm_python.HelmError, match="hands out work"):
        rendered(values)


@pytest.mark.parametrize(
    ("template", "good", "bad", "found"),
    [
        ("workers.yaml", "minReplicaCount:", "minReplicas:", "ScaledObject"),
        (
            "workers.yaml",
            "pollingInterval: {{ $.Values.keda.pollingInterval }}",
            "pollingInterval: often",
            "ScaledObject",
        ),
        ("workers.yaml", "scaleTargetRef: {name:", "scaleTargetRef: {nam:", "ScaledObject"),
        ("workers.yaml", "terminationGracePeriodSeconds: 60", "terminationGracePeriod: 60", "Deployment"),
        ("api.yaml", "targetPort: http", "target: http", "Service"),
        ("monitoring.yaml", "podMetricsEndpoints:", "endpoints:", "PodMonitor"),
        ("network.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: Ingress", "NetworkPolicy"),
    ],
)
def test_a_mistake_in_a_template_is_found(template: str, good: str, bad: str, found: str, tmp_path: Path) -> None:
    chart = tmp_path / "docproc"
    shutil.copytree(CHART, chart)
    text = (chart / "templates" / template).read_text()
    assert good in text
    (chart / "templates" / template).write_text(text.replace(good, bad))

    assert any(fault.startswith(found) for made in rendered(given("full"), chart=chart) for fault in faults(made))
