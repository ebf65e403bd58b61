"""Watchers that are killed every few seconds while files are dropped in every bad way: lost and doubled are counted.

PYTHONPATH=bench:tests python -m watch_chaos --seed 1 [--profile short] [--files 5000]

The last line is one JSON object. The seed also says where: on SQLite or Postgres, with one data folder or several,
moved or left in place, over two file systems, on a full one. Where that cannot be had, and where nobody was killed or
nothing was owed, the line says `not_met`, with exit code 2: such a run proves nothing.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy
from doubles.postgres import running_server

from docproc.watch.ignoring import is_ignored_file
from watch_chaos.account import FAULTS, Account, account
from watch_chaos.calm import Calm
from watch_chaos.drops import Drops, lying
from watch_chaos.small_disk import NotMetError, SmallDisk, require_two, small_disk
from watch_chaos.watchers import Watchers

_SETTLE_S, _RESCAN_S = 1.0, 3.0
#: beyond the two, for the files before it: as long as the slowest watcher took to begin
_LEAST_SLACK_S = 4.0
#: files are dropped no faster than they are taken, or how long one lies there would say nothing
_MOST_LYING, _TOO_MANY_LYING = 40, 80
_LOOK_S, _TELL_S = 0.25, 5.0
_END_S = 120.0
_LIMIT_S = 1800.0
_PROFILES = {"full": (5000, 60.0), "short": (80, 20.0)}
_OWN = frozenset({"processing", "done", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Where a run takes place."""

    postgres: bool = False
    #: one for both watchers; one each; a new one at every start, as in a container: then only a lease tells of a death
    data_folders: Literal["one", "two", "new"] = "one"
    in_place: bool = False
    #: files are taken to another file system, and put away there
    second_disk: bool = False
    #: which of the folders is on a small file system that is full again and again
    full: Literal["outbox", "place"] | None = None

    @property
    def lease_s(self) -> float:
        return 15.0 if self.data_folders == "one" else 6.0

    @property
    def takeover_s(self) -> float:
        """After the death of a watcher: its lock is seen free at once, its lease expires; and a look for both."""
        return 3.0 if self.data_folders == "one" else self.lease_s + 2.0


_CONDITIONS = (
    Conditions(),
    Conditions(postgres=True, data_folders="two", second_disk=True),
    Conditions(in_place=True),
    Conditions(postgres=True, data_folders="new", full="outbox"),
    Conditions(full="place"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Of one run."""

    base: Path
    inbox: Path
    outbox: Path
    #: where `processing`, `done` and `failed` are
    away: Path
    collected: Path
    small: SmallDisk | None


class Run:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, *, seed: int, files: int, a_second: float) -> None:
        self.folder = folder
        self.source = random.Random(seed)  # noqa: S311 no secret
        self.conditions = _CONDITIONS[(seed - 1) % len(_CONDITIONS)]
        self.files = files
        self.a_second = a_second
        self.calm = Calm(_SETTLE_S + _RESCAN_S + _LEAST_SLACK_S)

    def go(self) -> dict[str, object]:
        """Everything from the first file to the count; `not_met` in it says why it is no proof. Raises NotMetError."""
        began = time.monotonic()
        with ExitStack() as ended:
            folders = ended.enter_context(self._folders())
            database = ended.enter_context(self._database())
            watchers = Watchers(
                self._command(folders),
                lambda place, start: self._environment(database, place, start),
                self.folder / "logs",
                calm=self.calm,
                takeover_s=self.conditions.takeover_s,
            )
            stopped = threading.Event()
            emptying = threading.Thread(target=_empty, args=(folders.outbox, folders.collected, stopped))
            emptying.start()
            try:
                self._await(watchers)
                drops = self._drops(folders.inbox)
                Fire(self, drops, watchers, folders, database).go()
            finally:
                watchers.end(_END_S)
                stopped.set()
                emptying.join()
                _keep(watchers, self.folder / "log")
            counted = self._counted(drops, folders, database)
            full_disk_met = self._full_disk_met(watchers)
            not_met = counted.proves_nothing(kills=watchers.kills)
            if self.conditions.full is not None and not full_disk_met:
                not_met = "no watcher met a full disk"
            return {
                "files": self.files,
                **counted.to_json(),
                "kills": watchers.kills,
                **asdict(self.conditions),
                "untouched_s": round(self.calm.need_s, 1),
                "full_disk_met": full_disk_met,
                "seconds": round(time.monotonic() - began, 1),
                **({} if not_met is None else {"not_met": not_met}),
            }

    @property
    def pause_s(self) -> float:
        """Between salvoes: long enough that what the dead had is free, and that a file must be taken."""
        return self.conditions.takeover_s + self.calm.need_s

    def _await(self, watchers: Watchers) -> None:
        while not watchers.are_ready:
            self.look(watchers)
            time.sleep(_LOOK_S)

    def look(self, watchers: Watchers) -> None:
        """The slack is measured all along: other work on the machine comes and goes."""
        watchers.look()
        self.calm.need_s = _SETTLE_S + _RESCAN_S + max(_LEAST_SLACK_S, watchers.slowest_start_s)

    def _drops(self, inbox: Path) -> Drops:
        return Drops(
            folder=inbox,
            settle_s=_SETTLE_S,
            late_s=(self.calm.need_s, 2 * self.pause_s),
            source=random.Random(self.source.random()),  # noqa: S311 no secret
        )

    def _counted(self, drops: Drops, folders: Folders, database: str) -> Account:
        away, stays = folders.away, self.conditions.in_place
        result = account(
            drops.versions,
            calm=self.calm,
            outboxes=(folders.collected, *(() if stays else (away / "failed",))),
            originals=() if stays else (away / "done", away / "failed"),
            handed_in=_handed_in(database),
        )
        for name in FAULTS:
            for line in getattr(result, name)[:20]:
                print(name, line, file=sys.stderr)
        return result

    def _full_disk_met(self, watchers: Watchers) -> int:
        """How often a watcher found no room."""
        return sum(log.count(b"trouble=disk_full") for log in watchers.told())

    @contextmanager
    def _folders(self) -> Iterator[Folders]:
        with ExitStack() as ended:
            small = None
            if self.conditions.full is not None:
                small = ended.enter_context(small_disk(self.folder / "small", files=self.files))
            places = {
                name: small.folder if small is not None and self.conditions.full == role else self.folder / name
                for name, role in (("inbox", "place"), ("outbox", "outbox"), ("collected", None))
            }
            for path in places.values():
                path.mkdir(exist_ok=True)
            away = places["inbox"]
            if self.conditions.second_disk:
                away = Path(ended.enter_context(tempfile.TemporaryDirectory(dir=Path("build").absolute())))
                require_two(places["inbox"], away)
            yield Folders(base=self.folder, away=away, small=small, **places)

    @contextmanager
    def _database(self) -> Iterator[str]:
        if not self.conditions.postgres:
            yield f"sqlite:///{self.folder / 'docproc.db'}"
            return
        with running_server() as server:
            if server is None:
                raise NotMetError("no Postgres binaries: make setup installs them")
            yield server.url

    def _command(self, folders: Folders) -> list[str]:
        config = self.folder / "docproc-watch.toml"
        config.write_text("".join(f'{name} = "{folders.away / name}"\n' for name in sorted(_OWN)))
        command = [str(Path(sys.executable).parent / "docproc"), "-v", "watch", str(folders.inbox)]
        command += ["--schema", "key_value", "--reader", "quick", "--outbox", str(folders.outbox), "--workers", "2"]
        command += ["--config", str(config), "--settle", str(_SETTLE_S), "--rescan", str(_RESCAN_S)]
        return [*command, *(["--in-place"] if self.conditions.in_place else [])]

    def _environment(self, database: str, place: int, start: int) -> dict[str, str]:
        number = {"one": 0, "two": place, "new": start}[self.conditions.data_folders]
        return {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "DOCPROC_DATA_DIR": str(self.folder / f"data-{number}"),
            "DOCPROC_BLOB_URL": str(self.folder / "blobs"),
            "DOCPROC_DATABASE_URL": database,
            "DOCPROC_READERS": json.dumps({"quick": "chaos.quick_reader:QuickReader"}),
            "DOCPROC_LEASE_SECONDS": str(self.conditions.lease_s),
            "DOCPROC_LOG_FORMAT": "text",
        }


class Fire:
    """What happens to the watchers while files are dropped: salvoes of deaths, and calm between them."""

    def __init__(self, run: Run, drops: Drops, watchers: Watchers, folders: Folders, database: str) -> None:
        self._run, self._drops, self._watchers = run, drops, watchers
        self._folders, self._database = folders, database
        self._ends_by = time.monotonic() + _LIMIT_S
        self._told_at = float("-inf")
        self._looked_at = time.monotonic()

    def go(self) -> None:
        """Until all is dropped and nothing is left to do."""
        dropping = threading.Thread(
            target=self._drops.drop, args=(self._run.files,), kwargs={"a_second": self._run.a_second}
        )
        dropping.start()
        try:
            self._watch_for(_SETTLE_S + self._run.source.uniform(1, 2), while_alive=dropping)  # with files in hand
            while dropping.is_alive():
                self._salvo()
                self._watch_for(self._run.pause_s + self._run.source.uniform(1, 4), while_alive=dropping)
        finally:
            self._drops.stopped.set()
            dropping.join()
        self._end()

    def _salvo(self) -> None:
        source, small = self._run.source, self._folders.small
        began = time.monotonic()
        if small is not None:
            small.fill()
        for _ in range(source.randint(1, 4)):
            self._watchers.kill(source)
            self._watch_for(source.uniform(0.5, 3))
        if small is not None:
            small.make_room()
            if self._run.conditions.full == "place":
                ended = time.monotonic()
                # waits between tries double: what met a full disk may be tried again as late
                self._run.calm.disturb(began, ended + (ended - began) + 1)

    def _watch_for(self, seconds: float, *, while_alive: threading.Thread | None = None) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and (while_alive is None or while_alive.is_alive()):
            self._look()
            time.sleep(_LOOK_S)

    def _look(self) -> int:
        """How many files are there to be taken."""
        if time.monotonic() > self._ends_by:
            raise SystemExit("the watchers did not come to an end")
        self._run.look(self._watchers)
        waiting = self._waiting()
        if waiting < _MOST_LYING:
            self._drops.room.set()
        else:
            self._drops.room.clear()
        if waiting > _TOO_MANY_LYING:  # the watchers have their hands full
            self._run.calm.disturb(self._looked_at, time.monotonic())
        self._looked_at = time.monotonic()
        if time.monotonic() - self._told_at > _TELL_S:
            self._told_at = time.monotonic()
            told = f"{len(self._drops.versions)} versions, {waiting} lie there, {self._watchers.kills} kills"
            print(told, file=sys.stderr, flush=True)
        return waiting

    def _waiting(self) -> int:
        without = frozenset() if self._run.conditions.in_place else _OWN
        there = lying(self._folders.inbox, without=without, is_ignored=is_ignored_file)
        if self._run.conditions.in_place:
            there -= {str(row[0]) for row in _asked(self._database, "SELECT path FROM watched_files")}
        return len(there)

    def _end(self) -> None:
        """With nothing to do for as long as a file may take, nothing comes any more."""
        busy_at = time.monotonic()
        while time.monotonic() - busy_at < self._run.calm.need_s:
            if self._look() or self._open() != 0:
                busy_at = time.monotonic()
            time.sleep(2 * _LOOK_S)

    def _open(self) -> int | None:
        found = _asked(self._database, "SELECT count(*) FROM watched_files WHERE finished_at IS NULL")
        return int(str(found[0][0])) if found else None


def _asked(database: str, question: str) -> list[tuple[object, ...]]:
    """Nothing while nobody can tell: no watcher has made the table yet, or the database is short of breath."""
    engine = sqlalchemy.create_engine(database)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(question))]
    except sqlalchemy.exc.SQLAlchemyError:
        return []
    finally:
        engine.dispose()


def _handed_in(database: str) -> Counter[str]:
    rows = _asked(database, "SELECT sha256 FROM watched_files JOIN jobs ON jobs.id = watched_files.id")
    if not rows:
        raise SystemExit("the database tells of no job")
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


def _keep(watchers: Watchers, log: Path) -> None:
    with log.open("wb") as stream:
        stream.writelines(watchers.told())


def main() -> None:
    """Exit code 1 when a version was lost or doubled, 2 when the conditions were not met or nothing was proved."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=_PROFILES, default="full")
    parser.add_argument("--files", type=int)
    arguments = parser.parse_args()
    files, a_second = _PROFILES[arguments.profile]
    Path("build").mkdir(exist_ok=True)
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 memory, where there is some
    asked = {"seed": arguments.seed, "profile": arguments.profile}
    with tempfile.TemporaryDirectory(dir=base, prefix="watch-chaos-") as folder:
        run = Run(Path(folder), seed=arguments.seed, files=arguments.files or files, a_second=a_second)
        try:
            result = run.go()
        except NotMetError as exc:
            print(json.dumps({**asked, "not_met": str(exc)}))
            sys.exit(2)
        finally:
            log = Path(folder) / "log"
            if log.exists():
                shutil.copyfile(log, Path("build") / f"watch-chaos-{arguments.seed}.log")
    print(json.dumps({**asked, **result}))
    if any(result[name] for name in FAULTS):
        sys.exit(1)
    sys.exit(2 if "not_met" in result else 0)


if __name__ == "__main__":
    main()
