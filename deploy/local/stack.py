"""The whole service on this machine, from packages alone: `stack.py up`, `status`, `down`.

One process of its own holds Postgres, Valkey, an S3 server and two workers, starts again a worker that died, and ends
all of them when it is told to. For trying things out: nothing that the servers hold outlives `down`; logs stay.
"""

# ruff: noqa: INP001, T201 a script, which talks to people

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from doubles.postgres import running_server  # noqa: E402 the tests' servers, which come from wheels
from doubles.s3 import ENVIRONMENT, blob_url, s3_process  # noqa: E402
from doubles.valkey import running_valkey  # noqa: E402
from doubles.worker import WorkerProcess  # noqa: E402

FOLDER = ROOT / "build" / "stack"
_PID = FOLDER / "pid"
#: written last, when everything runs
_VARIABLES = FOLDER / "environment"
#: what a machine that does other things too may need, of which workers may take
_READY_S = 180.0
_ALIVE_S = 90.0
_LOOK_EVERY_S = 1.0
_WORKERS = {
    "first": ("prepare", "read.cpu", "assemble"),
    "second": ("read.cpu", "assemble", "export", "deliver", "upkeep"),
}


def up() -> int:
    """Start it unless it runs, and say how it is used."""
    if _holder() is None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        _VARIABLES.unlink(missing_ok=True)
        with (FOLDER / "stack.log").open("ab") as log:
            held = subprocess.Popen(  # noqa: S603 ourselves
                [sys.executable, __file__, "hold"], stdout=log, stderr=log, start_new_session=True, cwd=ROOT
            )
        _PID.write_text(str(held.pid))
        deadline = time.monotonic() + _READY_S
        while not _VARIABLES.exists():
            if held.poll() is not None or time.monotonic() > deadline:
                down()
                print(f"it did not start: {_last_word()}; its logs are in {FOLDER}", file=sys.stderr)
                return 1
            time.sleep(0.1)
    _say_how()
    return 0


def status() -> int:
    """Exit code 1 when it does not run."""
    if _holder() is None or not _VARIABLES.exists():
        print("the stack does not run: make up")
        return 1
    _say_how()
    return 0


def down() -> int:
    """End it, if it runs."""
    pid = _holder()
    if pid is None:
        print("the stack does not run")
    else:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while _holder() is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        with suppress(ProcessLookupError):  # whatever of it is still there
            os.killpg(pid, signal.SIGKILL)
        print(f"ended; logs are in {FOLDER}")
    _PID.unlink(missing_ok=True)
    _VARIABLES.unlink(missing_ok=True)
    return 0


def hold() -> int:
    """Be the process that holds everything, until SIGTERM."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with _running() as environment:
        workers = [
            WorkerProcess(environment=environment, queues=queues, log=FOLDER / f"worker-{name}.log")
            for name, queues in _WORKERS.items()
        ]
        try:
            for worker in workers:
                worker.start()
            _wait_for_workers(environment)
            _write(environment)
            while not ended.wait(_LOOK_EVERY_S):
                for worker in workers:
                    if not worker.running:
                        worker.start()
        finally:
            _VARIABLES.unlink(missing_ok=True)
            for worker in workers:
                worker.signal(signal.SIGTERM)
            for worker in workers:
                worker.end()
    return 0


@contextmanager
def _running() -> Iterator[Mapping[str, str]]:
    """The servers; what a worker has to know of them."""
    with ExitStack() as ended:
        postgres = ended.enter_context(running_server())
        if postgres is None:
            raise SystemExit("no Postgres binaries: make setup installs them")
        valkey = ended.enter_context(running_valkey(lasting=True))
        s3 = ended.enter_context(s3_process())
        environment = {
            **ENVIRONMENT,
            "DOCPROC_DATABASE_URL": postgres.url,
            "DOCPROC_BROKER_URL": valkey.url,
            "DOCPROC_BLOB_URL": blob_url(s3.port),
        }
        _docproc(environment, "db", "upgrade")
        yield environment


def _docproc(environment: Mapping[str, str], *words: str) -> str:
    """What the command says; it has to end well."""
    command = [sys.executable, "-P", "-m", "docproc", *words]
    variables = {"PATH": "/usr/bin:/bin", **environment}
    done = subprocess.run(command, env=variables, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return done.stdout


def _wait_for_workers(environment: Mapping[str, str]) -> None:
    """Until each has given a sign of life: what is told to be running can be given work."""
    deadline = time.monotonic() + _ALIVE_S
    while True:
        listed = json.loads(_docproc(environment, "workers", "list", "--json"))
        alive = sum(each["state"] == "alive" for each in listed)
        if alive >= len(_WORKERS):
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"after {_ALIVE_S:.0f} s {alive} of {len(_WORKERS)} workers live: see worker-*.log")
        time.sleep(_LOOK_EVERY_S)


def _write(environment: Mapping[str, str]) -> None:
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    whole = _VARIABLES.with_suffix(".new")
    whole.write_text(lines)
    whole.rename(_VARIABLES)


def _last_word() -> str:
    """Of the log of who holds everything."""
    lines = (FOLDER / "stack.log").read_text().split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def _say_how() -> None:
    shown = _VARIABLES.relative_to(ROOT)
    print(f"""The stack runs; its logs are in {FOLDER.relative_to(ROOT)}.

  . {shown}
  .venv/bin/docproc doctor --service
  .venv/bin/docproc submit samples/documents --schema invoice --recursive --wait
  .venv/bin/docproc jobs list

`make down` ends it, and forgets what it holds.""")


def _holder() -> int | None:
    """The process that holds everything, if it lives."""
    try:
        pid = int(_PID.read_text())
        # a process id may belong to somebody else by now
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if b"hold" in command and __file__.encode() in command else None


def main() -> None:
    """Run the command that is named."""
    commands = {"up": up, "down": down, "status": status, "hold": hold}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=commands)
    sys.exit(commands[parser.parse_args().command]())


if __name__ == "__main__":
    main()
