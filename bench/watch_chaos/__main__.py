"""Watchers that are killed every few seconds while files are dropped in every bad way: lost and doubled are counted.

PYTHONPATH=bench:tests python -m watch_chaos --seed 1 [--profile short] [--files 5000]

The last line is one JSON object. The seed also says where: on SQLite or Postgres, moved or left in place, with the
files put away on another file system, with an outbox that is full again and again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from doubles.postgres import running_server

from docproc.watch.ignoring import is_ignored
from watch_chaos.account import account
from watch_chaos.drops import Drops, waiting

_SETTLE_S, _RESCAN_S = 1.0, 3.0
#: what a watcher may take to be there again and to come to a file; whoever was touched before that may be lost or not
_GRACE_S = 30.0
#: enough for a machine that others use too; the death of a watcher is noticed without it
_LEASE_S = 15
#: to finish what is in hand
_END_S = 300.0
_LIMIT_S = 3000.0
#: when all is dropped, watchers are killed as long as there is so much to lose, at this pace and whenever half of it
#: was put away since: on a machine that others use too they would else be killed before they began
_BREATH_S, _MUCH = 8.0, 200
#: with nothing to do for so long, nothing comes any more
_QUIET_S = 3 * (_SETTLE_S + _RESCAN_S)
_PROFILES = {"full": (5000, 60.0), "short": (300, 40.0)}
_SMALL_DISK = "192k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Where a run takes place."""

    postgres: bool = False
    in_place: bool = False
    #: files are put away on another file system
    second_disk: bool = False
    #: the outbox is on a tiny one, which a consumer empties now and then
    full_outbox: bool = False


_CONDITIONS = (
    Conditions(),
    Conditions(postgres=True, second_disk=True),
    Conditions(in_place=True),
    Conditions(postgres=True, full_outbox=True),
    Conditions(second_disk=True, full_outbox=True),
)


class Watchers:
    """Two of them; any is killed at any moment and started again at once."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log.open("ab")
        self._running = [self._start() for _ in range(2)]
        self.kills = 0

    def kill(self, source: random.Random) -> None:
        place = source.randrange(len(self._running))
        victim = self._running[place]
        victim.kill()
        victim.wait()
        self.kills += 1
        self._running[place] = self._start()

    def end(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(timeout=_END_S)
        self._log.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 our own
            self._command, env=self._environment, stdout=self._log, stderr=self._log
        )


class Run:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, *, seed: int, files: int, a_second: float) -> None:
        self.folder = folder
        self.source = random.Random(seed)  # noqa: S311 no secret
        self.conditions = _CONDITIONS[(seed - 1) % len(_CONDITIONS)]
        self.files = files
        self.a_second = a_second

    def go(self) -> dict[str, object]:
        """Everything from the first file to the count."""
        began = time.monotonic()
        with ExitStack() as ended:
            inbox, outbox = self.folder / "inbox", self.folder / "outbox"
            inbox.mkdir()
            outbox.mkdir()
            away = inbox
            if self.conditions.second_disk:
                away = Path(ended.enter_context(tempfile.TemporaryDirectory(dir=Path("build").absolute())))
            collected = self.folder / "collected"
            collected.mkdir()
            mounted = self.conditions.full_outbox and ended.enter_context(_small_disk(outbox))
            database = f"sqlite:///{self.folder / 'data' / 'docproc.db'}"
            if self.conditions.postgres:
                server = ended.enter_context(running_server())
                if server is None:
                    raise SystemExit("no Postgres binaries: make setup installs them")
                database = server.url
            drops = Drops(folder=inbox, settle_s=_SETTLE_S, source=self.source)
            watchers = Watchers(self._command(inbox, outbox, away), self._environment(database), self.folder / "log")
            stopped = threading.Event()
            emptying = threading.Thread(target=_empty, args=(outbox, collected, stopped))
            emptying.start()
            try:
                self._under_fire(drops, watchers, inbox, database)
            finally:
                watchers.end()
                stopped.set()
                emptying.join()
            result = account(
                drops.versions,
                in_time_s=_SETTLE_S + _RESCAN_S + _GRACE_S,
                outboxes=(collected, *(() if self.conditions.in_place else (away / "failed",))),
                originals=() if self.conditions.in_place else (away / "done", away / "failed"),
                handed_in=_handed_in(database),
            )
            for name in ("lost", "doubled", "strange", "originals_lost"):
                for line in getattr(result, name)[:20]:
                    print(name, line, file=sys.stderr)
            return {
                "files": self.files,
                **result.to_json(),
                "kills": watchers.kills,
                "postgres": self.conditions.postgres,
                "in_place": self.conditions.in_place,
                "second_disk": self.conditions.second_disk,
                "full_outbox": bool(mounted),
                "seconds": round(time.monotonic() - began, 1),
            }

    def _command(self, inbox: Path, outbox: Path, away: Path) -> list[str]:
        config = self.folder / "docproc-watch.toml"
        config.write_text(f'done = "{away / "done"}"\nfailed = "{away / "failed"}"\n')
        command = [str(Path(sys.executable).parent / "docproc"), "-v", "watch", str(inbox), "--schema", "key_value"]
        command += ["--reader", "quick", "--outbox", str(outbox), "--config", str(config), "--workers", "2"]
        command += ["--settle", str(_SETTLE_S), "--rescan", str(_RESCAN_S)]
        return [*command, *(["--in-place"] if self.conditions.in_place else [])]

    def _environment(self, database: str) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "DOCPROC_DATA_DIR": str(self.folder / "data"),
            "DOCPROC_DATABASE_URL": database,
            "DOCPROC_READERS": json.dumps({"quick": "chaos.quick_reader:QuickReader"}),
            "DOCPROC_LEASE_SECONDS": str(_LEASE_S),
        }

    def _under_fire(self, drops: Drops, watchers: Watchers, inbox: Path, database: str) -> None:
        stopped = threading.Event()
        dropping = threading.Thread(
            target=drops.drop,
            args=(self.files,),
            kwargs={"threads": 48, "a_second": self.a_second, "stopped": stopped},
        )
        dropping.start()
        deadline = time.monotonic() + _LIMIT_S
        while dropping.is_alive() and time.monotonic() < deadline:
            time.sleep(self.source.uniform(2, 6))
            watchers.kill(self.source)
            left = _open(database)
            print(f"{len(drops.versions)} versions, {left} open, {watchers.kills} kills", file=sys.stderr)
        stopped.set()
        dropping.join()
        busy_at, left_then = time.monotonic(), self.files
        while time.monotonic() - busy_at < _QUIET_S:
            if time.monotonic() > deadline:
                raise SystemExit("the watchers did not come to an end")
            lying = 0 if self.conditions.in_place else waiting(inbox, lambda path: _is_ours(path, inbox))
            left = _open(database)
            if lying or left != 0:
                busy_at = time.monotonic()
            print(f"{lying} lie there, {left} open, {watchers.kills} kills", file=sys.stderr)
            if _MUCH < lying <= left_then - _MUCH // 2:
                left_then = lying
                watchers.kill(self.source)
                time.sleep(_BREATH_S)
            time.sleep(2)


def _is_ours(path: Path, inbox: Path) -> bool:
    below = path.relative_to(inbox)
    return below.parts[0] in {"processing", "done", "failed"} or is_ignored(below.as_posix())


def _asked(database: str, question: str) -> list[tuple[object, ...]]:
    engine = sqlalchemy.create_engine(database)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(question))]
    finally:
        engine.dispose()


def _open(database: str) -> int | None:
    """None while nobody can tell: no watcher has made the table yet, or the database is short of breath."""
    try:
        return len(_asked(database, "SELECT id FROM watched_files WHERE finished_at IS NULL"))
    except sqlalchemy.exc.SQLAlchemyError:
        return None


def _handed_in(database: str) -> Counter[str]:
    rows = _asked(database, "SELECT sha256 FROM watched_files JOIN jobs ON jobs.id = watched_files.id")
    twice = _asked(database, "SELECT job_id FROM documents GROUP BY job_id HAVING count(*) > 1")
    if twice:
        raise SystemExit(f"{len(twice)} jobs have a second document")
    return Counter(str(row[0]) for row in rows)


def _empty(outbox: Path, collected: Path, stopped: threading.Event) -> None:
    """A consumer: what lies in the outbox is carried away, under its own name and never over another."""
    while True:
        last = stopped.is_set()
        for place, folders, names in os.walk(outbox):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for path in (Path(place) / name for name in names if name.endswith(".json")):
                target, number = collected / path.name, 0
                while target.exists():  # the same record a second time is a record doubled
                    number += 1
                    target = collected / f"{number}-{path.name}"
                shutil.copyfile(path, target)
                path.unlink()
        if last:
            return
        stopped.wait(3)


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """Yields whether there is one: only root may mount."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 our own
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 our own


def main() -> None:
    """Exit code 1 when a version was lost or doubled."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=_PROFILES, default="full")
    parser.add_argument("--files", type=int)
    arguments = parser.parse_args()
    files, a_second = _PROFILES[arguments.profile]
    Path("build").mkdir(exist_ok=True)
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 memory, where there is some
    with tempfile.TemporaryDirectory(dir=base, prefix="watch-chaos-") as folder:
        run = Run(Path(folder), seed=arguments.seed, files=arguments.files or files, a_second=a_second)
        result = run.go()
        log = Path("build") / f"watch-chaos-{arguments.seed}.log"
        with suppress(FileNotFoundError):
            shutil.copyfile(Path(folder) / "log", log)
    print(json.dumps({"seed": arguments.seed, "profile": arguments.profile, **result}))
    sys.exit(any(result[name] for name in ("lost", "doubled", "strange", "originals_lost")))


if __name__ == "__main__":
    main()
