"""Descriptions that lie without their file, and since when. Pure: told of sightings and of the time, knows no disk.

Time is counted from the first sighting by this machine's own clock, as for files that settle: that of a network drive
may be hours behind.
"""

from collections.abc import Collection
from dataclasses import dataclass

from docproc.services.ledger_records import Version


@dataclass(frozen=True, slots=True)
class _Alone:
    version: Version
    since: float


class Orphans:
    """Lone descriptions; a bounded number of them, the others wait until there is room."""

    def __init__(self, orphaned_s: float, *, most: int = 4096) -> None:
        self._orphaned_s = orphaned_s
        self._most = most
        self._alone: dict[str, _Alone] = {}

    def see(self, path: str, version: Version, now: float) -> bool:
        """Note one that is alone; whether it has been for so long that no file comes any more."""
        known = self._alone.get(path)
        if known is None or known.version != version:
            if known is None and len(self._alone) >= self._most:
                return False
            known = self._alone[path] = _Alone(version, now)
        return now - known.since >= self._orphaned_s

    def keep_only(self, paths: Collection[str]) -> None:
        """After a look at everything: what was not seen alone has its file, or is gone."""
        for path in self._alone.keys() - paths:
            del self._alone[path]
