"""Which row of a draft the answer is writing: rows already written are found again in the draft, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docproc.domain.schema import JsonValue
from docproc.values.text import similarity

_ALIKE = 0.7


@dataclass(slots=True)
class RowTrack:
    """The draft rows of one list, and how far the answer has come in them."""

    rows: Sequence[JsonValue]
    #: draft row of each finished row of the answer; None: it is not in the draft
    _met: list[int | None] = field(default_factory=list)

    def next_row(self, done: Sequence[Mapping[str, JsonValue]], begun: Mapping[str, JsonValue]) -> int:
        """The draft row that the answer's unfinished row is most likely to be; may lie behind the last one.

        Args:
            done: the finished rows of the answer.
            begun: the finished values of the row being written.
        """
        del self._met[len(done) :]
        for row in done[len(self._met) :]:
            self._met.append(self._best(row, self._after()))
        first = self._after()
        found = self._best(begun, first) if begun else None
        return first if found is None else found

    def _after(self) -> int:
        """The row behind the last one met, rows of the answer that the draft lacks not counted."""
        return next((met + 1 for met in reversed(self._met) if met is not None), 0)

    def _best(self, values: Mapping[str, JsonValue], first: int) -> int | None:
        best, best_score = None, 0.0
        for index in range(first, len(self.rows)):
            score = _likeness(values, self.rows[index]) - 0.01 * (index - first)
            if score > best_score:
                best, best_score = index, score
        return best


def _likeness(values: Mapping[str, JsonValue], row: JsonValue) -> float:
    """Values in common; those that are absent on both sides say little."""
    if not isinstance(row, dict):
        return 0.0
    score = 0.0
    for name, value in values.items():
        other = row.get(name)
        if value is None or other is None:
            score += 0.1 if value == other else 0.0
        elif value == other:
            score += 1.0
        elif isinstance(value, str) and isinstance(other, str) and similarity(value, other) >= _ALIKE:
            score += 0.7
    return score
