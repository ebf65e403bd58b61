"""What a pydantic class checks of a value and its constraint form does not say; knows no tokens and no grammar.

The class's own validators are walked beside the fields that were compiled of it. What is not known to be held by the
form is told: a new kind of check is refused until it is known here, never let through.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from docproc.domain.schema import FieldKind, FieldSpec, Shape
from schemas.kinds import DECIMAL
from schemas.profile import own_pattern

#: a validator as pydantic describes it: its `type`, and what that type asks for
Core: TypeAlias = Mapping[str, Any]

#: what describes a validator and checks nothing, or makes no record of JSON fail
_NEUTRAL: Final = frozenset({"type", "ref", "metadata", "serialization", "strict", "fail_fast"})
_BOUNDS: Final = frozenset({"ge", "gt", "le", "lt", "multiple_of"})
_LENGTHS: Final = frozenset({"min_length", "max_length"})
_TEXT: Final = frozenset({"pattern", "strip_whitespace", "to_lower", "to_upper", "coerce_numbers_to_str"})
_CLOCK: Final = frozenset({"microseconds_precision"})
#: the validators of single values that a form can hold, with what they may ask for
_LEAVES: Final[Mapping[str, frozenset[str]]] = {
    "any": frozenset(),
    "none": frozenset(),
    "bool": frozenset(),
    "int": _BOUNDS,
    "float": _BOUNDS | {"allow_inf_nan"},
    "decimal": _BOUNDS | {"allow_inf_nan"},
    "str": _LENGTHS | _TEXT,
    "date": frozenset(),
    "datetime": _CLOCK,
    "time": _CLOCK,
    "uuid": frozenset(),
    "literal": frozenset({"expected"}),
    "enum": frozenset({"cls", "members", "sub_type", "missing"}),
}
_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "list": _LENGTHS | {"items_schema"},
    "tuple": _LENGTHS | {"items_schema", "variadic_item_index"},
}
_DICT: Final = frozenset({"keys_schema", "values_schema"})
#: validators that hand a value on, and where to; of two ways the one that a JSON text takes
_WRAPPERS: Final[Mapping[str, str]] = {
    "nullable": "schema",
    "default": "schema",
    "definitions": "schema",
    "model": "schema",
    "dataclass": "schema",
    "json-or-python": "json_schema",
    "lax-or-strict": "lax_schema",
}
_FIELDS: Final = frozenset({"model-fields", "typed-dict", "dataclass-args"})
#: a JSON type that each of these is written as
_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "bool": frozenset({"boolean"}),
    "int": frozenset({"integer"}),
    "float": frozenset({"integer", "number"}),
}
_TEXT_CONFIG: Final = {
    "str_min_length": "min_length",
    "str_max_length": "max_length",
    "str_strip_whitespace": "strip_whitespace",
}
_ADVICE: Final = "declare it by a plain type, bounds, a pattern or choices, and leave the rest to the schema's rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A place of the record: its field, what may be written there, and what the class says of all its texts."""

    path: str
    spec: FieldSpec
    form: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)


def class_checks(
    schema_class: type[BaseModel], fields: tuple[FieldSpec, ...], form: Mapping[str, Any]
) -> tuple[str, ...]:
    """Each place where the class may refuse what `form` allows, with the reason and what to do instead."""
    root = FieldSpec(name="", shape=Shape.GROUP, required=True, children=fields)
    place = _Place(path=schema_class.__name__, spec=root, form=form)
    found = _Walk().of(schema_class.__pydantic_core_schema__, place)
    return tuple(dict.fromkeys(f"{told}; {_ADVICE}" for told in found))


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk over one class: the definitions that it refers to by name."""

    definitions: dict[str, Core] = field(default_factory=dict)

    def of(self, core: Core, place: _Place) -> Iterator[str]:
        """What is not held at a place and in it."""
        kind = core["type"]
        self.definitions.update({one["ref"]: one for one in core.get("definitions", ())})
        place = replace(place, config=core.get("config", place.config))
        if kind == "definition-ref":
            yield from self.of(self.definitions[core["schema_ref"]], place)
        elif kind.startswith("function-"):
            yield f"{place.path}: the code {_name_of(core['function'])} checks it"
            yield from self.of(core["schema"], place) if "schema" in core else ()
        elif kind in _WRAPPERS:
            yield from (f"{place.path}: {reason}" for reason in _own_code(core))
            yield from () if place.form.get("type") == "null" else self.of(core[_WRAPPERS[kind]], place)
        elif kind in _FIELDS:
            yield from self._of_fields(core, place)
        elif kind in _LISTS:
            yield from self._of_list(core, place)
        else:
            yield from (f"{place.path}: {reason}" for reason in _leaf(core, place))

    def _of_fields(self, core: Core, place: _Place) -> Iterator[str]:
        children = {child.name: child for child in place.spec.children}
        for name, told in _named(core["fields"]):
            alias = _alias(told.get("validation_alias"), name)
            path = f"{place.path}.{alias or name}"
            if alias is None:
                yield f"{path}: it is looked for at a place that no record has"
            elif alias in children:
                form = place.form["properties"][alias]
                yield from self.of(told["schema"], replace(place, path=path, spec=children[alias], form=form))

    def _of_list(self, core: Core, place: _Place) -> Iterator[str]:
        yield from (f"{place.path}: {reason}" for reason in _list(core, place))
        entries = core.get("items_schema")
        entry = entries[0] if isinstance(entries, list) and entries else entries
        if entry and place.spec.item is not None:
            inner = replace(place, path=f"{place.path}[]", spec=place.spec.item, form=place.form["items"])
            yield from self.of(entry, inner)


# --- what runs code, or looks elsewhere -------------------------------------------------------------------------------


def _own_code(core: Core) -> Iterator[str]:
    """What a class of fields, or a default, runs of its author's."""
    if core.get("custom_init"):
        yield "the class's own __init__ makes it"
    if core["type"] == "dataclass" and core.get("post_init"):
        yield "the code __post_init__ checks it"
    if core["type"] == "model" and core.get("post_init") and _has_own_post_init(core["cls"]):
        yield "the code model_post_init checks it"
    if core.get("default_factory_takes_data"):
        yield "where it is absent, code makes it of other values"
    if core.get("validate_default"):
        yield "where it is absent, its default is checked"


def _has_own_post_init(schema_class: type) -> bool:
    """Not the one that pydantic puts in to make private attributes."""
    told: object = getattr(schema_class, "model_post_init", None)
    return not str(getattr(told, "__module__", "")).startswith("pydantic.")


def _name_of(function: Core) -> str:
    code = function["function"]
    return str(getattr(code, "__name__", type(code).__name__))


def _named(fields: Mapping[str, Core] | Iterable[Core]) -> Iterator[tuple[str, Core]]:
    if isinstance(fields, Mapping):
        yield from fields.items()
    else:
        yield from ((told["name"], told) for told in fields)


def _alias(told: str | list[Any] | None, name: str) -> str | None:
    """The one name under which the field stands in the class's JSON Schema; None when that is not where it is read."""
    if told is None or isinstance(told, str):
        return told or name
    paths = told if isinstance(told[0], list) else [told]
    return next((str(path[0]) for path in paths if len(path) == 1), None)


# --- what a form holds ------------------------------------------------------------------------------------------------


def _leaf(core: Core, place: _Place) -> Iterator[str]:
    kind, form = core["type"], place.form
    known = _DICT if kind == "dict" else _LEAVES.get(kind)
    if known is None:
        yield f"a {kind} is checked in ways that no grammar follows"
        return
    yield from _unknown(core, known)
    if kind in {"literal", "enum"}:
        allowed = core["expected"] if kind == "literal" else [member.value for member in core["members"]]
        if not all(value in allowed for value in form.get("enum", [form]) if value is not None):
            yield "its choices are not those of its JSON Schema"
    elif kind == "dict":
        if place.spec.children:
            yield "a dict with named values is checked in ways that no grammar follows"
    elif not _is_written_as(kind, place):
        yield f"its JSON Schema does not say that it is a {kind}"
    elif kind == "str":
        yield from _text({**_text_config(place.config), **core}, place)
    elif kind == "datetime" and core.get("strict", place.config.get("strict")):
        yield "a strict moment may not be a day alone"
    elif kind in {"int", "float", "decimal"}:
        yield from _number(core, form)


def _unknown(core: Core, known: frozenset[str]) -> Iterator[str]:
    """What a validator asks for that no form says, such as a day in the past."""
    asked = [name for name in core if name not in known | _NEUTRAL and core[name] not in (None, False)]
    return (f"its {name} ({core[name]}) is checked after reading" for name in asked)


def _is_written_as(kind: str, place: _Place) -> bool:
    form, spec = place.form, place.spec
    types = {form["type"]} if isinstance(form.get("type"), str) else set(form.get("type", ()))
    types.discard("null")
    if "enum" in form:
        return kind in {"any", "str"} and all(isinstance(value, str | None) for value in form["enum"])
    if kind in {"date", "datetime"}:
        days = {"date"} if kind == "date" else {"date", "date-time"}
        return spec.kind is FieldKind.DATE and (form.get("format") in days or kind == "datetime")
    if kind in {"time", "uuid"}:
        return bool(form.get("format") == kind)
    if kind == "decimal":
        return types <= {"integer", "number"} or spec.kind in DECIMAL
    if kind == "str":
        return types <= {"string"}
    return types <= _TYPES.get(kind, types)


def _text(core: Core, place: _Place) -> Iterator[str]:
    form, pattern, least = place.form, core.get("pattern"), core.get("min_length") or 0
    asked = [name for name in ("pattern", "min_length", "max_length", "strip_whitespace") if core.get(name)]
    if "enum" in form:
        yield from (f"its {name} may not hold of its choices" for name in asked)
        return
    if core.get("strip_whitespace") and (pattern or least):
        yield "what is left of it without the white space at its ends is checked"
    if pattern and not _has_pattern(pattern, form):
        yield "no grammar follows its pattern"
    if least > max(form.get("minLength", 0), _least(form)):
        yield f"as a {place.spec.kind} it may be shorter than {least} characters"
    if core.get("max_length") is not None and form.get("maxLength", math.inf) > core["max_length"]:
        yield f"it may be longer than {core['max_length']} characters"


def _has_pattern(pattern: str | re.Pattern[str], form: Mapping[str, Any]) -> bool:
    """Written out, a compiled pattern loses its flags; one that only makes it wider does no harm."""
    told = pattern if isinstance(pattern, str) else pattern.pattern
    flags = 0 if isinstance(pattern, str) else pattern.flags & ~(re.UNICODE | re.IGNORECASE)
    own = own_pattern({"pattern": told})
    return own is not None and not flags and own == form.get("pattern")


def _least(form: Mapping[str, Any]) -> int:
    """A pattern that nothing fits asks for a character."""
    return int("pattern" in form and re.fullmatch(form["pattern"], "") is None)


def _text_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[told] for told, name in _TEXT_CONFIG.items() if told in config}


def _number(core: Core, form: Mapping[str, Any]) -> Iterator[str]:
    least, above = form.get("minimum", -math.inf), form.get("exclusiveMinimum", -math.inf)
    most, below = form.get("maximum", math.inf), form.get("exclusiveMaximum", math.inf)
    asked = {name: core[name] for name in _BOUNDS if core.get(name) is not None}
    held = {
        "ge": max(least, above) >= asked.get("ge", -math.inf),
        "gt": least > asked.get("gt", -math.inf) or above >= asked.get("gt", -math.inf),
        "le": min(most, below) <= asked.get("le", math.inf),
        "lt": most < asked.get("lt", math.inf) or below <= asked.get("lt", math.inf),
        "multiple_of": form.get("multipleOf") == asked.get("multiple_of"),
    }
    return (f"its {name} ({asked[name]}) is checked after reading" for name in sorted(asked) if not held[name])


def _list(core: Core, place: _Place) -> Iterator[str]:
    yield from _unknown(core, _LISTS[core["type"]])
    entries = core.get("items_schema")
    if place.spec.shape is not Shape.LIST or (core["type"] == "tuple" and len(entries or ()) != 1):
        yield "its places differ, which no grammar follows"
        return
    if core["type"] == "tuple" and "variadic_item_index" not in core:
        yield "its places differ, which no grammar follows"
    if (core.get("min_length") or 0) > place.form.get("minItems", 0):
        yield f"it may have fewer than {core['min_length']} entries"
    if core.get("max_length") is not None and place.form["maxItems"] > core["max_length"]:
        yield f"it may have more than {core['max_length']} entries"
