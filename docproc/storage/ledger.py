"""The ledger of a watched place in a database: entries claimed, leased and fenced. Knows no folder."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select, text, tuple_, update

from docproc.domain.errors import LeaseLostError
from docproc.domain.ids import new_id
from docproc.services.ledger_records import (
    OPEN_ENTRY_STATES,
    Earlier,
    Entry,
    EntryState,
    LedgerCounts,
    Sighting,
    Trouble,
    Version,
    Waiting,
    Where,
)
from docproc.storage.database import Database
from docproc.storage.ledger_table import ENTRY_OPEN, WATCHED_FILES
from docproc.storage.locks import lock_alone
from docproc.storage.paths import stored_path
from docproc.storage.rows import AnyRow
from docproc.storage.upserts import insert_or_leave

_FILES = WATCHED_FILES.c
_KEY = tuple_(_FILES.path_hash, _FILES.byte_count, _FILES.modified_ns, _FILES.identity)
_FREE: Mapping[str, Any] = {"lease_owner": None, "lease_expires_at": None}
_MOVES_ON: Mapping[str, Any] = {"tries": 0, "trouble": None, "trouble_where": None}
#: what came, or will come, to something; of those that are only claimed, one that waits for another may come to nothing
_COUNTED = or_(
    _FILES.state.in_((*sorted(OPEN_ENTRY_STATES - {EntryState.CLAIMED}), EntryState.DONE)),
    and_(_FILES.state == EntryState.CLAIMED, _FILES.duplicate_of.is_(None)),
)
_CAME_TO_NOTHING = frozenset({EntryState.GONE, EntryState.FAILED})


class SqlLedger:
    """The entries of one place of one tenant."""

    def __init__(self, database: Database, *, tenant: str, place: str) -> None:
        self._database = database
        self._tenant = tenant
        self._place = place
        self._here = and_(_FILES.tenant == tenant, _FILES.place == place)
        # with the condition of the partial index, word for word
        self._open = and_(self._here, text(ENTRY_OPEN))

    def unknown(self, seen: Sequence[Sighting]) -> Sequence[Sighting]:
        keys = {_key(each): each for each in seen}
        statement = select(_FILES.path_hash, _FILES.byte_count, _FILES.modified_ns, _FILES.identity)
        with self._database.read() as connection:
            rows = connection.execute(statement.where(self._here, _FILES.standing, _KEY.in_(list(keys))))
            for row in rows:
                keys.pop((row.path_hash, row.byte_count, row.modified_ns, row.identity), None)
        return list(keys.values())

    def claim_new(self, seen: Sequence[Sighting], *, owner: str, lease_s: float) -> Sequence[Entry]:
        claimed = []
        with self._database.write() as connection:
            now = self._database.now(connection)
            # in one order for all, or two watchers would wait for each other
            for sighting in sorted(seen, key=lambda each: each.path):
                entry_id = new_id()
                values = {
                    "id": entry_id,
                    "tenant": self._tenant,
                    "place": self._place,
                    "path": sighting.path,
                    "path_hash": _hash_of(sighting.path),
                    "identity": sighting.version.identity,
                    "byte_count": sighting.version.byte_count,
                    "modified_ns": sighting.version.modified_ns,
                    "standing": True,
                    "state": EntryState.CLAIMED,
                    "due_at": now,
                    "lease_owner": owner,
                    "lease_expires_at": now + timedelta(seconds=lease_s),
                    "attempt": 1,
                    "seen_at": now,
                }
                if insert_or_leave(connection, WATCHED_FILES, values):
                    claimed.append(_new_entry(entry_id, sighting, owner))
        return claimed

    def claim_due(self, *, owner: str, lease_s: float, limit: int) -> Sequence[Entry]:
        with self._database.write() as connection:
            now = self._database.now(connection)
            free = or_(_FILES.lease_expires_at.is_(None), _FILES.lease_expires_at <= now)
            due = select(_FILES.id).where(self._open, free, _FILES.due_at <= now).order_by(_FILES.due_at, _FILES.id)
            ids = list(connection.scalars(due.limit(limit).with_for_update(skip_locked=True)))
            if not ids:
                return []
            until = now + timedelta(seconds=lease_s)
            values = {"lease_owner": owner, "lease_expires_at": until, "attempt": _FILES.attempt + 1}
            statement = update(WATCHED_FILES).where(_FILES.id.in_(ids)).values(values)
            return sorted(map(_entry, connection.execute(statement.returning(*_FILES))), key=lambda each: each.id)

    def extend(self, owner: str, ids: Collection[UUID], *, lease_s: float) -> frozenset[UUID]:
        with self._database.write() as connection:
            until = self._database.now(connection) + timedelta(seconds=lease_s)
            mine = select(_FILES.id).where(_FILES.lease_owner == owner, _FILES.id.in_(ids))
            # what is locked is just being finished
            rows = mine.with_for_update(skip_locked=True)
            connection.execute(update(WATCHED_FILES).where(_FILES.id.in_(rows)).values(lease_expires_at=until))
            return frozenset(connection.scalars(mine))

    def note_moved(self, entry: Entry, version: Version) -> Entry:
        return self._change(entry, {"standing": False, **_version_values(version)})

    def identify(self, entry: Entry, sha256: str, *, read_as: str) -> tuple[Entry, Earlier | None]:
        with self._database.write() as connection:
            # who looks for an earlier one and who becomes one take turns
            lock_alone(connection, f"watched/{self._tenant}/{self._place}/{sha256}")
            row = self._held(connection, entry)
            if row.sha256 != sha256 or row.read_as != read_as or self._is_outdated(connection, row):
                earlier = self._find_earlier(connection, row, sha256, read_as=read_as)
                row = self._apply(connection, entry, {"sha256": sha256, "read_as": read_as, "duplicate_of": earlier})
            return _entry(row), _earlier(row, self._earlier_row(connection, row))

    def _is_outdated(self, connection: Connection, row: AnyRow) -> bool:
        """Whether what was decided of it no longer holds."""
        if row.duplicate_of is None:
            return False
        earlier = self._earlier_row(connection, row)
        return earlier is None or earlier.sha256 != row.sha256 or earlier.state in _CAME_TO_NOTHING

    def _earlier_row(self, connection: Connection, row: AnyRow) -> AnyRow | None:
        if row.duplicate_of is None:
            return None
        return connection.execute(select(WATCHED_FILES).where(_FILES.id == row.duplicate_of)).first()

    def _find_earlier(self, connection: Connection, row: AnyRow, sha256: str, *, read_as: str) -> UUID | None:
        """Of those with the same bytes the first one that came, or may come, to something."""
        alike = and_(self._here, _FILES.sha256 == sha256, _FILES.id != row.id)
        # the same version first: that is what tells a new inode from a new file
        same = and_(_FILES.path == row.path, _FILES.standing, _FILES.modified_ns == row.modified_ns)
        waits = and_(_FILES.state == EntryState.CLAIMED, _FILES.duplicate_of.is_not(None))
        likewise = or_(_FILES.read_as == read_as, _FILES.read_as.is_(None))
        for wanted in (and_(same, ~waits), and_(_COUNTED, likewise)):
            found: UUID | None = connection.scalar(select(_FILES.id).where(alike, wanted).order_by(_FILES.id).limit(1))
            if found is not None:
                return found
        return None

    def note_submitted(self, entry: Entry, job_id: UUID) -> Entry:
        return self._change(entry, {"state": EntryState.SUBMITTED, "job_id": job_id, **_MOVES_ON})

    def note_staged(self, entry: Entry) -> Entry:
        return self._change(entry, {"state": EntryState.DELIVERING})

    def end(self, entry: Entry, state: EntryState, *, is_cleared: bool = False) -> None:
        with self._database.write() as connection:
            values: dict[str, Any] = {"state": state, "finished_at": self._database.now(connection), **_FREE}
            if is_cleared or state is EntryState.GONE:
                values["standing"] = False
            self._apply(connection, entry, {**values, **_MOVES_ON})

    def put_off(self, entry: Entry, trouble: Trouble, *, after_s: float, where: Where | None = None) -> None:
        with self._database.write() as connection:
            due_at = self._database.now(connection) + timedelta(seconds=after_s)
            told = {"trouble": trouble, "trouble_where": where, "tries": entry.tries + 1}
            self._apply(connection, entry, {"due_at": due_at, **told, **_FREE})

    def release(self, owner: str, ids: Collection[UUID]) -> None:
        with self._database.write() as connection:
            mine = (_FILES.lease_owner == owner, _FILES.id.in_(ids))
            connection.execute(update(WATCHED_FILES).where(*mine).values(_FREE))

    def owners(self) -> frozenset[str]:
        statement = select(_FILES.lease_owner).where(self._open, _FILES.lease_owner.is_not(None))
        with self._database.read() as connection:
            return frozenset(owner for owner in connection.scalars(statement.distinct()) if owner is not None)

    def void(self, owners: Collection[str]) -> int:
        if not owners:
            return 0
        with self._database.write() as connection:
            theirs = (self._here, _FILES.lease_owner.in_(owners))
            return connection.execute(update(WATCHED_FILES).where(*theirs).values(_FREE)).rowcount

    def states(self, ids: Collection[UUID]) -> Mapping[UUID, EntryState]:
        statement = select(_FILES.id, _FILES.state).where(self._here, _FILES.id.in_(ids))
        with self._database.read() as connection:
            return {row.id: row.state for row in connection.execute(statement)}

    def reopen(self, ids: Collection[UUID]) -> int:
        with self._database.write() as connection:
            mine = (self._here, _FILES.id.in_(ids), _FILES.state == EntryState.GONE)
            values = {"state": EntryState.CLAIMED, "finished_at": None, "due_at": self._database.now(connection)}
            return connection.execute(update(WATCHED_FILES).where(*mine).values(values)).rowcount

    def counts(self) -> LedgerCounts:
        states = select(_FILES.state, func.count()).where(self._here).group_by(_FILES.state)
        troubles = select(_FILES.trouble, func.count()).where(self._open, _FILES.trouble.is_not(None))
        with self._database.read() as connection:
            return LedgerCounts(
                states={row[0]: row[1] for row in connection.execute(states)},
                troubles={row[0]: row[1] for row in connection.execute(troubles.group_by(_FILES.trouble))},
            )

    def waiting(self, *, limit: int) -> Sequence[Waiting]:
        statement = select(WATCHED_FILES).where(self._open, _FILES.trouble.is_not(None))
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(_FILES.tries.desc(), _FILES.id).limit(limit))
            return [_waiting(row) for row in rows]

    def places(self) -> frozenset[str]:
        with self._database.read() as connection:
            return frozenset(connection.scalars(select(_FILES.place).where(_FILES.tenant == self._tenant).distinct()))

    def _change(self, entry: Entry, values: Mapping[str, Any]) -> Entry:
        with self._database.write() as connection:
            return _entry(self._apply(connection, entry, values))

    def _apply(self, connection: Connection, entry: Entry, values: Mapping[str, Any]) -> AnyRow:
        statement = update(WATCHED_FILES).where(*_held(entry)).values(**values).returning(*_FILES)
        row = connection.execute(statement).first()
        if row is None:
            raise LeaseLostError
        return row

    def _held(self, connection: Connection, entry: Entry) -> AnyRow:
        row = connection.execute(select(WATCHED_FILES).where(*_held(entry)).with_for_update()).first()
        if row is None:
            raise LeaseLostError
        return row


def _held(entry: Entry) -> tuple[Any, ...]:
    return (_FILES.id == entry.id, _FILES.lease_owner == entry.owner, _FILES.attempt == entry.attempt)


def _key(sighting: Sighting) -> tuple[str, int, int, str]:
    version = sighting.version
    return (_hash_of(sighting.path), version.byte_count, version.modified_ns, version.identity)


def _hash_of(path: str) -> str:
    return hashlib.sha256(stored_path(path).encode()).hexdigest()


def _version_values(version: Version) -> Mapping[str, Any]:
    return {
        "identity": version.identity,
        "byte_count": version.byte_count,
        "modified_ns": version.modified_ns,
    }


def _new_entry(entry_id: UUID, sighting: Sighting, owner: str) -> Entry:
    return Entry(
        id=entry_id,
        path=sighting.path,
        version=sighting.version,
        state=EntryState.CLAIMED,
        standing=True,
        sha256=None,
        duplicate_of=None,
        job_id=None,
        owner=owner,
        attempt=1,
        tries=0,
    )


def _entry(row: AnyRow) -> Entry:
    version = Version(identity=row.identity, byte_count=row.byte_count, modified_ns=row.modified_ns)
    return Entry(
        id=row.id,
        path=row.path,
        version=version,
        state=row.state,
        standing=row.standing,
        sha256=row.sha256,
        duplicate_of=row.duplicate_of,
        job_id=row.job_id,
        owner=row.lease_owner,
        attempt=row.attempt,
        tries=row.tries,
    )


def _waiting(row: AnyRow) -> Waiting:
    where = None if row.trouble_where is None else Where(row.trouble_where)
    return Waiting(path=row.path, trouble=row.trouble, where=where, tries=row.tries, due_at=row.due_at)


def _earlier(row: AnyRow, earlier: AnyRow | None) -> Earlier | None:
    if earlier is None:
        return None
    there = (earlier.path, earlier.modified_ns, earlier.standing)
    is_same = row.standing and there == (row.path, row.modified_ns, True)
    return Earlier(state=earlier.state, job_id=earlier.job_id, in_trouble=earlier.trouble is not None, is_same=is_same)
