"""The compile profile for decoding: what a model may write under an extraction schema. Knows no tokens.

Every key in the schema's order, none left out, absent values null, objects closed, every text, number and list bounded:
whatever a model writes under it ends, and is a record.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from docproc.domain.errors import SchemaError
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, JsonValue, Record, Shape

#: numbers beyond these stand on no document; without bounds a model can write digits for ever
NUMBER_BOUND: Final = 10**15
INTEGER_BOUND: Final = 10**18
NUMBER_STEP: Final = 1e-6

_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")
_TEXT_KEYWORDS = ("minLength", "maxLength", "pattern", "format")
#: a grammar's format `date` has a 29th of February in every year
_DAY = (
    r"((19|20)\d\d-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    r"|(19(0[48]|[2468][048]|[13579][26])|20([02468][048]|[13579][26]))-02-29)"
)
#: the zone, if there is one, has hours and minutes that a clock has
_DAY_AND_TIME = rf"^{_DAY}([^+-]*|[^+-]*[+-]([01]\d|2[0-3])(:?[0-5]\d)?)$"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
_ZONE = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
#: where a grammar's own idea of a format is wider than what is checked after reading
_FORMAT_PATTERNS = {
    "date": rf"^{_DAY}$",
    "time": rf"^{_CLOCK}{_ZONE}?$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:[!#-\[\]-~]+$",
    "email": r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$",
}


class Refusal(StrEnum):
    """Why a schema cannot constrain a model; stable, for programs."""

    NO_FIELDS = "no_fields"
    #: no record at all fits it
    CONTRADICTION = "contradiction"
    #: a pattern, format or keyword that the constraint's grammar does not know
    UNSUPPORTED = "unsupported"
    #: its grammar is larger than a mask can be computed for in time
    TOO_COMPLEX = "too_complex"


class ConstraintRefusedError(SchemaError):
    """No constraint can be made of this schema."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class Absence(StrEnum):
    """Where a model may say that a value is not there."""

    #: anywhere: a window of a document need not show all that the schema requires
    ANYWHERE = "anywhere"
    #: only where the schema allows it: for a document read as a whole
    WHERE_ALLOWED = "where_allowed"


def require_held(schema: ExtractionSchema) -> None:
    """Raise ConstraintRefusedError when the schema asks for what no grammar follows; needs no grammar."""
    if schema.unheld:
        message = f"The schema cannot constrain a model: no grammar follows {schema.unheld[0]}."
        raise ConstraintRefusedError(Refusal.UNSUPPORTED, message)


def decoding_form(schema: ExtractionSchema, *, absence: Absence = Absence.ANYWHERE) -> dict[str, Any]:
    """The JSON Schema under which a model writes records of `schema`. Raises ConstraintRefusedError."""
    if not schema.fields:
        raise ConstraintRefusedError(Refusal.NO_FIELDS, "The schema has no fields: there is nothing to write.")
    return _group(schema.fields, schema.json_schema, strict=absence is Absence.WHERE_ALLOWED)


def _group(specs: Sequence[FieldSpec], form: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    properties = {spec.name: _node(spec, form["properties"][spec.name], strict=strict) for spec in specs}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _node(spec: FieldSpec, form: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    if spec.shape is Shape.GROUP:
        whole = _group(spec.children, form, strict=strict)
        may_be_absent = not (spec.required and not spec.nullable)
        return {"anyOf": [_absent(whole), whole]} if strict and may_be_absent else whole
    if spec.shape is Shape.LIST and spec.item is not None:
        rows = {"type": "array", "items": _entry(spec.item, form["items"], strict=strict), "maxItems": form["maxItems"]}
        return _counted(rows, form.get("minItems", 0), may_be_empty=not (strict and spec.required))
    return _leaf(spec, form, nullable=not (strict and spec.required and not spec.nullable))


def _absent(form: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is there: an optional group has what it requires or no value at all."""
    form = form["anyOf"][-1] if "anyOf" in form else form
    if "properties" in form:
        return {**form, "properties": {name: _absent(inner) for name, inner in form["properties"].items()}}
    return {"type": "array", "maxItems": 0} if "items" in form else {"type": "null"}


def _counted(rows: dict[str, Any], least: int, *, may_be_empty: bool) -> dict[str, Any]:
    """Where a list may be absent it has no entry or enough of them."""
    if not least:
        return rows
    enough = {**rows, "minItems": least}
    return {"anyOf": [{"type": "array", "maxItems": 0}, enough]} if may_be_empty else enough


def _entry(item: FieldSpec, form: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """A list holds what is there: an entry is never null, and what a row requires it has, be the list absent or not."""
    if item.shape is Shape.GROUP:
        return _group(item.children, form, strict=strict)
    return _leaf(item, form, nullable=False)


def _leaf(spec: FieldSpec, form: Mapping[str, Any], *, nullable: bool) -> dict[str, Any]:
    if "enum" in form:
        return {"enum": [value for value in form["enum"] if value is not None or nullable] or [None]}
    types = [form["type"]] if isinstance(form["type"], str) else list(form["type"])
    kinds = [name for name in types if name != "null"]
    if not kinds:
        return {"type": "null"}
    written = _written(spec, kinds[0], form)
    if not (nullable and "null" in types):
        return written
    return {**written, "type": [written["type"], "null"]}


def _written(spec: FieldSpec, kind: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for a value that is there."""
    if kind in {"number", "integer"}:
        return _number(kind, form)
    if kind != "string":
        return {"type": kind}
    told = {name: form[name] for name in _TEXT_KEYWORDS if name in form}
    if spec.kind is FieldKind.DATE:
        return {"type": "string", **_date(told)}
    if "pattern" not in told and told.get("format") in _FORMAT_PATTERNS:
        told["pattern"] = _FORMAT_PATTERNS[told.pop("format")]
    return {"type": "string", **told}


def _date(told: dict[str, Any]) -> dict[str, Any]:
    """A day that the calendar has, and behind it what the form's pattern allows."""
    calendar = _FORMAT_PATTERNS["date"] if told.pop("format", None) == "date" else _DAY_AND_TIME
    return {**told, "allOf": [{"pattern": calendar}]} if "pattern" in told else {**told, "pattern": calendar}


def _number(kind: str, form: Mapping[str, Any]) -> dict[str, Any]:
    bound = INTEGER_BOUND if kind == "integer" else NUMBER_BOUND
    told = {name: form[name] for name in _BOUNDS if name in form}
    if "minimum" not in told and "exclusiveMinimum" not in told:
        told["minimum"] = min(-bound, *(told.get(name, 0) for name in ("maximum", "exclusiveMaximum")))
    if "maximum" not in told and "exclusiveMaximum" not in told:
        told["maximum"] = max(bound, *(told.get(name, 0) for name in ("minimum", "exclusiveMinimum")))
    if kind == "number":
        told.setdefault("multipleOf", NUMBER_STEP)
    return {"type": kind, **told}


def repair_form(
    schema: ExtractionSchema, record: Record, open_paths: Collection[str], *, absence: Absence = Absence.ANYWHERE
) -> dict[str, Any]:
    """The form under which only the values at `open_paths` are written again; all others are those of `record`.

    A path names a field, or a group, list or row with all that is in it.
    """
    form = decoding_form(schema, absence=absence)
    return {**form, "properties": _fixed_fields(form, record, "", frozenset(open_paths))}


def _fixed_fields(
    form: Mapping[str, Any], record: Mapping[str, Any], path: str, open_paths: Collection[str]
) -> dict[str, Any]:
    dot = "." if path else ""
    return {
        name: _fixed(inner, record.get(name), f"{path}{dot}{name}", open_paths)
        for name, inner in form["properties"].items()
    }


def _fixed(form: dict[str, Any], value: JsonValue, path: str, open_paths: Collection[str]) -> dict[str, Any]:
    if path in open_paths:
        return form
    form = form["anyOf"][-1] if "anyOf" in form else form
    if isinstance(value, dict) and "properties" in form:
        return {**form, "properties": _fixed_fields(form, value, path, open_paths)}
    if isinstance(value, list) and "items" in form:
        rows = [_fixed(form["items"], row, f"{path}[{index}]", open_paths) for index, row in enumerate(value)]
        return {"type": "array", "prefixItems": rows, "items": False, "minItems": len(rows), "maxItems": len(rows)}
    return {"const": value}
