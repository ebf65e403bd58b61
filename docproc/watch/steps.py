"""One claimed file on its way: taken, submitted, its records delivered, put away. Knows no thread and no clock.

Every step may break off at any moment and be done again, by this watcher or by another: what was done is seen and left.
"""

import json
import logging
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from uuid import UUID

from docproc.domain.errors import NotFoundError, UsageError
from docproc.observability import event
from docproc.services.ledger_ports import Ledger
from docproc.services.ledger_records import OPEN_ENTRY_STATES, Earlier, Entry, EntryState, Where
from docproc.watch.ignoring import META
from docproc.watch.moving import sha256_of
from docproc.watch.outbox import Outbox, error_name
from docproc.watch.ports import (
    Fate,
    Fence,
    Jobs,
    Outcome,
    Place,
    RecordText,
    RefusedFileError,
    Ticket,
    UnsettledError,
    VanishedError,
    trouble_at,
)
from docproc.watch.rules import Duplicates, Rule, Rules

logger = logging.getLogger(__name__)


_ORPHANED = (
    "it describes a file that is not there: it came after the file was taken, or the file never came. "
    "Put it beside the file, and both into the watched folder again, if it matters"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How a file ended whose job was read."""

    state: EntryState
    #: documents of it that have no record
    failed_documents: int


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
        if entry.is_folder:
            with trouble_at(Where.WATCHED):
                self.place.secure(entry, fence)
            raise VanishedError
        with trouble_at(self._lies):
            left = self.place.left_error(entry) if entry.attempt > 1 else None
        if left is not None:
            return self._put_away(entry, Fate.FAILED, _Error(str(json.loads(left)["code"]), left.decode()))
        if entry.path.endswith(META):
            return self._refuse(self._secured(entry, fence), code="sidecar_orphaned", message=_ORPHANED)
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

    def deliver(self, entry: Entry, fence: Fence) -> Delivered:
        """Records to the outbox first, then the file to its place, then the ledger."""
        outcome = self._outcome(entry)
        error = self._error_of(entry, outcome) if outcome.failures or not outcome.usable else None
        if entry.state is not EntryState.DELIVERING:
            fence()
            records = outcome.records if outcome.usable else ()
            self.outbox.stage(entry.id, chain(records, self._told_in_outbox(entry, error)))
            entry = self.ledger.note_staged(entry)
        fence()
        self.outbox.publish(entry.id, entry.path)
        failed, fate = len(outcome.failures), Fate.DONE if outcome.usable else Fate.FAILED
        state = self._put_away(entry, fate, error)
        if outcome.usable and error is not None:  # of a container: the others have theirs
            event(logger, "file_incomplete", entry_id=str(entry.id), code=error.code, documents=failed)
        return Delivered(state=state, failed_documents=failed)

    def give_up(self, entry: Entry, fence: Fence) -> EntryState:
        """Of one that is no longer there; another watcher may have begun to submit it. Raises LeaseLostError."""
        if entry.attempt > 1:
            fence()  # of a watcher that was too slow it is gone because the next one took it, and reads it
            self.jobs.forget(entry.id)
        self.ledger.end(entry, EntryState.GONE)
        if entry.is_folder:
            event(logger, "folder_opened", entry_id=str(entry.id))
        else:
            event(logger, "file_gone", entry_id=str(entry.id))
        return EntryState.GONE

    @property
    def _lies(self) -> Where:
        """Where what was secured is."""
        return Where.PROCESSING if self.place.moves else Where.WATCHED

    def _secured(self, entry: Entry, fence: Fence) -> Entry:
        with trouble_at(Where.WATCHED):
            version = self.place.secure(entry, fence)
        changed = version != entry.version
        if self.place.moves and (entry.standing or changed):
            entry = self.ledger.note_moved(entry, version)
        if changed:
            raise UnsettledError(version)
        return entry

    def _submitted(self, entry: Entry, rule: Rule) -> tuple[Entry, UUID | EntryState]:
        try:
            with self.place.bytes_of(entry) as path:
                with trouble_at(self._lies):
                    sha256 = sha256_of(path)
                    version = self.place.version_of(entry)
                if version != entry.version:
                    raise UnsettledError(version)
                entry, earlier = self.ledger.identify(entry, sha256, read_as=rule.read_as)
                ended = self._settled_by(earlier, entry)
                if ended is not None:
                    return entry, ended
                ticket = self._ticket(entry, path, sha256=sha256, rule=rule, earlier=earlier)
                with trouble_at(Where.TEMP):  # a copy may be made there
                    return entry, self.jobs.submit(ticket)
        except RefusedFileError as exc:
            return entry, self._refuse(entry, code=exc.code, message=str(exc))

    def _refuse(self, entry: Entry, *, code: str, message: str) -> EntryState:
        error = _error(entry, code=code, message=message, failures=[])
        self.outbox.stage(entry.id, self._told_in_outbox(entry, error))
        self.outbox.publish(entry.id, entry.path)
        return self._put_away(entry, Fate.FAILED, error)

    def _ticket(self, entry: Entry, path: Path, *, sha256: str, rule: Rule, earlier: Earlier | None) -> Ticket:
        """Raises SidecarError."""
        with trouble_at(self._lies):
            sidecar = self.place.sidecar(entry)
        first = None if earlier is None or self.duplicates is not Duplicates.FLAG else earlier.job_id
        flag = {} if first is None else {"duplicate_of": str(first)}
        return Ticket(
            id=entry.id,
            file=path,
            name=entry.path,
            sha256=sha256,
            rule=rule,
            external_id=sidecar.external_id,
            metadata={**rule.metadata, **sidecar.metadata, **flag},
        )

    def _settled_by(self, earlier: Earlier | None, entry: Entry) -> EntryState | None:
        """How this one ended, when an earlier entry is all that is needed. Raises TwinError."""
        if earlier is None:
            return None
        if self._waits_for(earlier):
            raise TwinError
        if earlier.is_same:
            self.ledger.end(entry, EntryState.KNOWN)
            return EntryState.KNOWN
        if self.duplicates is not Duplicates.SKIP or earlier.state is not EntryState.DONE:
            return None
        with trouble_at(Where.DONE if self.place.clears else Where.WATCHED):
            self.place.put_away(entry, Fate.DONE)
        self.ledger.end(entry, EntryState.SKIPPED, is_cleared=self.place.clears)
        event(logger, "file_skipped", entry_id=str(entry.id), duplicate_of=str(entry.duplicate_of))
        return EntryState.SKIPPED

    def _waits_for(self, earlier: Earlier) -> bool:
        """Whether it is to be seen first what becomes of an earlier one."""
        if earlier.is_same:
            return earlier.state is EntryState.CLAIMED  # it may be gone
        if self.duplicates is Duplicates.FLAG:  # that is to name its job
            return earlier.state is EntryState.CLAIMED and not earlier.in_trouble
        return self.duplicates is Duplicates.SKIP and earlier.state in OPEN_ENTRY_STATES

    def _outcome(self, entry: Entry) -> Outcome:
        try:
            if entry.job_id is not None:
                return self.jobs.outcome(entry.job_id)
        except NotFoundError:
            pass
        return Outcome(usable=False, records=iter(()), failures=())

    def _put_away(self, entry: Entry, fate: Fate, error: "_Error | None") -> EntryState:
        with trouble_at(Where(fate.value) if self.place.clears else Where.WATCHED):
            self.place.put_away(entry, fate, error=None if error is None else error.text.encode())
        state = EntryState(fate.value)
        self.ledger.end(entry, state, is_cleared=self.place.clears)
        if fate is Fate.DONE:
            event(logger, "file_done", entry_id=str(entry.id), job_id=str(entry.job_id))
        else:
            event(logger, "file_failed", entry_id=str(entry.id), code=error.code if error else None)
        return state

    def _told_in_outbox(self, entry: Entry, error: "_Error | None") -> list[RecordText]:
        """Beside a file that stays where it is nothing is written."""
        if error is None or self.place.clears:
            return []
        return [RecordText(name=error_name(entry.path, entry.id), pieces=iter([error.text]))]

    def _error_of(self, entry: Entry, outcome: Outcome) -> "_Error":
        failures = [{"file": each.file, **each.failure.model_dump(mode="json")} for each in outcome.failures]
        first = failures[0] if failures else {"code": "canceled", "message": "the job was canceled or deleted"}
        return _error(entry, code=first["code"], message=first["message"], failures=failures)

    def _rule(self, entry: Entry) -> Rule:
        rule = self.rules.of(entry.path)
        if rule is None:
            raise UsageError("the settings no longer say how files of this folder are read")
        return rule


@dataclass(frozen=True, slots=True)
class _Error:
    """Why a file, or a document in it, has no record, as it is told beside it."""

    code: str
    text: str


def _error(entry: Entry, *, code: str, message: str, failures: list[dict[str, object]]) -> _Error:
    told = {
        "file": entry.path,
        "code": code,
        "message": message,
        "job_id": None if entry.job_id is None else str(entry.job_id),
        "sha256": entry.sha256,
        "failures": failures,
    }
    return _Error(code, json.dumps(told, indent=2) + "\n")
