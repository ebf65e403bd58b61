"""Which files have stood still for long enough. Pure: told of sightings and of the time, knows no disk.

Time is counted from the first sighting by this machine's own clock: that of a network drive may be off, and a file that
was moved here keeps its old time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from docproc.services.ledger_records import Sighting


@dataclass(frozen=True, slots=True)
class _Still:
    sighting: Sighting
    since: float


class Settling:
    """Sightings of files that are not taken yet; a bounded number of them."""

    def __init__(self, settle_s: float, *, most: int) -> None:
        self._settle_s = settle_s
        self._most = most
        # oldest first: one that changes goes to the end, so the first ones are those that settle first
        self._still: dict[str, _Still] = {}
        #: some files were not noted: look for them again once there is room
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._still)

    @property
    def has_room(self) -> bool:
        return len(self._still) <= self._most // 2

    def see(self, sighting: Sighting, now: float) -> None:
        """Note a file; it begins to settle anew when it is another version than before."""
        known = self._still.get(sighting.path)
        if known is not None:
            if known.sighting == sighting:
                return
            del self._still[sighting.path]
        elif len(self._still) >= self._most:
            self.overflowed = True
            return
        self._still[sighting.path] = _Still(sighting, now)

    def forget(self, path: str) -> None:
        self._still.pop(path, None)

    def keep_only(self, paths: Collection[str]) -> None:
        """After a look at everything: what was not seen is no longer there."""
        for path in self._still.keys() - paths:
            del self._still[path]

    def settled(self, now: float, *, limit: int) -> list[Sighting]:
        """Up to `limit` that have not been seen to change for long enough, in the order in which they came."""
        ripe = (
            each.sighting
            for each in self._still.values()
            if each.sighting.is_ready or now - each.since >= self._settle_s
        )
        return list(islice(ripe, limit))

    def __contains__(self, path: str) -> bool:
        return path in self._still

    def next_in_s(self, now: float) -> float | None:
        """How long until the first one may be settled; None when there is none."""
        first = next(iter(self._still.values()), None)
        return None if first is None else max(0.0, first.since + self._settle_s - now)
