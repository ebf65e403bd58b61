"""Images and the compose file: read by the tools that would complain, and held against the repository."""

import fnmatch
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from doubles import commands
from doubles.chart import given, names
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docproc.api.wiring import _REPLICA_CHILD_MB
from docproc.settings import Settings
from docproc.storage.blob_stores import open_blob_links

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "deploy" / "images"
COMPOSE = ROOT / "deploy" / "compose"
BIN = Path(sys.executable).parent


def said_by(*command: object) -> tuple[int, str]:
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=ROOT)
    return ended.returncode, ended.stdout + ended.stderr


def services() -> dict[str, Any]:
    """As compose would see them: YAML's own merging done."""
    return dict(yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"])


def copied() -> list[str]:
    """What the images take out of the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", (IMAGES / "Dockerfile").read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def is_sent(path: str) -> bool:
    """Does `.dockerignore` let it through to the builder? The last rule that fits decides."""
    sent = True
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        beginnings = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        names = parts if "**/" in rule else beginnings
        if any(fnmatch.fnmatch(name, pattern) for name in names):
            sent = rule.startswith("!")
    return sent


def test_hadolint_finds_nothing() -> None:
    assert said_by(BIN / "hadolint", IMAGES / "Dockerfile") == (0, "")


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("FROM ${PYTHON_IMAGE} AS wheel", "FROM python:latest AS wheel", "DL3007"),
        ('CMD ["worker", "--help"]', "CMD worker --help", "DL3025"),
        ("WORKDIR /source", "WORKDIR source", "DL3000"),
        ("COPY --from=wheel", "COPY --from=wheels", "DL3022"),
    ],
)
def test_hadolint_finds_a_mistake(good: str, bad: str, rule: str, tmp_path: Path) -> None:
    text = (IMAGES / "Dockerfile").read_text()
    assert good in text
    (tmp_path / "Dockerfile").write_text(text.replace(good, bad))

    code, said = said_by(BIN / "hadolint", tmp_path / "Dockerfile")

    assert code == 1
    assert rule in said


@pytest.mark.parametrize("path", copied())
def test_what_an_image_copies_is_there_and_sent(path: str) -> None:
    assert (ROOT / path).exists()
    assert is_sent(path)


@pytest.mark.parametrize(
    "path",
    [".git/config", "deploy/compose/secrets/database_password", "tests/conftest.py", "docproc/__pycache__/x.pyc"],
)
def test_what_no_image_needs_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_the_wheel_in_the_image_has_all_that_it_is_made_of() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [
        *built["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        *built["project"]["license-files"],
        built["project"]["readme"],
        "pyproject.toml",
    ]

    assert set(needed) <= set(copied())


def pinned(name: str) -> dict[str, str]:
    lines = (IMAGES / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize(
    ("name", "extras"), [("constraints.txt", ["service"]), ("constraints-gpu.txt", ["service", "vlm"])]
)
def test_every_dependency_is_pinned_to_a_version_that_is_allowed(name: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]

    versions = pinned(name)

    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), str(requirement)


def test_the_image_without_a_model_has_no_torch() -> None:
    assert not {"torch", "transformers", "llguidance"} & pinned("constraints.txt").keys()
    assert {"torch", "transformers", "llguidance"} <= pinned("constraints-gpu.txt").keys()


def test_the_compose_file_keeps_to_its_specification() -> None:
    code, said = said_by(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE / "compose.yaml")

    assert code == 0, said


@pytest.mark.parametrize(
    ("good", "bad"), [("healthcheck:", "healthchek:"), ("stop_grace_period: 45s", "stop_grace_period: [45]")]
)
def test_a_mistake_in_the_compose_file_is_found(good: str, bad: str, tmp_path: Path) -> None:
    text = (COMPOSE / "compose.yaml").read_text()
    assert good in text
    (tmp_path / "compose.yaml").write_text(text.replace(good, bad))

    code, _ = said_by(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yaml")

    assert code == 1


def test_every_name_in_the_compose_file_is_defined() -> None:
    whole = yaml.safe_load((COMPOSE / "compose.yaml").read_text())

    for name, service in services().items():
        assert set(service.get("secrets", [])) <= whole["secrets"].keys(), name
        assert set(service["networks"]) <= whole["networks"].keys(), name
        assert set(service.get("depends_on", {})) <= services().keys(), name
        named = [volume.partition(":")[0] for volume in service.get("volumes", []) if isinstance(volume, str)]
        assert set(named) <= whole["volumes"].keys(), name


def test_the_sealing_key_goes_to_who_takes_passwords_or_opens_documents_and_to_nobody_else() -> None:
    with_key = {name for name, service in services().items() if "docproc_sealing_key" in service.get("secrets", [])}

    assert with_key == {"api", "worker-prepare", "watcher"}


def test_everything_that_stays_up_is_looked_at_and_limited() -> None:
    images_own = "docproc"
    for name, service in services().items():
        if str(service.get("restart", "")).startswith("on-failure"):
            continue
        assert service["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}, name
        assert "healthcheck" in service or images_own in service["image"].lower(), name


def test_only_the_api_is_reached_from_outside_and_by_default_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}

    assert published == {"api": ["${DOCPROC_LISTEN:-127.0.0.1:8080}:8080"]}


def test_the_memory_of_the_api_is_enough_for_what_parses_in_it() -> None:
    """Two children beside itself; what is unpacked lies on a disk, for a tmpfs is memory too."""
    api = services()["api"]
    unit = (ROOT / "deploy" / "systemd" / "docproc-api.service").read_text()
    chart = yaml.safe_load((ROOT / "deploy" / "helm" / "docproc" / "values.yaml").read_text())
    needed_mb = 2 * _REPLICA_CHILD_MB + 512

    limits = [
        1024 * int(api["deploy"]["resources"]["limits"]["memory"].removesuffix("g")),
        1024 * int(chart["api"]["resources"]["limits"]["memory"].removesuffix("Gi")),
        1024 * int(re.findall(r"^MemoryMax=(\d+)G$", unit, re.MULTILINE)[0]),
    ]
    assert min(limits) >= needed_mb
    assert any(volume.endswith(f":{api['environment']['TMPDIR']}") for volume in api["volumes"])
    assert "OOMPolicy=continue" in unit


def test_what_takes_gigabytes_lies_on_a_disk_and_not_in_memory() -> None:
    """Containers, originals that are opened and exports: a tmpfs counts against the memory of who writes to it."""
    for name in ("api", "worker-prepare", "watcher"):
        service = services()[name]
        places = [volume.rpartition(":")[2] for volume in service["volumes"] if isinstance(volume, str)]
        assert service["environment"]["TMPDIR"] in places, name
        assert not any(tmpfs.startswith(service["environment"]["TMPDIR"]) for tmpfs in service["tmpfs"]), name
    assert services()["worker-prepare"]["environment"]["HEALTH_URL"]


def test_every_process_of_docproc_takes_further_settings_from_one_file() -> None:
    """API and workers must agree on where webhooks may lead to."""
    own = {name: each for name, each in services().items() if "DOCPROC" in each["image"]}

    assert {"api", "worker-prepare", "worker-errands", "migrate"} <= own.keys()
    for name, service in own.items():
        assert service["env_file"] == [{"path": "docproc.env", "required": False}], name


def test_the_example_of_further_settings_names_settings_that_compose_does_not_overrule() -> None:
    text = (COMPOSE / "docproc.env.example").read_text()
    told = set(re.findall(r"^#?DOCPROC_([A-Z_]+)=", text, re.MULTILINE))
    ruled = {name for service in services().values() for name in service.get("environment", {})}

    assert {name.lower() for name in told} <= Settings.model_fields.keys()
    assert {"WEBHOOK_HOSTS", "SOURCE_HOSTS", "MAX_BYTES", "TRACE_ENDPOINT"} <= told
    assert not {f"DOCPROC_{name}" for name in told} & ruled


def test_no_client_is_sent_to_a_store_that_it_cannot_reach() -> None:
    """The store has no published port: links need a name that somebody gives it."""
    assert "ports" not in services()["store"]
    (url,) = words([services()["api"]["environment"]["DOCPROC_BLOB_URL"]])

    assert open_blob_links(url) is None
    inside = [
        values["blobs"]["url"] for values in map(given, names()) if ".svc" in values.get("blobs", {}).get("url", "")
    ]
    assert inside
    assert all("public_endpoint=" in each or "links=false" in each for each in inside)


def test_what_parses_documents_has_no_way_out() -> None:
    assert services()["worker-prepare"]["networks"] == ["inside"]
    assert yaml.safe_load((COMPOSE / "compose.yaml").read_text())["networks"]["inside"] == {"internal": True}


def words(command: list[str]) -> list[str]:
    """With the defaults of what a `.env` may say."""
    return [re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", word) for word in command]


def test_every_command_is_one_of_docproc() -> None:
    asked = [words(each["command"]) for each in services().values() if "DOCPROC" in each["image"] and each["command"]]

    assert asked
    assert [fault for each in asked for fault in commands.faults(each)] == []


def test_the_example_of_variables_names_those_that_are_asked_for_and_no_other() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):-", (COMPOSE / "compose.yaml").read_text()))
    told = set(re.findall(r"^#?([A-Z_]+)=", (COMPOSE / ".env.example").read_text(), re.MULTILINE))

    assert told == asked
