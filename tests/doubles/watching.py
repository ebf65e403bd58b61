"""Watching without reading: a fake of whoever reads, and a watcher over a real folder and a real ledger."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from docproc.domain.errors import NotFoundError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.queueing.local import StopSignal
from docproc.services.ledger_ports import Ledger
from docproc.services.ledger_records import Entry
from docproc.watch.files_below import ORPHANED_S
from docproc.watch.folder import FolderInPlace, FolderPlace, Whereabouts
from docproc.watch.news import News
from docproc.watch.outbox import Outbox
from docproc.watch.ports import FailedDocument, Outcome, Place, RecordText, Ticket
from docproc.watch.rules import Duplicates, Rule, Rules
from docproc.watch.steps import Steps
from docproc.watch.watcher import Tally, Watcher, WatchPace

#: short, and still in the same order as in earnest
PACE = WatchPace(settle_s=0.1, rescan_s=0.3, lease_s=30.0, look_every_s=0.02, due_every_s=0.1, retry_first_s=0.1)
BAD = Failure(
    code=FailureCode.CORRUPT, category=FailureCategory.DOCUMENT, message="bad", retryable=False, phase=Phase.PREPARE
)


@dataclass
class FakeJobs:
    """Answers every file at once with its sha256; what begins with `bad` has no record, of `mixed` one of two has."""

    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    contents: dict[UUID, bytes] = field(default_factory=dict)
    forgotten: list[UUID] = field(default_factory=list)
    #: told of each ticket before it is taken; may raise
    on_submit: Callable[[Ticket], None] = lambda _: None
    #: jobs are finished only while it is set
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def find(self, entry_id: UUID) -> UUID | None:
        return entry_id if entry_id in self.tickets else None

    def submit(self, ticket: Ticket) -> UUID:
        self.on_submit(ticket)
        self.contents[ticket.id] = ticket.file.read_bytes()
        self.tickets[ticket.id] = ticket
        return ticket.id

    def forget(self, entry_id: UUID) -> None:
        """It submits whole or not at all."""
        self.forgotten.append(entry_id)

    def work(self, job_id: UUID, rule: Rule) -> None:
        """It was read when it was submitted."""

    def finished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(job_ids) if self.answers.is_set() else frozenset()

    def outcome(self, job_id: UUID) -> Outcome:
        if job_id not in self.contents:
            raise NotFoundError
        content = self.contents[job_id]
        usable = not content.startswith(b"bad")
        name = f"{Path(self.tickets[job_id].name).name[-200:]}-{job_id}.json"
        records = [RecordText(name=name, pieces=iter([sha256(content).hexdigest()]))] if usable else []
        is_bad = content.startswith((b"bad", b"mixed"))
        failures = (FailedDocument(file=f"{self.tickets[job_id].name}/b.pdf", failure=BAD),) if is_bad else ()
        return Outcome(usable=usable, records=iter(records), failures=failures)


@dataclass
class Watched:
    """A watched folder with everything around it."""

    base: Path
    ledger: Ledger
    jobs: FakeJobs = field(default_factory=FakeJobs)
    rule: Rule = field(default_factory=lambda: Rule(schema="invoice"))
    duplicates: Duplicates = Duplicates.FLAG
    in_place: bool = False
    #: by folder, besides `rule` for all the others
    rules: Mapping[str, Rule] = field(default_factory=dict)
    pace: WatchPace = PACE
    #: what the watchers see instead of the folder
    seen_as: Callable[[Place], Place] = lambda place: place
    away: Path | None = None
    orphaned_s: float = ORPHANED_S
    outbox: Path = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = self.base / "outbox"
        self.root.mkdir(exist_ok=True)

    @property
    def root(self) -> Path:
        return self.base / "inbox"

    def drop(self, name: str, content: str = "content") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    @property
    def news(self) -> News:
        return News(self.root)

    def place(self) -> Place:
        rules = Rules({"": self.rule, **self.rules})
        if self.in_place:
            return self.seen_as(FolderInPlace(self.root, rules, orphaned_s=self.orphaned_s))
        away = self.away or self.root
        folders = Whereabouts(
            root=self.root, processing=self.root / "processing", done=away / "done", failed=away / "failed"
        )
        place = FolderPlace(folders, rules, orphaned_s=self.orphaned_s)
        place.prepare(is_new=not self.ledger.counts().states)
        return self.seen_as(place)

    def watcher(self, *, owner: str = "one") -> Watcher:
        steps = Steps(
            place=self.place(),
            ledger=self.ledger,
            jobs=self.jobs,
            outbox=Outbox(self.outbox),
            rules=Rules({"": self.rule, **self.rules}),
            duplicates=self.duplicates,
        )
        return Watcher(steps, owner=owner, dead=lambda _: frozenset(), news=self.news, pace=self.pace)

    def watch_once(self) -> Tally:
        return self.watcher().run(StopSignal(), once=True)

    @contextmanager
    def watching(self, *owners: str, once: bool = False) -> Iterator[list[Watcher]]:
        """Watchers on threads of their own; those that watch `once` come to their end by themselves."""
        watchers = [self.watcher(owner=owner) for owner in owners or ("one",)]
        stop = StopSignal()
        threads = [threading.Thread(target=partial(watcher.run, stop, once=once)) for watcher in watchers]
        for thread in threads:
            thread.start()
        try:
            yield watchers
        except BaseException:
            stop.finish()
            raise
        finally:
            if not once:
                stop.finish()
            for thread in threads:
                thread.join()

    @property
    def records(self) -> list[str]:
        """What lies in the outbox, by the names of the files."""
        found = (path for path in _below(self.outbox) if path.endswith(".json"))
        return sorted(path[: -len("-00000000-0000-0000-0000-000000000000.json")] for path in found)

    def lying(self, folder: str = "") -> list[str]:
        """Files below a folder of the place."""
        return sorted(_below((self.away or self.root) / folder if folder else self.root))


def _below(base: Path) -> Iterator[str]:
    """Files below a folder; os.walk shrugs at what goes while it looks."""
    for place, _, names in os.walk(base):
        yield from ((Path(place) / name).relative_to(base).as_posix() for name in names)


def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for it; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def renumber(file: Path) -> None:
    """Another inode and else nothing new, as network drives show it after they were connected anew."""
    copy, stands = file.with_name(f".{file.name}"), file.stat()
    copy.write_bytes(file.read_bytes())
    os.utime(copy, ns=(stands.st_atime_ns, stands.st_mtime_ns))
    copy.replace(file)
    assert file.stat().st_ino != stands.st_ino


class Meddling:
    """A place where something happens to a file at the worst moment: a place like any other, but for one verb."""

    def __init__(self, place: Place, verb: str, happens: Callable[[Entry], None]) -> None:
        self._place = place
        self._verb = verb
        self._happens = happens

    def __getattr__(self, name: str) -> object:
        found = getattr(self._place, name)
        if name != self._verb:
            return found

        def meddled(entry: Entry, *arguments: object, **named: object) -> object:
            self._happens(entry)
            return found(entry, *arguments, **named)

        return meddled


def at_first(times: int, happens: Callable[[Entry], None]) -> Callable[[Entry], None]:
    """Something that happens the first few times only."""
    left = [times]

    def meddle(entry: Entry) -> None:
        if left[0] > 0:
            left[0] -= 1
            happens(entry)

    return meddle


def refused(code: int) -> Callable[[Entry], None]:
    def refuse(entry: Entry) -> None:
        raise OSError(code, os.strerror(code), entry.path)

    return refuse
