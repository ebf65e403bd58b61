"""Is an answer a record? Every answer is checked here, whatever the server promises. Knows no server.

Findings name places and what is asked for, never a value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from jsonschema import Draft202012Validator

from docproc.decoding.free import FreeProblem, FreeRecord, record_in
from docproc.decoding.profile import NUMBER_STEP, decoding_form
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import ExtractionSchema, JsonValue, Record

_MOST_FINDINGS = 20
_LONGEST_SAID = 200
_THOUGHT_ENDS = "</think>"
_WRITTEN_BREAKS = "\n\t"
_FIRST_PRINTED = " "

_PROBLEMS = {
    FreeProblem.NO_RECORD: "it holds no JSON object",
    FreeProblem.TRUNCATED: "it ends before the JSON object ends",
    FreeProblem.NOT_JSON: "it is not valid JSON",
}

#: keys and list positions
Place: TypeAlias = tuple[str | int, ...]


class Finding(NamedTuple):
    """What is wrong, and where; the place is empty when it is the whole."""

    place: Place
    said: str

    @property
    def path(self) -> str:
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place).removeprefix(".")

    def __str__(self) -> str:
        return f"{self.path}: {self.said}" if self.place else self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is left of an answer."""

    #: None: there is no whole JSON object of this schema in it
    record: Record | None
    findings: tuple[Finding, ...] = ()


def served_form(schema: ExtractionSchema) -> dict[str, Any]:
    """The JSON Schema that servers are told. Raises ConstraintRefusedError."""
    form: dict[str, Any] = _without_steps(decoding_form(schema))
    return form


def _without_steps(form: Any) -> Any:  # noqa: ANN401 any part of a JSON Schema
    """A step that only bounds how many digits a model writes is more than servers understand."""
    if isinstance(form, list):
        return [_without_steps(part) for part in form]
    if not isinstance(form, dict):
        return form
    kept = {name: part for name, part in form.items() if (name, part) != ("multipleOf", NUMBER_STEP)}
    return {name: _without_steps(part) for name, part in kept.items()}


def answer_text(text: str) -> str:
    """The answer without what a model thought before it."""
    return text.rpartition(_THOUGHT_ENDS)[2]


def check(text: str, schema: ExtractionSchema, form: Mapping[str, Any]) -> Checked:
    """The record of an answer and all that is wrong with it."""
    found = _found(answer_text(text), schema)
    if found.record is None:
        problem = found.problem or FreeProblem.NO_RECORD
        return Checked(record=None, findings=(Finding((), _PROBLEMS[problem]),))
    if found.unknown and _is_empty(found.record):
        return Checked(record=None, findings=(Finding((), "it has none of the fields asked for"),))
    return Checked(record=found.record, findings=findings_of(found.record, form))


def _found(text: str, schema: ExtractionSchema) -> FreeRecord:
    try:
        return record_in(text, schema.fields)
    except ValueError:  # a number of thousands of digits
        return FreeRecord(record=None, problem=FreeProblem.NOT_JSON)


def findings_of(record: Record, form: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What keeps a record from having the form, the first few."""
    found = list(_unwritable(record, ()))
    if not found:
        found = [
            Finding(tuple(error.absolute_path), _wording(str(error.validator), error.validator_value))
            for error in Draft202012Validator(form).iter_errors(record)
        ]
    return tuple(dict.fromkeys(found))[:_MOST_FINDINGS]


def shape_findings(record: Record, schema: ExtractionSchema) -> tuple[Issue, ...]:
    """What the schema's own check says of values that are there."""
    return tuple(issue for issue in schema.check_shape(record) if issue.code is IssueCode.WRONG_SHAPE)


def _unwritable(value: JsonValue, place: Place) -> Iterator[Finding]:
    """Numbers that are none, and texts that no file can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Finding(place, "must be a number or null")
    elif isinstance(value, str) and any(map(_is_unprintable, value)):
        yield Finding(place, "must be printable text")
    for step, inner in _children(value).items():
        yield from _unwritable(inner, (*place, step))


def _is_unprintable(character: str) -> bool:
    return (character < _FIRST_PRINTED and character not in _WRITTEN_BREAKS) or "\ud800" <= character <= "\udfff"


def _wording(keyword: str, asked: object) -> str:
    return f"must satisfy {keyword} {str(asked)[:_LONGEST_SAID]}"


def _is_empty(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value == []


# --- after the second answer ------------------------------------------------------------------------------------------


def mended(record: Record, other: Record, places: Iterable[Place]) -> Record:
    """`record` with what stands at `places` taken from `other`; where that has no such place, nothing changes."""
    for place in places:
        told, value = _at(other, place)
        if told and place:
            record = _with(record, place, value)
    return record


def without(record: Record, findings: Iterable[Finding]) -> tuple[Record, tuple[Issue, ...]]:
    """The record with null for every single value that is wrong, and the issues that say so."""
    issues = []
    for finding in findings:
        told, value = _at(record, finding.place)
        if told and not isinstance(value, dict | list):
            record = _with(record, finding.place, None)
            message = f"{finding.path} was answered in a form that the schema does not allow, also when asked again."
            issues.append(
                Issue(code=IssueCode.WRONG_SHAPE, fields=(finding.path,), severity=Severity.ERROR, message=message)
            )
    return record, tuple(issues)


def _at(value: JsonValue, place: Place) -> tuple[bool, JsonValue]:
    """Whether there is such a place, and what stands there."""
    for step in place:
        children = _children(value)
        if step not in children:
            return False, None
        value = children[step]
    return True, value


def _children(value: JsonValue) -> Mapping[str | int, JsonValue]:
    if isinstance(value, dict):
        return dict(value.items())
    return dict(enumerate(value)) if isinstance(value, list) else {}


def _with(record: Record, place: Place, value: JsonValue) -> Record:
    """The record with another value at a place that it has."""
    step, rest = place[0], place[1:]
    return {name: _changed(inner, rest, value) if name == step else inner for name, inner in record.items()}


def _changed(node: JsonValue, place: Place, value: JsonValue) -> JsonValue:
    if not place:
        return value
    if isinstance(node, dict):
        return _with(node, place, value)
    rows = node if isinstance(node, list) else []
    return [_changed(row, place[1:], value) if index == place[0] else row for index, row in enumerate(rows)]
