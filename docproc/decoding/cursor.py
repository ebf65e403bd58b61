"""Where in a record a half-written JSON text stands: an incremental scanner over bytes. Knows no schema.

It takes what a constraint lets through, that is JSON without errors, white space between marks allowed. On anything
else it says something harmless: what a model writes without a constraint is judged by others.
"""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_SPACE: Final = frozenset(b" \t\r\n")
_OPENERS: Final = frozenset(b"{[")
_CLOSERS: Final = frozenset(b"}]")


class Place(Enum):
    """What is expected or being written."""

    VALUE = "value"  # a value may begin, or a list may end
    TEXT = "text"  # inside a string value
    SCALAR = "scalar"  # inside a number, true, false, null
    KEY = "key"  # before a key, or inside one
    COLON = "colon"
    AFTER = "after"  # behind a value: a comma or an end
    END = "end"


class Leaf(NamedTuple):
    """A value that is not an object or a list, with its place in the text."""

    path: str
    #: first byte and the byte behind the last; a string's quotes are in it
    start: int
    end: int


@dataclass(slots=True)
class _Level:
    """An open object or list."""

    is_list: bool
    key: str = ""
    index: int = 0


@dataclass(slots=True)
class RecordCursor:
    """Feed it bytes; ask it for the place and the field path."""

    place: Place = Place.VALUE
    #: bytes fed
    length: int = 0
    #: where the value or key being written began
    start: int = 0
    _levels: list[_Level] = field(default_factory=list)
    _key: bytearray = field(default_factory=bytearray)
    _in_key: bool = False
    _escaped: bool = False

    @property
    def path(self) -> str:
        """Of the value being written, or expected next; `line_items[0].amount`."""
        return "".join(_step(level) for level in self._levels).removeprefix(".")

    @property
    def parts(self) -> tuple[str | int, ...]:
        """The path's keys and list positions."""
        return tuple(level.index if level.is_list else level.key for level in self._levels)

    @property
    def in_list(self) -> bool:
        """The innermost open level is a list."""
        return bool(self._levels) and self._levels[-1].is_list

    @property
    def in_key(self) -> bool:
        """Inside a key's quotes."""
        return self._in_key

    def copy(self) -> "RecordCursor":
        """A cursor that goes its own way from here."""
        levels = [_Level(level.is_list, level.key, level.index) for level in self._levels]
        return RecordCursor(
            self.place, self.length, self.start, levels, bytearray(self._key), self._in_key, self._escaped
        )

    def feed(self, text: bytes) -> list[Leaf]:
        """Go on over `text`; gives the leaves that end in it."""
        ended: list[Leaf] = []
        for mark in text:
            self._take(mark, ended)
            self.length += 1
        return ended

    def _take(self, mark: int, ended: list[Leaf]) -> None:
        if self.place is Place.TEXT:
            self._in_text(mark, ended)
        elif self.place is Place.KEY:
            self._in_a_key(mark)
        elif self.place is Place.SCALAR and mark not in _SPACE and mark not in b",}]":
            return
        else:
            if self.place is Place.SCALAR:
                self._end_leaf(self.length, ended)
            self._between(mark)

    def _in_text(self, mark: int, ended: list[Leaf]) -> None:
        if self._escaped:
            self._escaped = False
        elif mark == _BACKSLASH:
            self._escaped = True
        elif mark == _QUOTE:
            self._end_leaf(self.length + 1, ended)

    def _in_a_key(self, mark: int) -> None:
        if not self._in_key:
            if mark == _QUOTE:
                self._in_key, self.start = True, self.length
                self._key.clear()
            elif mark in _CLOSERS:
                self._close()
        elif mark == _QUOTE and not self._escaped:
            self._in_key, self.place = False, Place.COLON
            self._levels[-1].key = _name(bytes(self._key))
        else:
            self._escaped = mark == _BACKSLASH and not self._escaped
            self._key.append(mark)

    def _between(self, mark: int) -> None:
        if mark in _SPACE or self.place is Place.END:
            return
        if mark in _CLOSERS:
            self._close()
        elif self.place is Place.COLON:
            self.place = Place.VALUE
        elif self.place is Place.AFTER:
            self._next()
        elif mark in _OPENERS:
            self._levels.append(_Level(is_list=mark == ord("[")))
            self.place = Place.VALUE if mark == ord("[") else Place.KEY
        else:
            self.place, self.start = Place.TEXT if mark == _QUOTE else Place.SCALAR, self.length

    def _next(self) -> None:
        """A comma."""
        if not self._levels:
            self.place = Place.END
            return
        level = self._levels[-1]
        if level.is_list:
            level.index += 1
            self.place = Place.VALUE
        else:
            self.place = Place.KEY

    def _close(self) -> None:
        if self._levels:
            self._levels.pop()
        self.place = Place.AFTER if self._levels else Place.END

    def _end_leaf(self, end: int, ended: list[Leaf]) -> None:
        ended.append(Leaf(self.path, self.start, end))
        self.place = Place.AFTER if self._levels else Place.END


def _name(key: bytes) -> str:
    """A key without its escapes."""
    try:
        return str(json.loads(b'"' + key + b'"'))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return key.decode("utf-8", errors="replace")


def _step(level: _Level) -> str:
    return f"[{level.index}]" if level.is_list else f".{level.key}"
