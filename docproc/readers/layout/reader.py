"""The layout reader: a window of pages and any extraction schema become a reading, on the CPU, by rules."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import FieldHint, Reading, Usage, Window
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldKind, FieldSpec, JsonValue, Record, Shape
from docproc.readers.layout.arithmetic import with_sums
from docproc.readers.layout.assign import assigned
from docproc.readers.layout.candidates import Conventions
from docproc.readers.layout.labels import field_labels
from docproc.readers.layout.lines import sheet_of
from docproc.readers.layout.score import FieldPlan, Prints, Scored, score_all
from docproc.values.dates import order_from
from docproc.values.numbers import decimal_mark

VERSION: Final = "1"


class LayoutReader:
    """Finds the fields of a schema among the words of the pages; needs no model and no configuration."""

    name = "layout"
    version = VERSION

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Never fails: what cannot be found is null."""
        started = time.perf_counter()
        prints = prints_of(window, schema)
        plans = list(plan_leaves(schema.fields))
        chosen: dict[str, Scored] = {}
        entries = {
            plan.path: score_all(plan, prints)
            for plan in plans
        }
        chosen = assigned(with_sums(entries))
        record: Record = {}
        hints: dict[str, FieldHint] = {}
        issues: list[Issue] = []
        for spec in schema.fields:
            record[spec.name] = chosen[spec.name].candidate.value if spec.name in chosen else ([] if spec.shape is Shape.LIST else None)
        for path, entry in chosen.items():
            c = entry.candidate
            hints[path] = FieldHint(model=entry.probability, evidence=(Evidence(page=c.page, box=c.box, text=c.text, match=MatchKind.NORMALISED),))
        return Reading(
            reader=self.name,
            reader_version=self.version,
            record=record,
            hints=hints,
            issues=tuple(issues),
            usage=Usage(seconds=time.perf_counter() - started),
        )


def prints_of(window: Window, schema: ExtractionSchema) -> Prints:
    sheets = [sheet_of(page) for page in window.pages if page.words]
    texts = [row.text for sheet in sheets for row in sheet.rows]
    order = window.day_first if window.day_first is not None else schema.day_first
    if order is None:
        order = order_from(texts)
    return Prints(sheets, Conventions(decimal_mark=decimal_mark(texts), day_first=order))


def plan_leaves(specs: Iterable[FieldSpec], *, prefix: str = "", parent: str = "") -> Iterator[FieldPlan]:
    """Every leaf outside lists, with its field path."""
    for spec in specs:
        path = f"{prefix}.{spec.name}" if prefix else spec.name
        if spec.shape is Shape.GROUP:
            yield from plan_leaves(spec.children, prefix=path, parent=spec.name)
        elif spec.shape is Shape.LEAF:
            yield FieldPlan(path, spec, field_labels(spec, parent=parent))
