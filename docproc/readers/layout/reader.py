"""The layout reader: a window of pages and any extraction schema become a reading, on the CPU, by rules."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from docproc.domain.evidence import Evidence
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageContent
from docproc.domain.reading import WINDOW_PAGES, FieldHint, Reading, Usage, Window
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldKind, FieldSpec, JsonValue, Record, Shape
from docproc.readers.layout.calibration import probability_of
from docproc.readers.layout.fields import plan_fields
from docproc.readers.layout.finding import Findings, find_leaves
from docproc.readers.layout.forms import form_values
from docproc.readers.layout.found import Found, found_from
from docproc.readers.layout.lists import (
    WHOLE_SURE,
    WHOLE_TEXT,
    Listed,
    is_pages,
    is_pairs,
    read_pages,
    read_pairs,
    read_strings,
)
from docproc.readers.layout.orientation import BoxTurn, turned
from docproc.readers.layout.score import Scored
from docproc.readers.layout.tables import read_rows
from docproc.readers.turns import in_turn
from docproc.values.dates import parse_date
from docproc.values.parse import to_json

VERSION: Final = "2"


@dataclass(slots=True)
class _Gathered:
    """What a reading is put together from, by field path."""

    found: dict[str, Found] = field(default_factory=dict)
    lists: dict[str, list[JsonValue]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


class LayoutReader:
    """Finds the fields of a schema among the words of the pages; needs no model and no configuration."""

    name = "layout"
    version = VERSION
    window_pages = WINDOW_PAGES
    image: PageImageSpec | None = None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Never fails of itself: what cannot be found is null. Raises what the window's checkpoint raises."""
        started = time.perf_counter()
        pages, turns = upright_pages(in_turn(window.pages, window.checkpoint))
        findings = find_leaves(pages, window, schema)
        gathered = _Gathered()
        _take_leaves(findings, gathered)
        _take_lists(schema.fields, replace(window, pages=pages), findings=findings, gathered=gathered)
        for path, found in gathered.found.items():
            gathered.found[path] = _turned_back(found, turns)
        conventions = findings.prints.conventions
        gathered.found |= form_values(window.pages, plan_fields(schema.fields), conventions=conventions)
        return Reading(
            reader=self.name,
            reader_version=self.version,
            record={spec.name: _tree(spec, spec.name, gathered) for spec in schema.fields},
            hints={
                path: FieldHint(model=found.probability, evidence=found.evidence)
                for path, found in gathered.found.items()
            },
            issues=tuple(gathered.issues),
            usage=Usage(seconds=time.perf_counter() - started),
        )


def upright_pages(pages: Iterable[PageContent]) -> tuple[list[PageContent], dict[int, BoxTurn]]:
    """The pages with print the right way up, and by page number the way back for boxes."""
    upright, turns = [], {}
    for page in pages:
        straight, back = turned(page)
        upright.append(straight)
        if straight is not page:
            turns[page.number] = back
    return upright, turns


def _take_leaves(findings: Findings, gathered: _Gathered) -> None:
    for path, entry in findings.chosen.items():
        if len(entry.candidate.readings) > 1:
            gathered.issues.append(_ambiguous_date(path))
            continue
        if entry.candidate.ambiguous:
            gathered.issues.append(_ambiguous_number(path))
        if not findings.prints.conventions.order_proven and _turns_with_order(entry):
            gathered.issues.append(_unproven_date(path))
        value = json_value(entry)
        if value is not None and _allowed(entry):
            gathered.found[path] = found_from(
                entry, value=value, probability=probability_of(entry, findings.entries[path])
            )


def _ambiguous_date(path: str) -> Issue:
    return Issue(
        code=IssueCode.AMBIGUOUS_DATE,
        fields=(path,),
        message="Day and month of this date could be either way round: give the order of dates.",
    )


def _turns_with_order(entry: Scored) -> bool:
    """Whether the date would be another one if the month came first, or last."""
    if entry.plan.spec.kind is not FieldKind.DATE:
        return False
    first, second = (parse_date(entry.candidate.text, day_first=order) for order in (True, False))
    return first != second


def _unproven_date(path: str) -> Issue:
    return Issue(
        code=IssueCode.AMBIGUOUS_DATE,
        severity=Severity.INFO,
        fields=(path,),
        message="Only words of the document tell that day and month of this date are this way round.",
    )


def _ambiguous_number(path: str) -> Issue:
    return Issue(
        code=IssueCode.AMBIGUOUS_NUMBER,
        fields=(path,),
        message="The mark in this number could be of thousands or of decimals; it was read as thousands.",
    )


def _allowed(entry: Scored) -> bool:
    """Whether the schema admits the value; not every finder looks at options and pattern."""
    spec, value = entry.plan.spec, entry.candidate.value
    if spec.options and value not in spec.options:
        return False
    return spec.pattern is None or re.fullmatch(spec.pattern, value) is not None


def json_value(entry: Scored) -> JsonValue:
    """The chosen value as the record holds it."""
    spec, value = entry.plan.spec, entry.candidate.value
    if spec.kind in NUMERIC:
        return to_json(spec.kind, value, decimal_mark=".", json_number=spec.json_number)
    if spec.kind is FieldKind.BOOLEAN:
        return value == "true"
    return value


def _take_lists(
    specs: Sequence[FieldSpec], window: Window, *, findings: Findings, gathered: _Gathered, prefix: str = ""
) -> None:
    for spec in in_turn(specs, window.checkpoint):
        path = f"{prefix}.{spec.name}" if prefix else spec.name
        if spec.shape is Shape.GROUP:
            _take_lists(spec.children, window, findings=findings, gathered=gathered, prefix=path)
        elif spec.shape is Shape.LIST:
            _take_list(spec, path, window=window, findings=findings, gathered=gathered)
        elif spec.kind is FieldKind.TEXT and spec.name in WHOLE_TEXT:
            text = "\n".join(row.text for sheet in findings.prints.sheets for row in sheet.rows)
            gathered.found[path] = Found(value=text[: spec.max_length] or None, probability=WHOLE_SURE)


def _take_list(spec: FieldSpec, path: str, *, window: Window, findings: Findings, gathered: _Gathered) -> None:
    conventions = findings.prints.conventions
    if not spec.is_table:
        _keep(read_strings(spec, findings.prints, prose=findings.prose), path, gathered)
        return
    if is_pages(spec):
        _keep(read_pages(spec, findings.prints), path, gathered)
        return
    if is_pairs(spec):
        _keep(read_pairs(spec, findings.prints), path, gathered)
        return
    rows = read_rows(window, spec, decimal_mark=conventions.decimal_mark, day_first=conventions.day_first)
    gathered.lists[path] = list(rows.rows)
    gathered.issues.extend(_under(issue, path) for issue in rows.issues)
    for below, hint in rows.hints.items():
        gathered.found[path + below] = Found(value=None, probability=hint.model or 0.0, evidence=hint.evidence)


def _keep(listed: Listed, path: str, gathered: _Gathered) -> None:
    gathered.lists[path] = listed.values
    gathered.found.update({path + below: found for below, found in listed.found.items()})


def _under(issue: Issue, path: str) -> Issue:
    return issue.model_copy(update={"fields": tuple(path + below for below in issue.fields)})


def _turned_back(found: Found, turns: Mapping[int, BoxTurn]) -> Found:
    if not any(place.page in turns for place in found.evidence):
        return found
    evidence = tuple(_back(place, turns) for place in found.evidence)
    return replace(found, evidence=evidence)


def _back(place: Evidence, turns: Mapping[int, BoxTurn]) -> Evidence:
    turn = turns.get(place.page)
    return place.model_copy(update={"box": turn(place.box)}) if turn else place


def _tree(spec: FieldSpec, path: str, gathered: _Gathered) -> JsonValue:
    """The value of one node of the schema's tree, null or an empty list where nothing was found."""
    if spec.shape is Shape.LIST:
        return gathered.lists.get(path, [])
    if spec.shape is Shape.GROUP:
        branch: Record = {child.name: _tree(child, f"{path}.{child.name}", gathered) for child in spec.children}
        return branch
    found = gathered.found.get(path)
    return found.value if found is not None else None
