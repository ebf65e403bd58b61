"""The units of systemd, read by systemd itself where it is installed."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import commands

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
#: come with other parts of docproc, and are looked at as soon as they are there
PENDING = ("serve", "watch")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")


def said_by_systemd(unit: Path, place: Path, *arguments: str, text: str | None = None) -> tuple[int, str]:
    """Of the unit as if docproc were installed where it says."""
    here = str(Path(sys.executable).parent / "docproc")
    copy = place / unit.name.replace("@.", "@prepare.")
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


@pytest.mark.parametrize("instance", ["worker-prepare.env", "worker-read.env", "watch.env"])
def test_every_variable_of_a_command_is_in_its_file(instance: str) -> None:
    unit = "docproc-worker@.service" if instance.startswith("worker") else "docproc-watch.service"

    asked = re.findall(r"\$\{([A-Z_]+)\}", (FOLDER / unit).read_text())

    assert set(variables(instance)) == set(asked)


@pytest.mark.parametrize("instance", ["worker-prepare.env", "worker-read.env"])
def test_a_workers_command_is_one_of_docproc(instance: str) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FOLDER / "docproc-worker@.service")
    command = parser["Service"]["ExecStart"].removeprefix("/opt/docproc/bin/docproc ")
    for name, value in variables(instance).items():
        command = command.replace(f"${{{name}}}", value)

    assert list(commands.faults(command.split())) == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_no_unit_holds_a_secret(unit: Path) -> None:
    assert "DOCPROC_SECRETS_DIR=%d" in unit.read_text()
    assert not re.search(r"(PASSWORD|SECRET_ACCESS_KEY|://[^ ]*@)", unit.read_text())
