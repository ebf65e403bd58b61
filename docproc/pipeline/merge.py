"""Readings of one document, window by window, become one field tree; conflicts are reported, long tables spilled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.issues import Issue
from docproc.domain.schema import ExtractionSchema, FieldSpec, Record, Shape
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.merge_lists import Entries, RowSpill
from docproc.pipeline.merge_values import merge_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One document's field tree before the rules."""

    reader: str | None
    #: a table that was spilled is an empty list here
    fields: dict[str, FieldTree]
    issues: tuple[Issue, ...]
    #: the bare rows of spilled tables by field path: what the rules need of them
    spilled: Mapping[str, list[Record]] = field(default_factory=dict)


def merge(readings: Iterable[GroundedReading], schema: ExtractionSchema, *, spill: RowSpill | None = None) -> Merged:
    """Merge the readings of one document, given in page order and taken one at a time.

    With `spill`, rows of a table behind its first thousand go there and do not stay in memory.
    """
    gathered = _Gathered(spill)
    for reading in readings:
        gathered.add(reading, schema)
    return gathered.merged(schema)


class _Gathered:
    """What the windows said so far, by field path."""

    def __init__(self, spill: RowSpill | None) -> None:
        self._spill = spill
        self._values: dict[str, list[FieldValue]] = {}
        self._entries: dict[str, Entries] = {}
        self._issues: dict[Issue, None] = {}  # a set that keeps its order
        self._readers: dict[str, None] = {}

    def add(self, reading: GroundedReading, schema: ExtractionSchema) -> None:
        self._readers[reading.reader] = None
        self._issues.update(dict.fromkeys(reading.issues))
        for spec in schema.fields:
            if spec.name in reading.fields:
                self._gather(reading.fields[spec.name], spec, spec.name)

    def _gather(self, tree: FieldTree, spec: FieldSpec, path: str) -> None:
        if isinstance(tree, FieldValue):
            self._values.setdefault(path, []).append(tree)
        elif isinstance(tree, list):
            if path not in self._entries:
                self._entries[path] = Entries(path, spec, self._spill)
            self._entries[path].extend(tree)
        else:
            for child in spec.children:
                if child.name in tree:
                    self._gather(tree[child.name], child, f"{path}.{child.name}")

    def merged(self, schema: ExtractionSchema) -> Merged:
        issues = list(self._issues)
        fields = {spec.name: self._tree(spec, spec.name, issues) for spec in schema.fields}
        return Merged(
            reader="+".join(self._readers) or None,
            fields=fields,
            issues=tuple(issues),
            spilled={path: entries.bare_rows for path, entries in self._entries.items() if entries.spilled},
        )

    def _tree(self, spec: FieldSpec, path: str, issues: list[Issue]) -> FieldTree:
        if spec.shape is Shape.GROUP:
            return {child.name: self._tree(child, f"{path}.{child.name}", issues) for child in spec.children}
        if spec.shape is Shape.LIST:
            return self._entries[path].kept if path in self._entries else []
        value, conflict = merge_values(self._values.get(path, []), spec, path)
        if conflict is not None:
            issues.append(conflict)
        return value
