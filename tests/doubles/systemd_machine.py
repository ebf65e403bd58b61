"""A machine of its own for units: the real systemd as process 1 of new namespaces, with docproc in /opt/docproc.

It has its own processes, mounts, network and control groups, and ends with the context; nothing of it stays.
"""

import os
import secrets
import shutil
import site
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SYSTEMD = Path("/lib/systemd/systemd")
#: the user `docproc` there
OWNER = 4711
_READY_S = 30.0
_REPOSITORY = Path(__file__).parents[2]
#: the only ones there are, so that nothing of the machine outside is started or set
_TARGETS = ("basic", "multi-user", "network-online", "shutdown", "sysinit", "umount")
#: run with the folder of the machine, the base of Python, the repository and the packages
_BOOT = """
set -e
mount --make-rprivate /
mount -t cgroup2 none /sys/fs/cgroup
mount -o bind,ro /proc/sys /proc/sys
mount -t tmpfs -o mode=755 tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
for place in /opt /srv /var/cache /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $place; done
rm -rf /etc/systemd/system
cp -a "$1"/. /
mkdir -p /opt/docproc/python /opt/docproc/source /opt/docproc/packages
mount --bind -o ro "$2" /opt/docproc/python
mount --bind -o ro "$3" /opt/docproc/source
mount --bind -o ro "$4" /opt/docproc/packages
echo /opt/docproc/python/lib >/etc/ld.so.conf.d/00-docproc.conf
ldconfig -X
echo "docproc:x:$7:$7::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
echo "docproc:x:$7:" >>/etc/group
install -d -o docproc -g docproc /srv/docproc /srv/docproc/inbox
systemctl --quiet --root=/ enable $5
# as a machine's mounts are; between themselves only: this is how credentials come to where a unit looks for them
mount --make-rshared /
exec env -i container=other PATH="$PATH" SYSTEMD_UNIT_PATH=/etc/systemd/system SYSTEMD_LOG_TARGET=console \\
    $6 --system --unit=multi-user.target
"""
_COMMAND = """#!/bin/sh
export PYTHONPATH=/opt/docproc/source:/opt/docproc/packages PYTHONDONTWRITEBYTECODE=1
exec /opt/docproc/python/bin/python3 -c 'from docproc.cli.main import main; main()' "$@"
"""


class NotBootableError(Exception):
    """This is no place where systemd can be process 1 of anything."""


class Machine:
    """A booted one."""

    def __init__(self, init: int) -> None:
        self._init = init

    @property
    def root(self) -> Path:
        """Its files, as they are there."""
        return Path(f"/proc/{self._init}/root")

    def systemctl(self, *arguments: str) -> str:
        """What it said, whatever it thinks of it."""
        entered = ["nsenter", "--target", str(self._init), "--all", "systemctl", "--no-pager", *arguments]
        done = subprocess.run(entered, check=False, capture_output=True, text=True, timeout=_READY_S)
        return (done.stdout + done.stderr).strip()

    def shown(self, unit: str, name: str) -> str:
        return self.systemctl("show", "--value", f"--property={name}", unit)


@contextmanager
def booted(folder: Path, files: Mapping[str, str], *, enabled: str) -> Iterator[Machine]:
    """With these files by their paths there, and a unit that is enabled. Raises NotBootableError."""
    for tool in (str(SYSTEMD), "unshare", "nsenter", "systemctl"):
        if shutil.which(tool) is None:
            raise NotBootableError(f"{tool} is not installed here")
    if os.geteuid() != 0:
        raise NotBootableError("only root makes namespaces for systemd")
    content = folder / "files"
    _lay_out(content, files)
    with _control_group() as group, (folder / "console").open("wb") as console:
        boot = folder / "boot.sh"
        boot.write_text(_BOOT)
        asked = [content, sys.base_prefix, _REPOSITORY, site.getsitepackages()[0], enabled, SYSTEMD, OWNER]
        unshared = "unshare --cgroup --pid --fork --kill-child --mount-proc --mount --ipc --uts --net sh"
        entered = f'echo $$ >"$1"/cgroup.procs; shift; exec {unshared} "$@"'
        process = subprocess.Popen(
            ["sh", "-c", entered, "sh", str(group), str(boot), *map(str, asked)],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
        )
        try:
            yield Machine(_booted(process, folder / "console"))
        finally:
            process.kill()
            process.wait(timeout=_READY_S)


def _lay_out(content: Path, files: Mapping[str, str]) -> None:
    targets = {
        f"etc/systemd/system/{name}.target": f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
        for name in _TARGETS
    }
    for path, text in {**targets, **files, "opt/docproc/bin/docproc": _COMMAND}.items():
        file = content / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (content / "opt/docproc/bin/docproc").chmod(0o755)


@contextmanager
def _control_group() -> Iterator[Path]:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    unified = next((Path(place) for _, place, kind, *_ in mounts if kind == "cgroup2"), None)
    if unified is None:
        raise NotBootableError("there are no control groups of the second version")
    group = unified / f"docproc-{secrets.token_hex(4)}"
    try:
        group.mkdir()
    except OSError as exc:
        raise NotBootableError(f"no control group can be made: {exc.strerror}") from exc
    try:
        yield group
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    """From the innermost; what was killed needs a moment to be gone."""
    for below in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        _remove_one(below)
    _remove_one(group)


def _remove_one(group: Path) -> None:
    until = time.monotonic() + _READY_S
    while group.exists():
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _booted(process: "subprocess.Popen[bytes]", console: Path) -> int:
    """The id of its process 1, once systemd answers."""
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if children and Path(f"/proc/{children[0]}/exe").resolve().name == "systemd":
            machine = Machine(int(children[0]))
            if machine.systemctl("is-system-running") in {"running", "starting", "degraded", "initializing"}:
                return int(children[0])
        time.sleep(0.1)
    raise NotBootableError(f"systemd does not begin here: {console.read_text()[-500:]}")
