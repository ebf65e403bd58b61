"""S3 servers that check what they are sent: Ceph's gateway from Debian's packages, ministack from the package index."""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from doubles.ports import free_port, wait_for
from doubles.s3 import make_bucket

CEPH_PACKAGES = "ceph-mon ceph-mgr ceph-osd radosgw ceph-common"
MINISTACK = "ministack==1.5.33"
#: kept between runs: it takes a minute to install
_KEPT = Path(__file__).parents[2] / "build" / "ministack"
_COMMAND_S = 60
_CEPH_S = 120
_CEPH_CONF = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_2},v1:127.0.0.1:{mon_1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
keyring = {folder}/$name.kr
mon data = {folder}/mon
mgr data = {folder}/mgr
osd data = {folder}/osd
run dir = {folder}
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
[mgr.x]
mgr modules =
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}/rgw
"""


class NotInstallableError(Exception):
    """The server cannot be had on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictServer:
    """Where it listens, and the one key that it knows."""

    port: int
    key: str = "test"
    secret: str = "test"  # noqa: S105 it guards nothing
    checks_headers: bool  # whether a wrong secret is refused outside links too


@contextmanager
def ceph_gateway() -> Iterator[StrictServer]:
    """A cluster of one on the loopback address, all in memory."""
    missing = [name for name in ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "ceph") if shutil.which(name) is None]
    if missing:
        raise NotInstallableError(f"no {missing[0]} here: apt-get install --no-install-recommends {CEPH_PACKAGES}")
    folder = Path(tempfile.mkdtemp(prefix="docproc-ceph-", dir="/tmp"))
    cluster = _Ceph(folder)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


class _Ceph:
    """One monitor, one manager, one disk, one gateway."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._port = free_port()

    def start(self) -> StrictServer:
        fsid, disk = str(uuid.uuid4()), str(uuid.uuid4())
        mon_1, mon_2 = free_port(), free_port()
        conf = _CEPH_CONF.format(folder=self._folder, fsid=fsid, mon_1=mon_1, mon_2=mon_2, port=self._port)
        (self._folder / "ceph.conf").write_text(conf)
        for name in ("mon", "mgr", "osd", "rgw"):
            (self._folder / name).mkdir()
        self._make_monitor(fsid, f"[v2:127.0.0.1:{mon_2},v1:127.0.0.1:{mon_1}]")
        self._daemon("ceph-mon", "-i", "a")
        self._make_keys()
        self._daemon("ceph-mgr", "-i", "x")
        self._run("ceph", "osd", "new", disk)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._daemon("ceph-osd", "-i", "0")
        self._daemon("radosgw", "-n", "client.rgw")
        wait_for(self._port, seconds=_CEPH_S)
        server = StrictServer(port=self._port, key="docproc", secret=uuid.uuid4().hex, checks_headers=True)
        made = ("user", "create", "--uid=docproc", "--display-name=docproc")
        self._run("radosgw-admin", *made, f"--access-key={server.key}", f"--secret={server.secret}")
        return server

    def stop(self) -> None:
        for daemon in reversed(self._daemons):
            daemon.kill()  # it holds nothing that is worth writing
            daemon.wait(timeout=_COMMAND_S)

    def _make_monitor(self, fsid: str, address: str) -> None:
        everything = [word for part in ("mon", "osd", "mgr") for word in ("--cap", part, "allow *")]
        monitor, admin = (self._folder / f"{name}.kr" for name in ("mon.a", "client.admin"))
        self._tool("ceph-authtool", "--create-keyring", monitor, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        self._tool("ceph-authtool", "--create-keyring", admin, "--gen-key", "-n", "client.admin", *everything)
        self._tool("ceph-authtool", monitor, "--import-keyring", admin)
        monitors = self._folder / "monmap"
        self._tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monitors)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors, "--keyring", monitor)

    def _make_keys(self) -> None:
        rights = {
            "mgr.x": ("mon", "allow profile mgr", "osd", "allow *"),
            "osd.0": ("mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *"),
            "client.rgw": ("mon", "allow rw", "osd", "allow rwx", "mgr", "allow rw"),
        }
        for name, allowed in rights.items():
            self._run("ceph", "auth", "get-or-create", name, *allowed, "-o", self._folder / f"{name}.kr")

    def _daemon(self, program: str, *arguments: str) -> None:
        command = [program, "-f", "-c", str(self._folder / "ceph.conf"), *arguments]
        self._daemons.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def _run(self, program: str, *arguments: object) -> None:
        self._tool(program, "-c", self._folder / "ceph.conf", *arguments)

    def _tool(self, *command: object) -> None:
        subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=_COMMAND_S)


@contextmanager
def ministack(environment: Path) -> Iterator[StrictServer]:
    """A server in a virtual environment of its own: its requirements are at odds with ours."""
    program = environment.absolute() / "bin" / "ministack"
    if not program.exists():
        venv.create(environment, with_pip=True, clear=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        made = subprocess.run([*pip, MINISTACK], check=False, capture_output=True, text=True, timeout=300)
        if made.returncode != 0:
            shutil.rmtree(environment)
            raise NotInstallableError(f"{MINISTACK} cannot be installed: {made.stderr.strip()[-200:]}")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="docproc-ministack-") as folder:
        variables = {"AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": folder}
        server = subprocess.Popen(
            [program],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(port)
            time.sleep(0.5)  # it listens before it is ready
            yield StrictServer(port=port, checks_headers=False)
        finally:
            server.kill()
            server.wait(timeout=_COMMAND_S)


@contextmanager
def strict_server(kind: str) -> Iterator[StrictServer]:
    """`ceph` or `ministack` with a bucket, and its keys in the environment; skips where it is not to be had."""
    try:
        with ceph_gateway() if kind == "ceph" else ministack(_KEPT) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", server.key)
            patch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
            make_bucket(server.port, key=server.key, secret=server.secret)
            yield server
    except NotInstallableError as exc:
        pytest.skip(str(exc))
