"""The rows of a list of objects as an HTML table; columns without a value and rows beyond a limit are only named."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.schema import NUMERIC, FieldSpec, Shape
from docproc.exports.cells import concern_of, leaves_cell
from docproc.exports.report.markup import EMPTY, Markup, join, tag
from docproc.exports.report.tally import Tally
from docproc.exports.report.value_view import classes, label_of, not_found, shown_value, told
from docproc.exports.tabular import flattened

#: where a column's value stands in a row's object, and what it is
_Column: TypeAlias = tuple[tuple[str, ...], FieldSpec]


@dataclass(frozen=True, slots=True)
class TableView:
    """Draws tables of one document."""

    tally: Tally
    most_rows: int

    def html(self, spec: FieldSpec, rows: Iterable[FieldTree], *, path: str) -> Markup:
        """One table, with the tables of lists within its rows below it."""
        stream = iter(rows)
        shown = list(itertools.islice(stream, self.most_rows))
        columns = list(flattened(spec.item.children if spec.item else ()))
        filled = [column for column in columns if any(_has_value(_at(row, column[0])) for row in shown)]
        body = [
            self._row(row, filled, number=number, path=f"{path}[{number - 1}]")
            for number, row in enumerate(shown, start=1)
        ]
        below = [
            self.html(column, tree, path=f"{path}[{index}].{'.'.join(names)}")
            for index, row in enumerate(shown)
            for names, column in filled
            if column.is_table and isinstance(tree := _at(row, names), list)
        ]
        notes = [self._rest(stream, len(shown)), self._empty(shown, [one for one in columns if one not in filled])]
        heading = tag("h3", label_of(spec), " ", tag("code", path) if "[" in path else EMPTY)
        return tag("section", heading, _grid(filled, body), *notes, *below, class_="group table")

    def _row(self, row: FieldTree, columns: Sequence[_Column], *, number: int, path: str) -> Markup:
        cells = [self._cell(_at(row, names), spec, path=f"{path}.{'.'.join(names)}") for names, spec in columns]
        return tag("tr", tag("th", str(number), scope="row"), *cells)

    def _cell(self, tree: FieldTree | None, spec: FieldSpec, *, path: str) -> Markup:
        if spec.is_table:
            return tag("td", f"{len(tree)} rows" if isinstance(tree, list) else "")
        leaves = [branch for branch in (tree if isinstance(tree, list) else [tree]) if isinstance(branch, FieldValue)]
        number = self.tally.number(leaves, label_of(spec))
        severity = self.tally.severities.get(path)
        lines = [shown_value(leaf) for leaf in leaves if leaf.value is not None]
        return tag(
            "td",
            *(part for line in lines for part in (line, tag("br"))),
            class_=classes(_alignment(spec), concern_of(leaves_cell(leaves, spec)), severity and f"has-{severity}"),
            data_f=number,
            data_path=path if severity else None,
            tabindex=None if number is None else 0,
            title=told(leaves),
        )

    def _rest(self, rows: Iterator[FieldTree], shown: int) -> Markup:
        """How many rows are not shown."""
        left = 0
        for row in rows:
            left += 1
            self.tally.pass_over(row)
        if left:
            return tag("p", f"{left:,} of {shown + left:,} rows are not shown: the export has them.", class_="note")
        return EMPTY if shown else tag("p", "no rows", class_="note")

    def _empty(self, shown: Sequence[FieldTree], columns: Sequence[_Column]) -> Markup:
        """Which columns hold no value."""
        for row in shown:
            for names, _ in columns:
                self.tally.pass_over(_at(row, names) or [])
        return not_found([label_of(spec) for _, spec in columns]) if shown else EMPTY


def _grid(columns: Sequence[_Column], body: Sequence[Markup]) -> Markup:
    if not body:
        return EMPTY
    head = [tag("th", label_of(spec), scope="col", class_=_alignment(spec)) for _, spec in columns]
    table = tag("table", tag("thead", tag("tr", tag("th", "#"), *head)), tag("tbody", join(*body)))
    return tag("div", table, class_="scroll")


def _alignment(spec: FieldSpec) -> str | None:
    return "number" if spec.shape is Shape.LEAF and spec.kind in NUMERIC else None


def _at(tree: FieldTree | None, names: Sequence[str]) -> FieldTree | None:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _has_value(tree: FieldTree | None) -> bool:
    if isinstance(tree, FieldValue):
        return tree.value is not None
    return bool(tree)
