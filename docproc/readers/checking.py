"""Is an answer a record? What a model writes without a grammar of ours is checked here. Knows no model and no server.

Findings name places and what is asked for, never a value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from docproc.decoding.free import FreeProblem, FreeRecord, record_in
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.places import Place, children_of, path_of, value_at, with_value
from docproc.domain.reading import Attempt
from docproc.domain.schema import ExtractionSchema, JsonValue, Record

_MOST_FINDINGS = 20
_LONGEST_SAID = 200
#: of an answer that is no record; enough to see what a model does instead
_LONGEST_KEPT = 2000
_THOUGHT_ENDS = "</think>"
_WRITTEN_BREAKS = "\n\t"
_FIRST_PRINTED = " "

_PROBLEMS = {
    FreeProblem.NO_RECORD: "it holds no JSON object",
    FreeProblem.TRUNCATED: "it ends before the JSON object ends",
    FreeProblem.NOT_JSON: "it is not valid JSON",
}


class Finding(NamedTuple):
    """What is wrong, and where; the place is empty when it is the whole."""

    place: Place
    said: str

    @property
    def path(self) -> str:
        return path_of(self.place)

    def __str__(self) -> str:
        return f"{self.path}: {self.said}" if self.place else self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is left of an answer."""

    #: None: there is no whole JSON object of this schema in it
    record: Record | None
    findings: tuple[Finding, ...] = ()


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


def _unwritable(value: JsonValue, place: Place) -> Iterator[Finding]:
    """Numbers that are none, and texts that no file can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Finding(place, "must be a number or null")
    elif isinstance(value, str) and any(map(_is_unprintable, value)):
        yield Finding(place, "must be printable text")
    for step, inner in children_of(value).items():
        yield from _unwritable(inner, (*place, step))


def _is_unprintable(character: str) -> bool:
    return (character < _FIRST_PRINTED and character not in _WRITTEN_BREAKS) or "\ud800" <= character <= "\udfff"


def _wording(keyword: str, asked: object) -> str:
    return f"must satisfy {keyword} {str(asked)[:_LONGEST_SAID]}"


def _is_empty(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value == []


def wrong_shape(finding: Finding) -> Issue:
    """What is said of a value that is left out for its form."""
    message = f"{finding.path} was answered in a form that the schema does not allow: it {finding.said}."
    return Issue(code=IssueCode.WRONG_SHAPE, fields=(finding.path,), severity=Severity.ERROR, message=message)


def no_record(text: str, said: str, *, is_cut_off: bool = False) -> Attempt:
    """What is kept of an answer that came to nothing; `said`: what is wrong with it."""
    code = IssueCode.TRUNCATED if is_cut_off else IssueCode.WRONG_SHAPE
    finding = Issue(code=code, severity=Severity.ERROR, message=f"The answer is no record: {said}.")
    return Attempt(said=_printable(answer_text(text)[:_LONGEST_KEPT]), findings=(finding,))


def without(record: Record, findings: Iterable[Finding]) -> tuple[Record, Mapping[str, Any]]:
    """The record with null for every single value that is wrong, and by field path those values as they may be kept."""
    rejected: dict[str, JsonValue] = {}
    for finding in findings:
        is_there, value = value_at(record, finding.place)
        # null already where two things were wrong with one value
        if finding.place and is_there and finding.path not in rejected and not isinstance(value, dict | list):
            record = with_value(record, finding.place, None)
            rejected[finding.path] = _storable(value)
    return record, rejected


def _storable(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _printable(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _printable(text: str) -> str:
    return "".join("\ufffd" if _is_unprintable(character) else character for character in text)
