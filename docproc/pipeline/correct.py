"""A person's word on an extraction: values corrected or all of it confirmed, rules run again. Knows no storage."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from docproc.domain.errors import UsageError
from docproc.domain.extraction import (
    ConfidenceParts,
    Correction,
    Extraction,
    ExtractionStatus,
    FieldTree,
    FieldValue,
    Review,
    record_of,
)
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import ExtractionSchema, FieldSpec, JsonValue, Record, Shape
from docproc.pipeline.conclude import findings_on, is_below, put_rows, status_of

Steps: TypeAlias = tuple[str | int, ...]

_STEP = re.compile(r"([^.\[\]]+)((?:\[\d{1,9}\])*)")
#: a person who wrote a value down vouches for it
_VOUCHED = ConfidenceParts(model=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A change within a row of a table that lies outside its extraction."""

    #: field path of the list
    table: str
    index: int
    #: from the row down; empty: the whole row
    steps: Steps
    value: JsonValue
    #: as it was asked for
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Whose word it is, and when it was given."""

    name: str
    at: datetime


def corrected(
    extraction: Extraction,
    changes: Mapping[str, JsonValue],
    schema: ExtractionSchema,
    *,
    reviewer: Reviewer,
    spilled: Mapping[str, list[Record]],
) -> Extraction:
    """The extraction with `changes` (field path: new value) made, checked again.

    A leaf, a group or a list may be replaced, and a list grows by its next index. `spilled` are the bare rows of tables
    that lie outside: their rows can be changed (see `corrected_row`), and none added.
    Raises UsageError for a path that the schema has not, or a value that is not of its shape.
    """
    if extraction.fields is None or not changes:
        raise UsageError("there is nothing to correct: name field paths with their new values")
    before = extraction.fields
    after, rows, corrections = dict(before), {path: list(each) for path, each in spilled.items()}, []
    in_rows = {change.path: change for change in row_changes(changes, spilled)}
    for path, value in changes.items():
        if path in in_rows:
            old_value = _change_row(rows, in_rows[path], schema)
        else:
            old_value = _bare_at(after, steps_of(path))
            after = _put(after, steps_of(path), value, specs=schema.fields, path=path)
        corrections.append(Correction(field=path, old=old_value, new=value, by=reviewer.name, at=reviewer.at))
    old, new = _whole(before, spilled), _whole(after, rows)
    _refuse_wrong_shape(schema, old, new)
    review = _review(extraction, reviewer, corrections=corrections)
    has_pages = bool(extraction.pages)
    _, derived = findings_on(before, old, schema, has_pages=has_pages, vouched=_vouched_in(extraction.review))
    vouched = _vouched_in(review)
    fields, found = findings_on(after, new, schema, has_pages=has_pages, vouched=vouched)
    # what reading and merging found is told by nothing but the issues themselves
    kept = [issue for issue in extraction.issues if issue not in set(derived) and not _settled(issue, vouched)]
    issues = tuple(dict.fromkeys((*kept, *found, _note(IssueCode.CORRECTED, reviewer, tuple(changes)))))
    return extraction.model_copy(
        update={
            "fields": fields,
            "record": record_of(fields) if spilled else new,
            "issues": issues,
            "status": status_of(issues),
            "review": review,
        }
    )


def confirmed(extraction: Extraction, *, reviewer: Reviewer) -> Extraction:
    """The extraction as it is, with a person's word that it is right: its issues stay, and ask for nobody any more."""
    return extraction.model_copy(
        update={
            "issues": (*extraction.issues, _note(IssueCode.CONFIRMED, reviewer, ())),
            "status": ExtractionStatus.SUCCEEDED,
            "review": _review(extraction, reviewer, confirmed=True),
        }
    )


def steps_of(path: str) -> Steps:
    """`line_items[0].amount` as its steps. Raises UsageError for what is no field path."""
    steps: list[str | int] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise UsageError(f"{path!r} is no field path: write total, seller.name or line_items[0].amount")
        steps += [match[1], *map(int, re.findall(r"\d+", match[2]))]
    return tuple(steps)


def row_changes(changes: Mapping[str, JsonValue], tables: Collection[str]) -> list[RowChange]:
    """Those of `changes` that are within rows of `tables`. Raises UsageError for one of a table as a whole."""
    found = []
    for path, value in changes.items():
        steps = steps_of(path)
        for table in tables:
            above = steps_of(table)
            index = steps[len(above)] if len(steps) > len(above) else None
            if above[: len(steps)] == steps:
                raise UsageError(f"{table} is a table of more than a thousand rows: correct them one by one")
            if steps[: len(above)] == above and isinstance(index, int):
                below = steps[len(above) + 1 :]
                found.append(RowChange(table=table, index=index, steps=below, value=value, path=path))
    return found


def corrected_row(row: dict[str, FieldTree], change: RowChange, schema: ExtractionSchema) -> dict[str, FieldTree]:
    """A row of a table that lies outside with a change made. Raises UsageError."""
    changed = _replaced(row, change.steps, change.value, spec=_row_of(schema, change.table), path=change.path)
    return changed if isinstance(changed, dict) else row


def _change_row(rows: dict[str, list[Record]], change: RowChange, schema: ExtractionSchema) -> JsonValue:
    """Make it in the bare rows; returns what stood there."""
    bare = rows[change.table]
    if change.index >= len(bare):
        raise UsageError(f"{change.path}: the table has {len(bare)} rows, and none can be added to so many")
    row = _tree(bare[change.index], _row_of(schema, change.table), change.path)
    before = {"row": row}
    changed = corrected_row(row, change, schema) if isinstance(row, dict) else {}
    bare[change.index] = record_of(changed)
    return _bare_at(before, ("row", *change.steps))


def _row_of(schema: ExtractionSchema, table: str) -> FieldSpec:
    """What a row of a list of objects looks like."""
    specs = schema.fields
    for step in steps_of(table)[:-1]:
        specs = next((spec.children for spec in specs if spec.name == step), ())
    found = next((spec for spec in specs if spec.name == steps_of(table)[-1]), None)
    if found is None or found.item is None:
        raise UsageError(f"the schema has no table {table}")
    return found.item


def _whole(fields: Mapping[str, FieldTree], spilled: Mapping[str, list[Record]]) -> Record:
    record = record_of(fields)
    for path, rows in spilled.items():
        put_rows(record, path.split("."), rows)
    return record


def _refuse_wrong_shape(schema: ExtractionSchema, old: Record, new: Record) -> None:
    """What was of the wrong shape before is not this person's doing."""
    known = frozenset(schema.check_shape(old))
    for issue in schema.check_shape(new):
        if issue not in known and issue.code is not IssueCode.MISSING_REQUIRED:
            raise UsageError(issue.message)


def _review(
    extraction: Extraction, reviewer: Reviewer, *, corrections: Sequence[Correction] = (), confirmed: bool = False
) -> Review:
    earlier = extraction.review.corrections if extraction.review else ()
    return Review(by=reviewer.name, at=reviewer.at, confirmed=confirmed, corrections=(*earlier, *corrections))


def _vouched_in(review: Review | None) -> tuple[str, ...]:
    return tuple(each.field for each in review.corrections) if review else ()


def _settled(issue: Issue, vouched: Sequence[str]) -> bool:
    """Every field that it is about has a person's word."""
    return bool(issue.fields) and all(is_below(path, vouched) for path in issue.fields)


def _note(code: IssueCode, reviewer: Reviewer, fields: tuple[str, ...]) -> Issue:
    message = f"{code.value.capitalize()} by {reviewer.name} at {reviewer.at:%Y-%m-%dT%H:%M:%SZ}."
    return Issue(code=code, fields=fields, severity=Severity.INFO, message=message)


def _bare_at(fields: Mapping[str, FieldTree], steps: Steps) -> JsonValue:
    """The bare value at a path; None where there is nothing yet."""
    node: FieldTree | Mapping[str, FieldTree] | None = fields
    for step in steps:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int):
            node = node[step] if step < len(node) else None
        else:
            return None
    return None if node is None else _bare(node if not isinstance(node, Mapping) else dict(node))


def _bare(tree: FieldTree) -> JsonValue:
    return record_of({"": tree})[""]


def _put(
    fields: Mapping[str, FieldTree], steps: Steps, value: JsonValue, *, specs: Sequence[FieldSpec], path: str
) -> dict[str, FieldTree]:
    """A copy of a group with one value below it replaced."""
    name, *rest = steps
    spec = next((each for each in specs if each.name == name), None)
    if spec is None:
        raise UsageError(f"the schema has no field {path}")
    return {**fields, spec.name: _replaced(fields.get(spec.name), tuple(rest), value, spec=spec, path=path)}


def _replaced(tree: FieldTree | None, steps: Steps, value: JsonValue, *, spec: FieldSpec, path: str) -> FieldTree:
    if not steps:
        return _tree(value, spec, path, before=tree)
    if spec.shape is Shape.GROUP and isinstance(steps[0], str):
        group = tree if isinstance(tree, dict) else _tree(None, spec, path)
        return _put(group if isinstance(group, dict) else {}, steps, value, specs=spec.children, path=path)
    if spec.shape is Shape.LIST and spec.item is not None and isinstance(steps[0], int):
        rows = list(tree) if isinstance(tree, list) else []
        index = steps[0]
        if index > len(rows):
            raise UsageError(f"{path}: the list has {len(rows)} members; the next one has the index {len(rows)}")
        member = rows[index] if index < len(rows) else None
        rows[index : index + 1] = [_replaced(member, steps[1:], value, spec=spec.item, path=path)]
        return rows
    raise UsageError(f"the schema has no field {path}")


def _tree(value: JsonValue, spec: FieldSpec, path: str, *, before: FieldTree | None = None) -> FieldTree:
    """A value of a person's as a field tree. One that stands there already keeps its evidence."""
    if spec.shape is Shape.GROUP and (value is None or isinstance(value, dict)):
        given = value or {}
        if unknown := sorted(given.keys() - {child.name for child in spec.children}):
            raise UsageError(f"the schema has no field {path}.{unknown[0]}")
        return {child.name: _tree(given.get(child.name), child, f"{path}.{child.name}") for child in spec.children}
    if spec.shape is Shape.LIST and spec.item is not None and (value is None or isinstance(value, list)):
        item = spec.item
        return [_tree(each, item, f"{path}[{index}]") for index, each in enumerate(value or [])]
    if spec.shape is not Shape.LEAF or isinstance(value, dict | list):
        raise UsageError(f"{path} must be {_SHAPES[spec.shape]}")
    same = isinstance(before, FieldValue) and before.value == value and type(before.value) is type(value)
    evidence = before.evidence if same and isinstance(before, FieldValue) else ()
    return FieldValue(value=value, evidence=evidence, confidence=1.0, parts=_VOUCHED)


_SHAPES = {Shape.LEAF: "a single value", Shape.GROUP: "an object", Shape.LIST: "a list"}
