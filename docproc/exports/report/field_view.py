"""The fields of one document as HTML: a row a value, groups under headings, lists as tables. Knows no page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.schema import ExtractionSchema, FieldSpec, Shape
from docproc.exports.cells import concern_of, leaves_cell
from docproc.exports.export_item import ExportItem
from docproc.exports.report.markup import EMPTY, Markup, join, tag
from docproc.exports.report.table_view import TableView
from docproc.exports.report.tally import Tally
from docproc.exports.report.value_view import as_printed, classes, label_of, not_found, proof, shown_value


def fields_html(item: ExportItem, schema: ExtractionSchema, *, tally: Tally, most_rows: int) -> Markup:
    """All fields of a document; empty when it has no record."""
    fields = item.extraction.fields
    if fields is None:
        return EMPTY
    return _FieldView(item, tally, most_rows).group(schema.fields, fields, heading="", path="")


@dataclass(frozen=True, slots=True)
class _FieldView:
    item: ExportItem
    tally: Tally
    most_rows: int

    def group(self, specs: Iterable[FieldSpec], fields: Mapping[str, FieldTree], *, heading: str, path: str) -> Markup:
        """Values first, as one block; then what has a heading of its own."""
        rows: list[Markup] = []
        absent: list[str] = []
        below: list[Markup] = []
        for spec in specs:
            tree, place = fields.get(spec.name), f"{path}.{spec.name}" if path else spec.name
            title = f"{heading} / {label_of(spec)}" if heading else label_of(spec)
            if spec.shape is Shape.GROUP:
                branch = tree if isinstance(tree, dict) else {}
                below.append(self.group(spec.children, branch, heading=title, path=place))
            elif spec.is_table and (tree or place in self.item.tables):
                below.append(self._table(spec, tree, path=place))
            elif not spec.is_table and (drawn := self._leaf_rows(spec, tree, path=place, name=title)):
                rows += drawn
            else:
                absent.append(label_of(spec))
        if not rows and not absent:
            return join(*below)
        title = tag("h3", heading) if heading else EMPTY
        block = tag("div", *rows, class_="rows") if rows else EMPTY
        return join(tag("section", title, block, not_found(absent), class_="group"), *below)

    def _table(self, spec: FieldSpec, tree: FieldTree | None, *, path: str) -> Markup:
        source = self.item.tables.get(path)
        rows = source() if source else tree if isinstance(tree, list) else []
        return TableView(self.tally, self.most_rows).html(spec, rows, path=path)

    def _leaf_rows(self, spec: FieldSpec, tree: FieldTree | None, *, path: str, name: str) -> list[Markup]:
        """A row, or one a member of a set; none for a value that was not found and that nobody complains of."""
        label = label_of(spec)
        if spec.shape is Shape.LEAF or not isinstance(tree, list) or not tree:
            leaf = tree if isinstance(tree, FieldValue) else FieldValue(value=None)
            if leaf.value is None and path not in self.tally.severities:
                self.tally.pass_over(leaf)
                return []
            return [self._row(leaf, spec, label=label, path=path, name=name)]
        members = [branch for branch in tree if isinstance(branch, FieldValue)]
        for member in members[self.most_rows :]:
            self.tally.pass_over(member)
        return [
            self._row(member, spec.item or spec, label="" if index else label, path=f"{path}[{index}]", name=name)
            for index, member in enumerate(members[: self.most_rows])
        ]

    def _row(self, leaf: FieldValue, spec: FieldSpec, *, label: str, path: str, name: str) -> Markup:
        number = self.tally.number([leaf], name)
        severity = self.tally.severities.get(path)
        return tag(
            "div",
            tag("span", label, class_="label", title=path),
            tag("span", shown_value(leaf), as_printed(leaf), class_="value"),
            tag("span", *proof(leaf), class_="proof"),
            class_=classes("field", concern_of(leaves_cell([leaf], spec)), severity and f"has-{severity}"),
            data_f=number,
            data_path=path if severity else None,
            tabindex=None if number is None else 0,
        )
