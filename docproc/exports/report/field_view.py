"""The fields of one document as HTML, each with a number that its boxes on the pages share. Knows no page."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from docproc.domain.evidence import Evidence
from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.issues import Severity
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldSpec, Shape
from docproc.exports.cells import concern_of, leaves_cell
from docproc.exports.export_item import ExportItem
from docproc.exports.report.markup import EMPTY, Markup, join, tag
from docproc.exports.report.value_view import as_printed, proof, shown_value, told

#: a column of a table: where its value stands in a row's object, and what it is
_Column: TypeAlias = tuple[tuple[str, ...], FieldSpec]

#: the gravest first
GRAVITY = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One box to draw: a field's evidence, under the number of the field."""

    number: int
    label: str
    evidence: Evidence


@dataclass(slots=True)
class Confidences:
    """A running mean."""

    total: float = 0.0
    count: int = 0
    lowest: float | None = None

    def add(self, confidence: float) -> None:
        self.total += confidence
        self.count += 1
        self.lowest = confidence if self.lowest is None else min(self.lowest, confidence)

    def join(self, others: "Confidences") -> None:
        self.total += others.total
        self.count += others.count

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class FieldView:
    """Draws the fields of one document, and collects what the pages must show."""

    schema: ExtractionSchema
    item: ExportItem
    #: rows of a table that are shown; the others are only counted
    most_rows: int
    marks: list[Mark] = field(default_factory=list)
    confidences: Confidences = field(default_factory=Confidences)
    found: int = 0
    leaves: int = 0
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    #: by field path, the gravest severity of its issues
    _concerned: dict[str, Severity] = field(default_factory=dict)

    def html(self) -> Markup:
        """All fields, in schema order."""
        fields = self.item.extraction.fields
        if fields is None:
            return EMPTY
        for issue in sorted(self.item.extraction.issues, key=lambda issue: GRAVITY.index(issue.severity), reverse=True):
            self._concerned |= dict.fromkeys(issue.fields, issue.severity)
        return self._group(self.schema.fields, fields, heading="", path="")

    def _group(self, specs: Iterable[FieldSpec], fields: Mapping[str, FieldTree], *, heading: str, path: str) -> Markup:
        """Leaves first, as one block; then what needs a heading of its own."""
        rows: list[Markup] = []
        below: list[Markup] = []
        for spec in specs:
            tree, place = fields.get(spec.name), _below(path, spec.name)
            if spec.shape is Shape.GROUP:
                title = f"{heading} / {label_of(spec)}" if heading else label_of(spec)
                branch = tree if isinstance(tree, dict) else {}
                below.append(self._group(spec.children, branch, heading=title, path=place))
            elif spec.is_table:
                below.append(self._table(spec, tree, path=place))
            else:
                rows += self._leaf_rows(spec, tree, path=place, heading=heading)
        block = tag("div", *rows, class_="rows") if rows else EMPTY
        title = tag("h3", heading) if heading and rows else EMPTY
        return join(tag("section", title, block, class_="group") if rows else EMPTY, *below)

    def _leaf_rows(self, spec: FieldSpec, tree: FieldTree | None, *, path: str, heading: str) -> list[Markup]:
        label = label_of(spec)
        name = f"{heading} / {label}" if heading else label
        if spec.shape is Shape.LEAF:
            leaf = tree if isinstance(tree, FieldValue) else FieldValue(value=None)
            return [self._row(leaf, spec, label=label, path=path, name=name)]
        members = [branch for branch in tree if isinstance(branch, FieldValue)] if isinstance(tree, list) else []
        if not members:
            return [self._row(FieldValue(value=None), spec, label=label, path=path, name=name)]
        return [
            self._row(member, spec.item or spec, label=label if index == 0 else "", path=f"{path}[{index}]", name=name)
            for index, member in enumerate(members[: self.most_rows])
        ]

    def _row(self, leaf: FieldValue, spec: FieldSpec, *, label: str, path: str, name: str) -> Markup:
        number = self._register(leaf, name)
        concern = concern_of(leaves_cell([leaf], spec))
        severity = self._concerned.get(path)
        kinds = [
            "field",
            concern or "",
            f"has-{severity}" if severity else "",
            "" if leaf.value is not None else "missing",
        ]
        return tag(
            "div",
            tag("span", label, class_="label", title=path),
            tag("span", shown_value(leaf), as_printed(leaf), class_="value"),
            tag("span", *proof(leaf), class_="proof"),
            class_=" ".join(filter(None, kinds)),
            data_f=number,
            data_path=path if severity else None,
            tabindex=None if number is None else 0,
        )

    def _register(self, leaf: FieldValue, label: str) -> int | None:
        """Count a leaf; a number when it has evidence to point at."""
        self.leaves += 1
        if leaf.value is None:
            return None
        self.found += 1
        if leaf.confidence is not None:
            self.confidences.add(leaf.confidence)
        if not leaf.evidence:
            return None
        number = next(self._numbers)
        self.marks += [Mark(number=number, label=label, evidence=evidence) for evidence in leaf.evidence]
        return number

    def _table(self, spec: FieldSpec, tree: FieldTree | None, *, path: str) -> Markup:
        source = self.item.tables.get(path)
        branches: Iterator[FieldTree] = iter(source() if source else tree if isinstance(tree, list) else [])
        columns = list(_columns(spec.item.children if spec.item else ()))
        below: list[Markup] = []
        body: list[Markup] = []
        for index, branch in enumerate(itertools.islice(branches, self.most_rows)):
            body.append(self._table_row(branch, columns, number=index + 1, path=f"{path}[{index}]", below=below))
        left = self._count_rest(branches)
        rest = f"{left:,} of {len(body) + left:,} rows are not shown: the export has them." if left else ""
        heading = tag("h3", label_of(spec), " ", tag("code", path) if "[" in path else EMPTY)
        if not body:
            return tag("section", heading, tag("p", "no rows", class_="note"), class_="group table")
        head = [tag("th", label_of(column), scope="col", class_=_alignment(column)) for _, column in columns]
        rows = tag("table", tag("thead", tag("tr", tag("th", "#"), *head)), tag("tbody", *body))
        note = tag("p", rest, class_="note") if rest else EMPTY
        return tag("section", heading, tag("div", rows, class_="scroll"), note, *below, class_="group table")

    def _table_row(
        self, branch: FieldTree, columns: Sequence[_Column], *, number: int, path: str, below: list[Markup]
    ) -> Markup:
        """One row; the lists within it become tables `below`."""
        cells = []
        for names, column in columns:
            tree, place = _at(branch, names), f"{path}.{'.'.join(names)}"
            cells.append(self._cell(tree, column, path=place))
            if column.is_table and tree:
                below.append(self._table(column, tree, path=place))
        return tag("tr", tag("th", str(number), scope="row"), *cells)

    def _count_rest(self, rows: Iterator[FieldTree]) -> int:
        """How many rows are left; their confidences count although they are not shown."""
        left = 0
        for branch in rows:
            left += 1
            for leaf in _leaves(branch):
                if leaf.value is not None and leaf.confidence is not None:
                    self.confidences.add(leaf.confidence)
        return left

    def _cell(self, tree: FieldTree | None, spec: FieldSpec, *, path: str) -> Markup:
        if spec.is_table:
            return tag("td", f"{len(tree)} rows" if isinstance(tree, list) else "")
        branches = tree if isinstance(tree, list) else [tree]
        leaves = [branch for branch in branches if isinstance(branch, FieldValue)]
        numbers = [self._register(leaf, label_of(spec)) for leaf in leaves]
        concern = concern_of(leaves_cell(leaves, spec)) if leaves else None
        severity = self._concerned.get(path)
        number = next((number for number in numbers if number is not None), None)
        kinds = [
            "number" if spec.kind in NUMERIC else "",
            concern or "",
            f"has-{severity}" if severity else "",
        ]
        return tag(
            "td",
            *(part for leaf in leaves if leaf.value is not None for part in (shown_value(leaf), tag("br"))),
            class_=" ".join(filter(None, kinds)) or None,
            data_f=number,
            data_path=path if severity else None,
            tabindex=None if number is None else 0,
            title=told(leaves),
        )


def label_of(spec: FieldSpec) -> str:
    """What a person reads: the title, else the name in words."""
    return spec.title or spec.name.replace("_", " ").replace("-", " ").strip().capitalize()


def _alignment(spec: FieldSpec) -> str | None:
    return "number" if spec.shape is Shape.LEAF and spec.kind in NUMERIC else None


def _columns(specs: Iterable[FieldSpec], above: tuple[str, ...] = ()) -> Iterator[_Column]:
    for spec in specs:
        if spec.shape is Shape.GROUP:
            yield from _columns(spec.children, (*above, spec.name))
        else:
            yield (*above, spec.name), spec


def _at(tree: FieldTree | None, names: Sequence[str]) -> FieldTree | None:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _leaves(tree: FieldTree) -> Iterator[FieldValue]:
    if isinstance(tree, FieldValue):
        yield tree
    else:
        for branch in tree if isinstance(tree, list) else tree.values():
            yield from _leaves(branch)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
