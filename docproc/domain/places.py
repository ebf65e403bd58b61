"""Places in a record: field paths such as `line_items[0].amount` as steps, and what stands there. Knows no schema."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from docproc.domain.schema import JsonValue, Record

#: keys and list positions
Place: TypeAlias = tuple[str | int, ...]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def place_of(path: str) -> Place:
    """`line_items[0].amount` as steps."""
    return tuple(name or int(index) for name, index in _STEP.findall(path))


def path_of(place: Place) -> str:
    """The field path of a place; empty for the whole record."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def is_within(path: str, outer: str) -> bool:
    """`outer` is the path itself, or a group, row or list that it lies in."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def value_at(value: JsonValue, place: Place) -> tuple[bool, JsonValue]:
    """Whether there is such a place, and what stands there."""
    for step in place:
        children = children_of(value)
        if step not in children:
            return False, None
        value = children[step]
    return True, value


def children_of(value: JsonValue) -> Mapping[str | int, JsonValue]:
    """What stands directly below, by key or position."""
    if isinstance(value, dict):
        return dict(value.items())
    return dict(enumerate(value)) if isinstance(value, list) else {}


def with_value(record: Record, place: Place, value: JsonValue) -> Record:
    """The record with another value at a place that it has; all else is as it was."""
    step, rest = place[0], place[1:]
    return {name: _changed(inner, rest, value) if name == step else inner for name, inner in record.items()}


def _changed(node: JsonValue, place: Place, value: JsonValue) -> JsonValue:
    if not place:
        return value
    if isinstance(node, dict):
        return with_value(node, place, value)
    if isinstance(node, list):
        return [_changed(row, place[1:], value) if index == place[0] else row for index, row in enumerate(node)]
    return node
