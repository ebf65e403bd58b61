"""The units of systemd, read by systemd itself where it is installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import commands
from doubles.watch_page import blocks

from docproc.settings import Settings

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")


def said_by_systemd(
    unit: Path, place: Path, *arguments: str, text: str | None = None, instance: str = "prepare"
) -> tuple[int, str]:
    """Of the unit as if docproc were installed where it says."""
    here = str(Path(sys.executable).parent / "docproc")
    copy = place / unit.name.replace("@.", f"@{instance}.")
    copy.write_text((text or unit.read_text()).replace("/opt/docproc/bin/docproc", here))
    ended = subprocess.run(["systemd-analyze", *arguments, str(copy)], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    code, said = said_by_systemd(unit, tmp_path, "verify")

    assert code == 0
    assert unit.name.partition("@")[0] not in said


@needs_systemd
def test_a_mistake_is_found(tmp_path: Path) -> None:
    unit = FOLDER / "docproc-api.service"

    _, said = said_by_systemd(unit, tmp_path, "verify", text=unit.read_text().replace("ProtectHome=", "ProtectHomes="))

    assert "ProtectHomes" in said


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_it_hardly_exposed(unit: Path, tmp_path: Path) -> None:
    code, said = said_by_systemd(unit, tmp_path, "security", "--offline=true", "--threshold=20")

    assert code == 0, said


def variables(name: str) -> dict[str, str]:
    lines = (FOLDER / "etc" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("instance", ["worker-prepare.env", "worker-read.env", "worker-gpu.env", "watch.env"])
def test_every_variable_of_a_command_is_in_its_file(instance: str) -> None:
    unit = "docproc-worker@.service" if instance.startswith("worker") else "docproc-watch.service"

    asked = re.findall(r"\$\{([A-Z_]+)\}", (FOLDER / unit).read_text())

    settings = {name for name in variables(instance) if name.startswith("DOCPROC_")}
    assert set(variables(instance)) - settings == set(asked)
    assert {name.removeprefix("DOCPROC_").lower() for name in settings} <= Settings.model_fields.keys()


def started(unit: Path, *files: str) -> list[str]:
    """What the unit runs, with the variables that are shipped."""
    (command,) = re.findall(r"^ExecStart=/opt/docproc/bin/docproc (.+)$", unit.read_text(), re.MULTILINE)
    for name, value in (pair for file in files for pair in variables(file).items()):
        command = command.replace(f"${{{name}}}", value)
    return str(command).split()


def test_every_command_is_one_of_docproc() -> None:
    asked = [
        started(FOLDER / "docproc-api.service"),
        started(FOLDER / "docproc-worker@.service", "worker-prepare.env"),
        started(FOLDER / "docproc-worker@.service", "worker-read.env"),
        started(FOLDER / "docproc-worker@.service", "worker-gpu.env"),
        started(FOLDER / "docproc-watch.service", "watch.env"),
    ]

    assert asked
    assert [fault for words in asked for fault in commands.faults(words)] == []


def test_a_worker_with_a_model_serves_the_queue_of_its_reader_with_threads() -> None:
    """`docproc worker` hosts the model of the settings for this queue alone."""
    shipped = variables("worker-gpu.env")

    assert (shipped["QUEUES"], shipped["POOL"]) == ("read.vlm", "threads")
    assert Path(shipped["DOCPROC_VLM_MODEL"]).is_absolute()


def credentials(*files: Path) -> set[str]:
    return set(re.findall(r"^LoadCredential=(\w+):", "\n".join(file.read_text() for file in files), re.MULTILINE))


@pytest.mark.parametrize("instance", ["prepare", "read", "gpu"])
def test_of_workers_only_those_that_open_documents_have_the_sealing_key(instance: str) -> None:
    drop_ins = sorted(FOLDER.glob(f"docproc-worker@{instance}.service.d/*.conf"))
    queues = {*variables(f"worker-{instance}.env")["QUEUES"].split(",")}

    given = credentials(FOLDER / "docproc-worker@.service", *drop_ins)

    assert {"docproc_database_url", "docproc_broker_url"} <= given
    assert ("docproc_sealing_key" in given) is bool(queues & {"prepare", "export"})


def test_the_api_and_the_watcher_take_passwords_and_have_the_sealing_key() -> None:
    for unit in ("docproc-api.service", "docproc-watch.service"):
        assert "docproc_sealing_key" in credentials(FOLDER / unit)


@needs_systemd
def test_systemd_understands_the_drop_in_with_the_sealing_key(tmp_path: Path) -> None:
    drop_in = "docproc-worker@prepare.service.d"
    shutil.copytree(FOLDER / drop_in, tmp_path / drop_in)

    code, said = said_by_systemd(FOLDER / "docproc-worker@.service", tmp_path, "verify")
    assert (code, "docproc-worker" in said) == (0, False), said
    (config,) = (tmp_path / drop_in).iterdir()
    config.write_text(config.read_text().replace("LoadCredential", "LoadCredentials"))
    assert "LoadCredentials" in said_by_systemd(FOLDER / "docproc-worker@.service", tmp_path, "verify")[1]


@needs_systemd
def test_the_drop_in_of_a_worker_with_a_model_opens_its_devices_and_no_more(tmp_path: Path) -> None:
    unit = FOLDER / "docproc-worker@.service"
    shutil.copytree(FOLDER / "docproc-worker@gpu.service.d", tmp_path / "docproc-worker@gpu.service.d")

    def told(*arguments: str) -> tuple[int, str]:
        return said_by_systemd(unit, tmp_path, *arguments, instance="gpu")

    code, said = told("verify")
    assert (code, "docproc-worker" in said) == (0, False), said
    code, said = told("security", "--offline=true", "--threshold=25")
    assert code == 0, said
    assert re.search(r"✗.*PrivateDevices=", said), "the drop-in is read"
    assert not re.search(r"✓.*DeviceAllow=", said), "a list of devices would be one without the GPU"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_no_unit_holds_a_secret(unit: Path) -> None:
    assert "DOCPROC_SECRETS_DIR=%d" in unit.read_text()
    assert not re.search(r"(PASSWORD|SECRET_ACCESS_KEY|://[^ ]*@)", unit.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_what_takes_gigabytes_lies_on_a_disk(unit: Path) -> None:
    lines = unit.read_text().splitlines()

    assert {"Environment=TMPDIR=/var/tmp", "PrivateTmp=yes"} <= {*lines}


def test_what_the_page_of_watched_folders_shows_of_the_unit_is_in_it() -> None:
    (shown,) = blocks("A service", "ini")

    unit = iter((FOLDER / "docproc-watch.service").read_text().splitlines())

    assert [line for line in shown.splitlines() if line and line not in unit] == []
