"""Finds every value of a record in the words and form fields of its window, and says what each is worth.

Evidence is one box around the whole print of a value, also when it spans several words or lines (one piece of evidence
a page when it goes on over a page's end). The first piece of evidence proves the value; further ones are other places
where a telling value is printed, too. No evidence: the value stands nowhere on the pages that docproc can see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docproc.domain.evidence import Evidence
from docproc.domain.extraction import ConfidenceParts, FieldTree, FieldValue
from docproc.domain.reading import FieldHint, Window
from docproc.domain.schema import ExtractionSchema, FieldSpec, JsonValue, Record
from docproc.grounding.confidence import confidence
from docproc.grounding.hints import Print, agreement
from docproc.grounding.labels import Labels
from docproc.grounding.places import Place
from docproc.grounding.scalars import Slot, place_slots
from docproc.grounding.search import Search
from docproc.grounding.tables import place_rows, place_values
from docproc.values.parse import JsonLeaf

_NO_HINT = FieldHint()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """A leaf of the record."""

    path: str
    group: str
    spec: FieldSpec
    value: JsonLeaf
    #: path of the list it belongs to, its row there, and its path below; "" and 0 outside lists
    table: str = ""
    row: int = 0
    column: str = ""


def ground_record(
    record: Record, schema: ExtractionSchema, *, window: Window, hints: Mapping[str, FieldHint]
) -> dict[str, FieldTree]:
    """The record as a field tree: every leaf with confidence, its parts, and evidence."""
    specs = {spec.name: spec for spec in schema.fields}
    leaves = [
        leaf
        for name, value in record.items()
        for leaf in _leaves(_Leaf(path=name, group="", spec=specs.get(name, FieldSpec(name=name)), value=None), value)
    ]
    day_first = window.day_first if window.day_first is not None else schema.day_first
    found = _Grounding(window, leaves, hints=hints, day_first=day_first).field_values()
    return {name: _tree(name, value, found) for name, value in record.items()}


class _Grounding:
    """The grounding of one record in one window."""

    def __init__(
        self, window: Window, leaves: Sequence[_Leaf], *, hints: Mapping[str, FieldHint], day_first: bool | None
    ) -> None:
        self._window = window
        self._leaves = leaves
        self._hints = hints
        self._search = Search(window.pages, day_first=day_first)
        self._print = Print(window.pages, self._search.tokens)

    def field_values(self) -> dict[str, FieldValue]:
        """Every leaf by its path."""
        hinted = {leaf.path: kept for leaf in self._leaves if (kept := self._hinted(leaf))}
        open_leaves = [leaf for leaf in self._leaves if leaf.value is not None and leaf.path not in hinted]
        places = self._places(open_leaves, [part for kept in hinted.values() for part in kept])
        return {
            leaf.path: self._field_value(leaf, hinted.get(leaf.path), places.get(leaf.path)) for leaf in self._leaves
        }

    def _hinted(self, leaf: _Leaf) -> tuple[Evidence, ...]:
        """The reader's own evidence, if the print at that place says the value."""
        evidence = self._hints.get(leaf.path, _NO_HINT).evidence
        if leaf.value is None or not evidence or not self._print.agrees(leaf.spec, leaf.value, evidence):
            return ()
        return evidence

    def _places(self, leaves: Sequence[_Leaf], known: Sequence[Evidence]) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        taken: set[int] = {number for part in known for number in self._print.tokens_at(part)}
        for table in dict.fromkeys(leaf.table for leaf in leaves if leaf.table):
            cells = [leaf for leaf in leaves if leaf.table == table]
            for path, place in self._table_places(cells):
                found[path] = [place]
                taken.update(place.tokens)
        slots = [
            Slot(
                path=leaf.path,
                group=leaf.group,
                spec=leaf.spec,
                value=leaf.value,
                places=self._search.places(leaf.spec, leaf.value),
            )
            for leaf in leaves
            if not leaf.table
        ]
        found.update(place_slots(slots, labels=Labels(self._search.text), taken=taken))
        return found

    def _table_places(self, cells: Sequence[_Leaf]) -> Iterator[tuple[str, Place]]:
        if not any(leaf.column for leaf in cells):
            places = place_values([self._search.places(leaf.spec, leaf.value) for leaf in cells])
            yield from ((leaf.path, place) for leaf, place in zip(cells, places, strict=True) if place is not None)
            return
        rows: dict[int, list[_Leaf]] = {}
        for leaf in cells:
            rows.setdefault(leaf.row, []).append(leaf)
        columns = list(dict.fromkeys(leaf.column for leaf in cells))
        candidates = [
            {leaf.column: self._search.places(leaf.spec, leaf.value) for leaf in row} for row in rows.values()
        ]
        for row, chosen in zip(rows.values(), place_rows(candidates, columns=columns), strict=True):
            yield from ((leaf.path, chosen[leaf.column]) for leaf in row if leaf.column in chosen)

    def _field_value(
        self, leaf: _Leaf, hinted: tuple[Evidence, ...] | None, places: Sequence[Place] | None
    ) -> FieldValue:
        model = self._hints.get(leaf.path, _NO_HINT).model
        evidence: tuple[Evidence, ...] = ()
        if leaf.value is None:
            parts = ConfidenceParts(model=model)
        elif hinted:
            evidence = hinted
            parts = ConfidenceParts(model=model, match=agreement(hinted, leaf.value), ocr=self._print.ocr_at(hinted))
        elif places:
            evidence = tuple(part for place in places for part in place.evidence(self._window.pages))
            parts = ConfidenceParts(model=model, match=places[0].quality, ocr=places[0].ocr)
        else:
            parts = ConfidenceParts(model=model, match=0.0 if self._window.pages else None)
        return FieldValue(
            value=leaf.value, confidence=confidence(leaf.value, leaf.spec, parts), parts=parts, evidence=evidence
        )


def _leaves(at: _Leaf, value: JsonValue) -> Iterator[_Leaf]:
    """Every leaf of `value`, which stands at the place of the record that `at` names."""
    if isinstance(value, dict):
        children = {child.name: child for child in at.spec.children}
        for name, branch in value.items():
            below = _Leaf(
                path=f"{at.path}.{name}",
                group=at.path,
                spec=children.get(name, FieldSpec(name=name)),
                value=None,
                table=at.table,
                row=at.row,
                column=f"{at.column}.{name}" if at.table else "",
            )
            yield from _leaves(below, branch)
    elif isinstance(value, list):
        item = at.spec.item or FieldSpec(name=at.spec.name)
        for row, branch in enumerate(value):
            path = f"{at.path}[{row}]"
            yield from _leaves(_Leaf(path=path, group=at.path, spec=item, value=None, table=at.path, row=row), branch)
    else:
        yield _Leaf(
            path=at.path, group=at.group, spec=at.spec, value=value, table=at.table, row=at.row, column=at.column
        )


def _tree(path: str, value: JsonValue, found: Mapping[str, FieldValue]) -> FieldTree:
    if isinstance(value, dict):
        return {name: _tree(f"{path}.{name}", branch, found) for name, branch in value.items()}
    if isinstance(value, list):
        return [_tree(f"{path}[{index}]", branch, found) for index, branch in enumerate(value)]
    return found[path]
