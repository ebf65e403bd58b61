"""Which row of a draft the answer is writing: rows already written are found again in the draft, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from docproc.decoding.drafts.answer import Path
from docproc.domain.schema import JsonValue
from docproc.values.text import similarity

_ALIKE = 0.7
#: rows further on are not looked at: a row is rarely so far from its place
_REACH = 40

#: the finished values of a row, by the rest of their path
RowValues: TypeAlias = Mapping[Path, JsonValue]


class RowPlace(NamedTuple):
    """The draft row that a row of the answer is most likely to be, and the one that then follows.

    Either may lie behind the draft's last row. A row that the draft lacks is guessed to be like the next one.
    """

    row: int
    following: int


@dataclass(slots=True)
class RowTrack:
    """The draft rows of one list, and how far the answer has come in them."""

    rows: Sequence[JsonValue]
    #: draft row of each finished row of the answer; None: it is not in the draft
    _met: list[int | None] = field(default_factory=list)

    def place(self, index: int, said: Callable[[int], RowValues]) -> RowPlace:
        """Where the answer's row `index` stands in the draft.

        Args:
            index: the first row of the answer that is not finished.
            said: what the answer says of a row so far.
        """
        del self._met[index:]
        for done in range(len(self._met), index):
            self._met.append(self._best(said(done), self._after()))
        first, begun = self._after(), said(index)
        found = self._best(begun, first) if begun else first
        return RowPlace(first, first) if found is None else RowPlace(found, found + 1)

    def _after(self) -> int:
        """The row behind the last one met, rows of the answer that the draft lacks not counted."""
        return next((met + 1 for met in reversed(self._met) if met is not None), 0)

    def _best(self, values: RowValues, first: int) -> int | None:
        best, best_score = None, 0.0
        for index in range(first, min(first + _REACH, len(self.rows))):
            score = _likeness(values, self.rows[index]) - 0.01 * (index - first)
            if score > best_score:
                best, best_score = index, score
        return best


def _likeness(values: RowValues, row: JsonValue) -> float:
    """Values in common; those that are absent on both sides say little."""
    score = 0.0
    for path, value in values.items():
        other = _at(row, path)
        if value is None or other is None:
            score += 0.1 if value == other else 0.0
        elif value == other:
            score += 1.0
        elif isinstance(value, str) and isinstance(other, str) and similarity(value, other) >= _ALIKE:
            score += 0.7
    return score


def _at(value: JsonValue, path: Path) -> JsonValue:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
