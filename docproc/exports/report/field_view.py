"""The fields of one document as HTML, each with a number that its boxes on the pages share. Knows no page."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docproc.domain.evidence import Evidence
from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldSpec, Shape
from docproc.exports.cells import concern_of, leaves_cell
from docproc.exports.export_item import ExportItem
from docproc.exports.report.markup import EMPTY, Markup, join, tag

_MOST_CHARACTERS = 2_000


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
    _concerned: frozenset[str] = frozenset()

    def html(self) -> Markup:
        """All fields, in schema order."""
        fields = self.item.extraction.fields
        if fields is None:
            return EMPTY
        self._concerned = frozenset(path for issue in self.item.extraction.issues for path in issue.fields)
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
        concerned = path in self._concerned
        kinds = ["field", concern or "", "has-issue" if concerned else "", "" if leaf.value is not None else "missing"]
        return tag(
            "div",
            tag("span", label, class_="label", title=path),
            tag("span", shown_value(leaf), _as_printed(leaf), class_="value"),
            tag("span", *_proof(leaf), class_="proof"),
            class_=" ".join(filter(None, kinds)),
            data_f=number,
            data_path=path if concerned else None,
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
        body: list[Markup] = []
        below: list[Markup] = []
        for index, branch in enumerate(itertools.islice(branches, self.most_rows)):
            row = branch if isinstance(branch, dict) else {}
            place = f"{path}[{index}]"
            cells = [
                self._cell(_at(row, names), column, path=f"{place}.{'.'.join(names)}") for names, column in columns
            ]
            body.append(tag("tr", tag("th", str(index + 1), scope="row"), *cells))
            below += [
                self._table(column, _at(row, names), path=f"{place}.{'.'.join(names)}")
                for names, column in columns
                if column.is_table and _at(row, names)
            ]
        left = self._count_rest(branches)
        if not body:
            body.append(tag("tr", tag("td", "no rows", class_="none", colspan=len(columns) + 1)))
        head = [
            tag("th", label_of(column), scope="col", class_="number" if column.kind in NUMERIC else None)
            for _, column in columns
        ]
        count = tag("span", f"{len(body) + left:,} rows" if left else "", class_="count")
        note = tag("p", f"{left:,} more rows are in the export.", class_="note") if left else EMPTY
        place_note = tag("code", path) if "[" in path else EMPTY
        return tag(
            "section",
            tag("h3", label_of(spec), " ", place_note, count),
            tag(
                "div",
                tag("table", tag("thead", tag("tr", tag("th", "#"), *head)), tag("tbody", *body)),
                class_="scroll",
            ),
            note,
            *below,
            class_="group table",
        )

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
        concerned = path in self._concerned
        number = next((number for number in numbers if number is not None), None)
        kinds = [
            "number" if spec.kind in NUMERIC else "",
            concern or "",
            "has-issue" if concerned else "",
        ]
        return tag(
            "td",
            *(part for leaf in leaves if leaf.value is not None for part in (shown_value(leaf), tag("br"))),
            class_=" ".join(filter(None, kinds)) or None,
            data_f=number,
            data_path=path if concerned else None,
            tabindex=None if number is None else 0,
            title=_told(leaves),
        )


def label_of(spec: FieldSpec) -> str:
    """What a person reads: the title, else the name in words."""
    return spec.title or spec.name.replace("_", " ").replace("-", " ").strip().capitalize()


def shown_value(leaf: FieldValue) -> Markup:
    if leaf.value is None:
        return tag("span", "not found", class_="none")
    text = str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)
    if len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS]} … ({len(text) - _MOST_CHARACTERS:,} more characters are in the export)"
    return tag("bdi", text)  # text that changes the direction of reading stays within its own value


def _as_printed(leaf: FieldValue) -> Markup:
    """The print, where it is not the value itself."""
    printed = leaf.evidence[0].text if leaf.evidence else ""
    if (
        leaf.value is None
        or not printed
        or printed.split() == str(leaf.value).split()
        or len(printed) > _MOST_CHARACTERS
    ):
        return EMPTY
    return tag("span", tag("bdi", printed), class_="printed", title="As printed on the page")


def _proof(leaf: FieldValue) -> list[Markup]:
    """How sure the value is, and how its print agrees with it."""
    if leaf.value is None:
        return []
    bar = confidence_bar(leaf.confidence)
    if not leaf.evidence:
        return [bar, tag("span", "ungrounded", class_="match ungrounded", title="No place on the pages proves it")]
    first = leaf.evidence[0]
    page = tag("span", f"p. {first.page}", class_="at")
    return [bar, tag("span", first.match.value, class_=f"match {first.match.value}"), page]


def confidence_bar(confidence: float | None) -> Markup:
    """A bar as long as the confidence; its width is an attribute, as the page allows no inline style."""
    if confidence is None:
        return tag("span", "no confidence", class_="conf none")
    level = "high" if confidence >= 0.8 else "middle" if confidence >= 0.5 else "low"  # noqa: PLR2004
    bar = tag(
        "svg",
        tag("rect", class_="track", width=40, height=5, rx=2.5),
        tag("rect", class_="fill", width=round(40 * confidence, 1), height=5, rx=2.5),
        viewBox="0 0 40 5",
        aria_hidden="true",
    )
    return tag("span", bar, f"{percent(confidence)}", class_=f"conf {level}", title="Confidence")


def percent(confidence: float) -> str:
    """Rounded down: 100 % is kept for what is certain."""
    return f"{int(confidence * 100 + 1e-9)} %"


def _told(leaves: Sequence[FieldValue]) -> str | None:
    """A cell's confidence and match in words: a table has no room for bars."""
    known = [leaf for leaf in leaves if leaf.value is not None]
    words = [
        f"{'' if leaf.confidence is None else percent(leaf.confidence) + ', '}"
        f"{leaf.evidence[0].match.value + ' match' if leaf.evidence else 'ungrounded'}"
        for leaf in known
    ]
    return "; ".join(words) or None


def _columns(specs: Iterable[FieldSpec], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldSpec]]:
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
