"""One claimed file on its way: taken, submitted, its records delivered, put away. Knows no thread and no clock.

Every step may break off at any moment and be done again, by this watcher or by another: what was done is seen and left.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from docproc.domain.errors import NotFoundError, UsageError
from docproc.observability import event
from docproc.services.ledger_ports import Ledger
from docproc.services.ledger_records import Entry, EntryState
from docproc.watch.outbox import Outbox
from docproc.watch.ports import (
    Fate,
    Fence,
    Jobs,
    Outcome,
    Place,
    SidecarError,
    Ticket,
    UnsettledError,
)
from docproc.watch.rules import Duplicates, Rule, Rules

logger = logging.getLogger(__name__)


class TwinError(Exception):
    """A file with the same bytes is being taken: whether this one is skipped depends on what becomes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is done with each file of one place."""

    place: Place
    ledger: Ledger
    jobs: Jobs
    outbox: Outbox
    rules: Rules
    duplicates: Duplicates

    def take(self, entry: Entry, fence: Fence) -> Entry | EntryState:
        """The entry with its job; or how it ended, when it came to its end without one.

        Raises VanishedError, UnsettledError, TwinError, LeaseLostError, OSError, DocprocError.
        """
        rule = self._rule(entry)
        found = self.jobs.find(entry.id) if entry.attempt > 1 else None
        entry, job_id = (entry, found) if found is not None else self._submitted(self._secured(entry, fence), rule)
        if isinstance(job_id, EntryState):
            return job_id
        entry = self.ledger.note_submitted(entry, job_id)
        event(logger, "file_submitted", entry_id=str(entry.id), job_id=str(job_id))
        self.work_on(entry)
        return entry

    def work_on(self, entry: Entry) -> None:
        """Let somebody read what was submitted."""
        if entry.job_id is not None:
            self.jobs.work(entry.job_id, self._rule(entry))

    def deliver(self, entry: Entry) -> EntryState:
        """Records to the outbox first, then the file to its place, then the ledger."""
        outcome = self._outcome(entry)
        if outcome.usable:
            records = self.outbox.deliver(entry.path, outcome)
            self.place.put_away(entry, Fate.DONE)
            self.ledger.end(entry, EntryState.DONE)
            event(logger, "file_done", entry_id=str(entry.id), job_id=str(entry.job_id), records=records)
            return EntryState.DONE
        failures = [failure.model_dump(mode="json") for failure in outcome.failures]
        first = failures[0] if failures else {"code": "canceled", "message": "the job was canceled or deleted"}
        return self._fail(entry, code=first["code"], message=first["message"], failures=failures)

    def _secured(self, entry: Entry, fence: Fence) -> Entry:
        version = self.place.secure(entry, fence)
        changed = version != entry.version
        if self.place.moves and (entry.standing or changed):
            entry = self.ledger.note_moved(entry, version)
        if changed:
            raise UnsettledError(version)
        return entry

    def _submitted(self, entry: Entry, rule: Rule) -> tuple[Entry, UUID | EntryState]:
        with self.place.bytes_of(entry) as path:
            sha256 = _sha256_of(path)
            version = self.place.version_of(entry)
            if version != entry.version:
                raise UnsettledError(version)
            entry, earlier = self.ledger.identify(entry, sha256)
            ended = self._settled_by(earlier, entry)
            if ended is not None:
                return entry, ended
            try:
                sidecar = self.place.sidecar(entry)
            except SidecarError as exc:
                return entry, self._fail(entry, code="sidecar_invalid", message=str(exc), failures=[])
            flag = {} if entry.duplicate_of is None else {"duplicate_of": str(entry.duplicate_of)}
            ticket = Ticket(
                id=entry.id,
                file=path,
                name=entry.path,
                sha256=sha256,
                rule=rule,
                external_id=sidecar.external_id,
                metadata={**rule.metadata, **sidecar.metadata, **(flag if self.duplicates is Duplicates.FLAG else {})},
            )
            return entry, self.jobs.submit(ticket)

    def _settled_by(self, earlier: EntryState | None, entry: Entry) -> EntryState | None:
        """How this one ended, when an earlier entry is all that is needed."""
        if earlier is None:
            return None
        if self.ledger.is_known(entry):
            self.ledger.end(entry, EntryState.KNOWN)
            return EntryState.KNOWN
        if self.duplicates is not Duplicates.SKIP or earlier not in _COUNTS:
            return None
        if earlier is EntryState.CLAIMED:
            raise TwinError
        self.place.put_away(entry, Fate.DONE)
        self.ledger.end(entry, EntryState.SKIPPED)
        event(logger, "file_skipped", entry_id=str(entry.id), duplicate_of=str(entry.duplicate_of))
        return EntryState.SKIPPED

    def _outcome(self, entry: Entry) -> Outcome:
        try:
            if entry.job_id is not None:
                return self.jobs.outcome(entry.job_id)
        except NotFoundError:
            pass
        return Outcome(usable=False, records=iter(()), failures=())

    def _fail(self, entry: Entry, *, code: str, message: str, failures: list[dict[str, object]]) -> EntryState:
        told = {
            "file": entry.path,
            "code": code,
            "message": message,
            "job_id": None if entry.job_id is None else str(entry.job_id),
            "sha256": entry.sha256,
            "failures": failures,
        }
        text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
        self.place.put_away(entry, Fate.FAILED, error=text.encode("utf-8", "backslashreplace"))
        self.ledger.end(entry, EntryState.FAILED)
        event(logger, "file_failed", entry_id=str(entry.id), code=code)
        return EntryState.FAILED

    def _rule(self, entry: Entry) -> Rule:
        rule = self.rules.of(entry.path)
        if rule is None:
            raise UsageError("the settings no longer say how files of this folder are read")
        return rule


#: what an earlier file with the same bytes may be for a later one to be skipped
_COUNTS = frozenset({EntryState.CLAIMED, EntryState.SUBMITTED, EntryState.DONE})


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
