"""What a half-written answer says already: its finished values, the one being written, and where it stands."""

import json
from dataclasses import dataclass, field
from typing import TypeAlias

from docproc.decoding.cursor import Place, RecordCursor
from docproc.domain.schema import JsonValue

#: keys and list positions from the root
Path: TypeAlias = tuple[str | int, ...]
#: a value that is no object and no list
Leaf: TypeAlias = str | int | float | bool | None


@dataclass(slots=True)
class Answer:
    """Grows with the answer; an answer that is not a continuation of the last one is read anew."""

    text: bytes = b""
    cursor: RecordCursor = field(default_factory=RecordCursor)
    #: finished values, in the order of writing
    values: dict[Path, Leaf] = field(default_factory=dict)
    #: the same by row: path of the row, then the rest of the path
    rows: dict[Path, dict[Path, JsonValue]] = field(default_factory=dict)

    def read(self, text: bytes) -> bool:
        """Take the answer as it is by now; False when it is another one than before."""
        is_same = text.startswith(self.text)
        if not is_same:
            self.text, self.cursor, self.values, self.rows = b"", RecordCursor(), {}, {}
        for mark in range(len(self.text), len(text)):
            parts = self.cursor.parts
            for leaf in self.cursor.feed(text[mark : mark + 1]):
                self._keep(parts, text[leaf.start : leaf.end])
        self.text = text
        return is_same

    def _keep(self, path: Path, text: bytes) -> None:
        try:
            value: Leaf = json.loads(text)
        except ValueError:  # written without a constraint
            return
        self.values[path] = value
        for depth, step in enumerate(path, start=1):
            if isinstance(step, int):
                self.rows.setdefault(path[:depth], {})[path[depth:]] = value

    @property
    def partial(self) -> bytes:
        """The raw text of the value or key being written, with its opening quote."""
        return self.text[self.cursor.start :]

    @property
    def key_begun(self) -> bytes:
        """What stands of the key being written; empty before its quote."""
        return self.partial if self.cursor.in_key else b""

    @property
    def is_inside(self) -> bool:
        """A value has begun and has not ended."""
        return self.cursor.place in {Place.TEXT, Place.SCALAR}


def unescaped(partial: bytes) -> str | None:
    """The text of an unfinished JSON string; None when it stops in the middle of a character or an escape."""
    try:
        text = json.loads(partial + b'"')
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def raw(value: JsonValue) -> bytes:
    """Compact JSON, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
