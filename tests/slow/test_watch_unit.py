"""The watcher's unit under the real systemd: begun at boot, a file read, killed and begun again, stopped."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.command import write_pdf
from doubles.systemd_machine import OWNER, Machine, NotBootableError, booted
from doubles.watch_page import BILL
from doubles.watching import until

pytestmark = pytest.mark.slow
DEPLOY = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = "docproc-watch.service"
COMMAND = next(line for line in (DEPLOY / UNIT).read_text().splitlines() if line.startswith("ExecStart="))
#: all else is as it is shipped: there is no service in there, so the watcher reads by itself
DROP_IN = (
    f"[Service]\nExecStart=\n{COMMAND.removesuffix(' --service')} --settle 1\nStandardError=append:/var/log/watch\n"
)
FILES = {
    f"etc/systemd/system/{UNIT}": (DEPLOY / UNIT).read_text(),
    f"etc/systemd/system/{UNIT}.d/alone.conf": DROP_IN,
    "etc/docproc/watch.env": (DEPLOY / "etc" / "watch.env").read_text(),
    "etc/docproc/docproc.env": "DOCPROC_LOG_FORMAT=json\n",
    "etc/docproc/secrets/docproc_database_url": "sqlite:////var/lib/docproc/ledger.db\n",
    "etc/docproc/secrets/docproc_broker_url": "redis://127.0.0.1:1/0\n",
    "etc/docproc/secrets/s3_credentials": "[default]\naws_access_key_id = none\n",
}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    try:
        with booted(tmp_path, FILES, enabled=UNIT) as machine:
            yield machine
    except NotBootableError as exc:
        pytest.skip(str(exc))


def drop(machine: Machine, tmp_path: Path, name: str) -> None:
    written = write_pdf(tmp_path / name, f"{BILL}\n{name}")
    shutil.copyfile(written, machine.root / "srv/docproc" / name)
    os.chown(machine.root / "srv/docproc" / name, OWNER, OWNER)
    (machine.root / "srv/docproc" / name).rename(machine.root / "srv/docproc/inbox" / name)


def records(machine: Machine) -> set[str]:
    return {str(json.loads(path.read_text())["file"]) for path in (machine.root / "srv/docproc/records").glob("*.json")}


def test_the_unit_watches_from_boot_on_comes_back_when_it_is_killed_and_stops(machine: Machine, tmp_path: Path) -> None:
    assert COMMAND.endswith(" --service")
    until(lambda: machine.shown(UNIT, "ActiveState") == "active")
    assert machine.shown(UNIT, "User") == "docproc"
    drop(machine, tmp_path, "first.pdf")
    until(lambda: records(machine) == {"first.pdf"})

    began = machine.shown(UNIT, "MainPID")
    machine.systemctl("kill", "--kill-whom=main", "--signal=KILL", UNIT)
    until(lambda: machine.shown(UNIT, "MainPID") not in {began, "0"})
    drop(machine, tmp_path, "second.pdf")
    until(lambda: records(machine) == {"first.pdf", "second.pdf"})
    assert machine.shown(UNIT, "NRestarts") == "1"

    machine.systemctl("stop", UNIT)
    assert machine.shown(UNIT, "ActiveState") == "inactive"
    assert machine.shown(UNIT, "Result") == "success"
    assert (machine.root / "var/log/watch").read_text().endswith("\n1 done; 0 on their way\n")
    written = [
        machine.root / "srv/docproc/inbox/done/second.pdf",
        *(machine.root / "srv/docproc/records").glob("*.json"),
    ]
    assert {path.stat().st_uid for path in written} == {OWNER}
