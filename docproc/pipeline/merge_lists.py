"""Lists over several windows: tables are appended, sets united, and a long table goes to a spill as it grows."""

from collections.abc import Sequence
from typing import Protocol

from docproc.domain.extraction import FieldTree, FieldValue, record_of
from docproc.domain.schema import FieldSpec, MergeRule, Record
from docproc.values.parse import comparable

#: rows of a table that stay in memory
MAX_KEPT_ROWS = 1000


class RowSpill(Protocol):
    """Takes the rows of long tables, in order."""

    def add(self, path: str, rows: Sequence[dict[str, FieldTree]]) -> None: ...


class Entries:
    """The entries of one list: `extend` takes what each window found."""

    def __init__(self, path: str, spec: FieldSpec, spill: RowSpill | None) -> None:
        self._path = path
        self._spec = spec
        self._spill = spill if spec.is_table else None
        self._is_set = spec.merge is MergeRule.UNION or not spec.is_table
        self._seen: set[object] = set()
        self.kept: list[FieldTree] = []
        self.bare_rows: list[Record] = []

    @property
    def spilled(self) -> bool:
        """Did the table leave memory?"""
        return bool(self.bare_rows)

    def extend(self, entries: Sequence[FieldTree]) -> None:
        """Append the entries that are new: a set holds each value once, a table each place once."""
        marks = [self._mark(entry) for entry in entries]
        fresh = [
            entry
            for index, (entry, mark) in enumerate(zip(entries, marks, strict=True))
            if mark is None or (mark not in self._seen and (not self._is_set or mark not in marks[:index]))
        ]
        # Windows overlap with their neighbours at most, so of a table only the last window's places can come again.
        self._seen = self._seen.union(marks) if self._is_set else set(marks)
        self.kept.extend(fresh)
        if self._spill is not None and (self.spilled or len(self.kept) > MAX_KEPT_ROWS):
            self._spill_rows(self._spill)

    def _spill_rows(self, spill: RowSpill) -> None:
        rows = [row for row in self.kept if isinstance(row, dict)]
        spill.add(self._path, rows)
        self.bare_rows.extend(record_of(row) for row in rows)
        self.kept = []

    def _mark(self, entry: FieldTree) -> object:
        if self._is_set:
            return _value_mark(entry, self._spec)
        return _place_mark(entry)


def _value_mark(entry: FieldTree, spec: FieldSpec) -> object:
    if isinstance(entry, FieldValue) and spec.item is not None:
        return comparable(spec.item.kind, str(entry.value))
    return None


def _place_mark(entry: FieldTree) -> object:
    """Where all values of a row stand; None when one of them is ungrounded, for then sameness is not proven."""
    if not isinstance(entry, dict):
        return None
    leaves = [leaf for leaf in entry.values() if isinstance(leaf, FieldValue) and leaf.value is not None]
    places = tuple((leaf.evidence[0].page, leaf.evidence[0].box) for leaf in leaves if leaf.evidence)
    return places if places and len(places) == len(leaves) else None
