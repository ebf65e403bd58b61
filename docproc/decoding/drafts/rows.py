"""Which row of a draft the answer is writing: rows already written are found again in the draft, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from docproc.decoding.drafts.answer import Path, raw
from docproc.domain.schema import JsonValue
from docproc.values.text import similarity

_ALIKE = 0.7
#: one value that differs is rather misread by the other reader than a row that it does not have
_ONE_DIFFERENCE = 0.6
#: share of a finished row's values that a draft row must have, or the rows behind a wrong one are lost
_SAME_ROW = 0.4
#: rows further on are not looked at: a row is rarely so far from its place
_REACH = 40
#: what each row passed over costs
_DETOUR = 0.02

#: the finished values of a row, by the rest of their path
RowValues: TypeAlias = Mapping[Path, JsonValue]


class BegunValue(NamedTuple):
    """A value being written: the rest of its path in the row, and its JSON text so far."""

    path: Path
    text: bytes


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

    def place(self, index: int, said: Callable[[int], RowValues], *, begun: BegunValue | None = None) -> RowPlace:
        """Where the answer's row `index` stands in the draft.

        Args:
            index: the first row of the answer that is not finished.
            said: what the answer says of a row so far.
            begun: the value being written in that row.
        """
        del self._met[index:]
        for done in range(len(self._met), index):
            self._met.append(self._met_by(said(done)))
        first = self._after()
        found = self._nearest(first, said(index), begun)
        return RowPlace(first, first) if found is None else RowPlace(found, found + 1)

    def _after(self) -> int:
        """The row behind the last one met, rows of the answer that the draft lacks not counted."""
        return next((met + 1 for met in reversed(self._met) if met is not None), 0)

    def _met_by(self, values: RowValues) -> int | None:
        """The draft row that a finished row is."""
        told = sum(value is not None for value in values.values())
        scores = {index: _likeness(values, self.rows[index]) for index in self._within_reach()}
        best = max(scores, key=lambda index: scores[index] - _DETOUR * index, default=None)
        return best if best is not None and scores[best] > _SAME_ROW * told else None

    def _nearest(self, first: int, values: RowValues, begun: BegunValue | None) -> int | None:
        """The draft row that an unfinished row is most like; None when what it says speaks against all."""
        scores = {
            index: _likeness(values, self.rows[index]) + _promise(begun, self.rows[index]) - _DETOUR * (index - first)
            for index in self._within_reach()
        }
        best = max(scores, key=lambda index: scores[index], default=None)
        return best if best is not None and scores[best] >= -_ONE_DIFFERENCE else None

    def _within_reach(self) -> range:
        first = self._after()
        return range(first, min(first + _REACH, len(self.rows)))


def _likeness(values: RowValues, row: JsonValue) -> float:
    """Values in common, less those that differ; what is absent on either side says little."""
    score = 0.0
    for path, value in values.items():
        other = _at(row, path)
        if value is None or other is None:
            score += 0.1 if value == other else 0.0
        elif value == other:
            score += 1.0
        elif isinstance(value, str) and isinstance(other, str) and similarity(value, other) >= _ALIKE:
            score += 0.5
        else:
            score -= 0.5
    return score


def _promise(begun: BegunValue | None, row: JsonValue) -> float:
    """Whether the row has a value that goes on as the one being written does."""
    if begun is None or len(begun.text) <= 1:
        return 0.0
    return 0.5 if raw(_at(row, begun.path)).startswith(begun.text) else -0.5


def _at(value: JsonValue, path: Path) -> JsonValue:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
