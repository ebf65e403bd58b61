"""Is a record of the shape its schema asks for? Findings become issues that name the place, never the value."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ValidationError
from referencing.exceptions import Unresolvable

from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import FieldKind, FieldSpec, JsonValue, Record, Shape
from schemas.formats import format_checker, is_day
from schemas.kinds import DECIMAL
from schemas.source import runnable

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_ISSUES = 100

ShapeCheck: TypeAlias = Callable[[Record], tuple[Issue, ...]]
Path: TypeAlias = Sequence[str | int]

_PYDANTIC_OPENING = re.compile(r"^(Input|Value error,|Assertion failed,) ")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def json_schema_check(document: dict[str, Any], dialect: "type[Validator]", fields: Sequence[FieldSpec]) -> ShapeCheck:
    """A check against the JSON Schema as its author wrote it."""
    validator = dialect(runnable(document), format_checker=format_checker())

    def check(record: Record) -> tuple[Issue, ...]:
        told, issues = _told(record, fields)
        kinds = _kind_issues(record, fields)
        try:
            errors = [issue for error in validator.iter_errors(told) for issue in _json_schema_issues(error)]
        except RecursionError:
            errors = [_wrong((), "is nested too deeply to be checked")]
        except Unresolvable:  # an anchor inside a part with an $id of its own counts there only
            errors = [_wrong((), "cannot be checked: a $ref of its schema is seen from one place and not from another")]
        return _distinct((*issues, *errors, *kinds))

    return check


def class_check(schema_class: type[BaseModel], fields: Sequence[FieldSpec]) -> ShapeCheck:
    """A check by a pydantic class."""

    def check(record: Record) -> tuple[Issue, ...]:
        told, issues = _told(record, fields)
        try:
            schema_class.model_validate_json(json.dumps(told))
        except ValidationError as exc:
            errors = [_class_issue(error["type"], error["msg"], error["loc"], told) for error in exc.errors()]
        else:
            errors = []
        return _distinct((*issues, *errors, *_kind_issues(record, fields)))

    return check


# --- what a record tells: absent values are null in it, and a schema may want them left away ------------------------


def _told(record: Record, fields: Sequence[FieldSpec]) -> tuple[dict[str, JsonValue], list[Issue]]:
    """The record as its schema should see it, and what is required but absent."""
    issues: list[Issue] = []
    return _told_group(record, fields, (), issues), issues


def _told_group(
    record: Mapping[str, JsonValue], fields: Sequence[FieldSpec], path: Path, issues: list[Issue]
) -> dict[str, JsonValue]:
    known = {spec.name for spec in fields}
    told = {name: value for name, value in record.items() if name not in known}
    for spec in fields:
        value, place = record.get(spec.name), (*path, spec.name)
        if not _is_absent(value):
            told[spec.name] = _told_value(value, spec, place, issues)
        elif spec.nullable and spec.required:
            told[spec.name] = None
        elif spec.required and spec.shape is Shape.LIST:
            told[spec.name] = []
        elif spec.required and spec.shape is Shape.GROUP:
            told[spec.name] = _told_group({}, spec.children, place, issues)
        elif spec.required:
            issues.append(_missing(place))
    return told


def _told_value(value: JsonValue, spec: FieldSpec, path: Path, issues: list[Issue]) -> JsonValue:
    if isinstance(value, dict) and spec.shape is Shape.GROUP:
        return _told_group(value, spec.children, path, issues)
    if isinstance(value, list) and spec.item is not None:
        return [_told_value(item, spec.item, (*path, index), issues) for index, item in enumerate(value)]
    return value


def _is_absent(value: JsonValue) -> bool:
    """Null, or a group or list that holds nothing."""
    if isinstance(value, dict):
        return all(_is_absent(inner) for inner in value.values())
    return value is None or value == []


# --- kinds: what docproc promises of a value whatever the schema says -------------------------------------------------


def _kind_issues(record: Record, fields: Sequence[FieldSpec]) -> Iterator[Issue]:
    for spec in fields:
        yield from _kind_findings(record.get(spec.name), spec, (spec.name,))


def _kind_findings(value: JsonValue, spec: FieldSpec, path: Path) -> Iterator[Issue]:
    if isinstance(value, dict):
        for child in spec.children:
            yield from _kind_findings(value.get(child.name), child, (*path, child.name))
    elif isinstance(value, list):
        for index, item in enumerate(value if spec.item else ()):
            if spec.item:
                yield from _kind_findings(item, spec.item, (*path, index))
    elif isinstance(value, str) and spec.shape is Shape.LEAF:
        if spec.kind in DECIMAL and not _DECIMAL.fullmatch(value):
            yield _wrong(path, "must be a decimal number such as 1234.50")
        elif spec.kind is FieldKind.DATE and not is_day(value[:10]):
            yield _wrong(path, "must be a date such as 2025-03-31")


# --- issues -------------------------------------------------------------------------------------------------------


_MESSAGES = {
    "type": "must be of type {0}",
    "enum": "is none of the allowed values",
    "const": "is not the one allowed value",
    "pattern": "does not match its pattern",
    "format": "is no valid {0}",
    "minLength": "is shorter than {0} characters",
    "maxLength": "is longer than {0} characters",
    "minimum": "is less than {0}",
    "maximum": "is greater than {0}",
    "exclusiveMinimum": "must be greater than {0}",
    "exclusiveMaximum": "must be less than {0}",
    "multipleOf": "must be a multiple of {0}",
    "minItems": "has fewer than {0} entries",
    "maxItems": "has more than {0} entries",
    "uniqueItems": "has an entry twice",
    "additionalProperties": "has a field that the schema does not know",
    "anyOf": "fits none of the alternatives",
    "oneOf": "does not fit exactly one of the alternatives",
    "not": "fits what the schema excludes",
}


def _json_schema_issues(error: Any) -> Iterator[Issue]:  # noqa: ANN401 jsonschema's error is typed with Any throughout
    path = tuple(error.absolute_path)
    if error.validator == "required" and isinstance(error.instance, dict):
        wanted = error.validator_value if isinstance(error.validator_value, list) else ()
        yield from (_missing((*path, name)) for name in wanted if name not in error.instance)
        return
    if error.validator == "minItems" and error.instance == []:
        yield _missing(path)
        return
    told = error.validator_value
    told = " or ".join(told) if isinstance(told, list) and all(isinstance(word, str) for word in told) else told
    template = _MESSAGES.get(str(error.validator), "does not meet the schema's {1}")
    yield _wrong(path, template.format(told, error.validator))


def _class_issue(kind: str, message: str, where: tuple[int | str, ...], record: Mapping[str, JsonValue]) -> Issue:
    path = _record_path(where, record)
    if kind == "missing":
        return _missing((*path, where[-1]))
    if kind == "too_short" and _at(path, record) == []:
        return _missing(path)
    message = _PYDANTIC_OPENING.sub("", message)
    return _wrong(path, message[:1].lower() + message[1:])


def _record_path(where: Iterable[int | str], record: Mapping[str, JsonValue]) -> Path:
    """The parts of pydantic's location that lead through the record; tags of unions and validators do not."""
    path: list[str | int] = []
    place: Any = record
    for part in where:
        if isinstance(place, Mapping) and part in place:
            place = place[str(part)]
        elif isinstance(place, list) and isinstance(part, int):
            place = place[part]
        else:
            continue
        path.append(part)
    return path


def _at(path: Path, record: Mapping[str, JsonValue]) -> object:
    place: Any = record
    for part in path:
        place = place[part]
    return place


def _missing(path: Path) -> Issue:
    return Issue(
        code=IssueCode.MISSING_REQUIRED,
        fields=(field_path(path),),
        severity=Severity.WARNING,
        message=f"{field_path(path)} is required, but no value was found.",
    )


def _wrong(path: Path, what: str) -> Issue:
    shown = field_path(path)
    return Issue(
        code=IssueCode.WRONG_SHAPE,
        fields=(shown,) if shown else (),
        severity=Severity.ERROR,
        message=f"{shown or 'The record'} {what}.",
    )


def field_path(path: Path) -> str:
    """`("line_items", 0, "amount")` as `line_items[0].amount`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")


def _distinct(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Each place once a code: the library and the kinds may both object to one value."""
    kept: dict[tuple[IssueCode, tuple[str, ...]], Issue] = {}
    for issue in issues:
        kept.setdefault((issue.code, issue.fields), issue)
    return tuple(kept.values())[:MAX_ISSUES]
