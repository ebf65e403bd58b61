"""Judge the rows of a table: pair them with the true rows, best pair first, and count cells and whole rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from docproc.evaluation.forms import Prepared, Sameness, is_blank
from docproc.evaluation.given import NOTHING, GivenValue
from docproc.evaluation.judged import Judged, Measure, Tally
from docproc.evaluation.truth import OPTIONAL, alternatives

#: rows less alike than this are not the same row
LEAST_ALIKE = 0.35
#: a text cell this alike is right: long descriptions wrap and get cut
CELL_ALIKE = 0.8
#: text tells rows apart better than a quantity of 1 does
_TEXT_WEIGHT = 2.0

TrueRow: TypeAlias = Mapping[str, Any]
GivenRow: TypeAlias = Mapping[str, GivenValue]


def judge_rows(true: Sequence[TrueRow] | None, given: Sequence[GivenRow], columns: Mapping[str, Sameness]) -> Judged:
    """Cells of paired rows, and rows in which every asked cell is right.

    Args:
        true: the rows of the truth; a cell that is missing is not scored, a row marked optional may be left out.
        given: the rows of the record.
        columns: how cells are compared, by name; cells of other names are not looked at.
    """
    true = true or ()
    known = {name for row in true for name in row}
    table = _Table.of(true, given, {name: sameness for name, sameness in columns.items() if name in known or not true})
    pairs = table.pairs()
    tally = _sum([*table.true_tallies(pairs), *table.given_tallies(pairs)])
    return Judged(measure=Measure.ROWS, tally=tally, whole=tally.rows_right == tally.rows_asked == tally.rows_given)


@dataclass(frozen=True, slots=True)
class _TrueRow:
    #: by column, the equally right values; a cell that is known to be blank has none, one that is not known is missing
    cells: Mapping[str, Sequence[Prepared]]
    is_optional: bool

    @property
    def asked(self) -> list[str]:
        return [name for name, choices in self.cells.items() if choices]


@dataclass(frozen=True, slots=True)
class _GivenRow:
    #: cells that hold anything
    cells: Mapping[str, Prepared]
    #: columns whose value no place on a page proves
    ungrounded: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Table:
    true: Sequence[_TrueRow]
    given: Sequence[_GivenRow]
    columns: Mapping[str, Sameness]

    @classmethod
    def of(cls, true: Sequence[TrueRow], given: Sequence[GivenRow], columns: Mapping[str, Sameness]) -> "_Table":
        return cls([_true_row(row, columns) for row in true], [_given_row(row, columns) for row in given], columns)

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
        return [
            self._true_tally(row, self.given[pairs[i]] if i in pairs else None)
            for i, row in enumerate(self.true)
            if not row.is_optional
        ]

    def _true_tally(self, row: _TrueRow, answer: _GivenRow | None) -> Tally:
        cells = answer.cells if answer is not None else {}
        right = [name for name in row.asked if name in cells and self._is_right(name, row, cells[name])]
        exact = [name for name in right if any(choice.exact == cells[name].exact for choice in row.cells[name])]
        return Tally(
            asked=len(row.asked),
            right=len(right),
            exact=len(exact),
            omitted=sum(name not in cells for name in row.asked),
            rows_asked=1,
            rows_right=answer is not None and len(right) == len(row.asked),
            documents=1,
        )

    def given_tallies(self, pairs: Mapping[int, int]) -> list[Tally]:
        """What is given: cells that the truth says nothing of are left out, and so are optional rows."""
        true_of = {j: self.true[i] for i, j in pairs.items()}
        tallies = []
        for j, row in enumerate(self.given):
            true = true_of.get(j)
            if true is not None and true.is_optional:
                continue
            names = [name for name in row.cells if true is None or name in true.cells]
            invented = sum(self._is_invented(name, true, row) for name in names)
            tallies.append(Tally(given=len(names), invented=invented, rows_given=1))
        return tallies

    def _is_invented(self, name: str, true: _TrueRow | None, row: _GivenRow) -> bool:
        """The document has no such value, or the value is wrong and nowhere on its pages."""
        if true is None:
            return not self.true or name in row.ungrounded
        if not true.cells[name]:
            return True
        return name in row.ungrounded and not self._is_right(name, true, row.cells[name])

    def _is_right(self, name: str, true: _TrueRow, given: Prepared) -> bool:
        return self._cell_alike(name, true, given) >= CELL_ALIKE

    def _cell_alike(self, name: str, true: _TrueRow, given: Prepared) -> float:
        sameness = self.columns[name]
        return max(sameness.alike(choice, given) for choice in true.cells[name])

    def _alike(self, true: _TrueRow, given: _GivenRow) -> float:
        """The mean over the asked cells."""
        got, most = 0.0, 0.0
        for name in true.asked:
            weight = _TEXT_WEIGHT if self.columns[name].is_text else 1.0
            most += weight
            if name in given.cells:
                got += weight * self._cell_alike(name, true, given.cells[name])
        return got / most if most else 0.0


def _true_row(row: TrueRow, columns: Mapping[str, Sameness]) -> _TrueRow:
    cells = {
        name: [sameness.prepare(choice) for choice in alternatives(row[name]) if not is_blank(choice)]
        for name, sameness in columns.items()
        if name in row
    }
    return _TrueRow(cells, is_optional=bool(row.get(OPTIONAL)))


def _given_row(row: GivenRow, columns: Mapping[str, Sameness]) -> _GivenRow:
    given = {name: row.get(name, NOTHING) for name in columns}
    filled = {name: cell for name, cell in given.items() if not is_blank(cell.value)}
    return _GivenRow(
        {name: columns[name].prepare(cell.value) for name, cell in filled.items()},
        frozenset(name for name, cell in filled.items() if cell.grounded is False),
    )


def _sum(tallies: Sequence[Tally]) -> Tally:
    totals = [sum(column) for column in zip(*(tally.numbers() for tally in tallies), strict=True)]
    if not totals:
        return Tally()
    *counts, documents = totals
    return Tally(**dict(zip(Tally.__dataclass_fields__, (*counts, min(1, documents)), strict=True)))
