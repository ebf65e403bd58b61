"""Judge the rows of a table: pair them with the true rows, best pair first, and count cells and whole rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docproc.domain.schema import FieldKind
from docproc.evaluation.forms import Sameness, best_anls, is_blank
from docproc.evaluation.given import NOTHING, GivenValue
from docproc.evaluation.judged import Judged, Measure, Tally
from docproc.evaluation.plain import is_exact, is_right
from docproc.evaluation.truth import OPTIONAL, alternatives

#: rows less alike than this are not the same row
LEAST_ALIKE = 0.35
#: a text cell this alike is right: long descriptions wrap and get cut
CELL_ALIKE = 0.8
#: text tells rows apart better than a quantity of 1 does
_TEXT_WEIGHT = 2.0

TrueRow = Mapping[str, Any]
GivenRow = Mapping[str, GivenValue]


def judge_rows(true: Sequence[TrueRow] | None, given: Sequence[GivenRow], columns: Mapping[str, Sameness]) -> Judged:
    """Cells of paired rows, and rows in which every asked cell is right.

    Args:
        true: the rows of the truth; a cell that is missing is not scored, a row marked optional may be left out.
        given: the rows of the record.
        columns: how cells are compared, by name; cells of other names are not looked at.
    """
    true = true or ()
    asked = {name for row in true for name in row if not name.startswith("_")}
    table = _Table(true, given, {name: sameness for name, sameness in columns.items() if name in asked})
    pairs = table.pairs()
    tally = _sum([*table.true_tallies(pairs), *table.given_tallies(pairs)])
    whole = tally.rows_right == tally.rows_asked == tally.rows_given
    return Judged(measure=Measure.ROWS, tally=tally, whole=whole)


@dataclass(frozen=True, slots=True)
class _Table:
    true: Sequence[TrueRow]
    given: Sequence[GivenRow]
    columns: Mapping[str, Sameness]

    def pairs(self) -> dict[int, int]:
        """True row to given row: the most alike first, neighbours in position before others."""
        ranked = sorted(
            (
                (alike, -abs(i - j), i, j)
                for i, true in enumerate(self.true)
                for j, given in enumerate(self.given)
                if (alike := self._alike(true, given)) >= LEAST_ALIKE
            ),
            reverse=True,
        )
        found: dict[int, int] = {}
        taken: set[int] = set()
        for _, _, i, j in ranked:
            if i not in found and j not in taken:
                found[i] = j
                taken.add(j)
        return found

    def true_tallies(self, pairs: Mapping[int, int]) -> list[Tally]:
        """What is asked, and how much of it is right."""
        tallies = []
        for i, row in enumerate(self.true):
            if row.get(OPTIONAL):
                continue
            asked = self._asked(row)
            answer = self.given[pairs[i]] if i in pairs else {}
            right = [name for name in asked if self._is_right(name, row[name], answer)]
            omitted = [name for name in asked if is_blank(answer.get(name, NOTHING).value)]
            exact = [name for name in right if is_exact(alternatives(row[name]), answer[name].value)]
            tallies.append(
                Tally(
                    asked=len(asked),
                    right=len(right),
                    exact=len(exact),
                    omitted=len(omitted),
                    rows_asked=1,
                    rows_right=i in pairs and len(right) == len(asked),
                    documents=1,
                )
            )
        return tallies

    def given_tallies(self, pairs: Mapping[int, int]) -> list[Tally]:
        """What is given: cells that the truth says nothing of are left out, and so are optional rows."""
        true_of = {j: self.true[i] for i, j in pairs.items()}
        tallies = []
        for j, row in enumerate(self.given):
            true = true_of.get(j)
            if true is not None and true.get(OPTIONAL):
                continue
            names = [
                name
                for name in self.columns
                if not is_blank(row.get(name, NOTHING).value) and (true is None or name in true)
            ]
            invented = [name for name in names if self._is_invented(name, true, row)]
            tallies.append(Tally(given=len(names), invented=len(invented), rows_given=1))
        return tallies

    def _is_invented(self, name: str, true: TrueRow | None, row: GivenRow) -> bool:
        if true is not None and all(is_blank(choice) for choice in alternatives(true[name])):
            return True
        wrong = true is None or not self._is_right(name, true[name], row)
        return wrong and (row[name].grounded is False or not self.true)

    def _asked(self, row: TrueRow) -> list[str]:
        return [name for name in self.columns if name in row and not is_blank(row[name])]

    def _is_right(self, name: str, true: Any, row: GivenRow) -> bool:  # noqa: ANN401 plain JSON
        value = row.get(name, NOTHING).value
        if is_blank(value):
            return False
        choices = alternatives(true)
        if is_exact(choices, value) or is_right(choices, value, self.columns[name]):
            return True
        return self.columns[name].kind is FieldKind.TEXT and best_anls(choices, value) >= CELL_ALIKE

    def _alike(self, true: TrueRow, given: GivenRow) -> float:
        got, most = 0.0, 0.0
        for name in self._asked(true):
            is_text = self.columns[name].kind is FieldKind.TEXT
            weight = _TEXT_WEIGHT if is_text else 1.0
            most += weight
            got += weight * self._cell_alike(name, true[name], given)
        return got / most if most else 0.0

    def _cell_alike(self, name: str, true: Any, given: GivenRow) -> float:  # noqa: ANN401 plain JSON
        value = given.get(name, NOTHING).value
        if is_blank(value):
            return 0.0
        choices = alternatives(true)
        if is_exact(choices, value) or is_right(choices, value, self.columns[name]):
            return 1.0
        return best_anls(choices, value) if self.columns[name].kind is FieldKind.TEXT else 0.0


def _sum(tallies: Sequence[Tally]) -> Tally:
    totals = [sum(column) for column in zip(*(tally.numbers() for tally in tallies), strict=True)]
    if not totals:
        return Tally()
    *counts, documents = totals
    return Tally(**dict(zip(Tally.__dataclass_fields__, (*counts, min(1, documents)), strict=True)))
