"""Messages between a parent and its parsing child as bytes: JSON and plain arrays; knows no socket and no file.

Nothing is ever unpickled: the child handles hostile files, so its words are taken as data and can run no code.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from docproc.domain.errors import (
    ChangedError,
    CorruptError,
    CrashedError,
    DocumentError,
    EmptyError,
    NoPagesError,
    PasswordRequiredError,
    TimedOutError,
    TooLargeError,
    UnreadableError,
    UnsupportedError,
)
from docproc.domain.geometry import Box
from docproc.domain.image import LongestSide, PageImageSpec, Resolution, TileCanvas
from docproc.domain.page import FormField, FormFieldKind, PageContent, TextSource, Word

Header: TypeAlias = dict[str, Any]

_LENGTH = struct.Struct("<I")
_NUMBERS_PER_WORD = 6
_ERRORS: Mapping[str, type[DocumentError]] = {
    kind.code.value: kind
    for kind in (
        ChangedError,
        CorruptError,
        CrashedError,
        EmptyError,
        NoPagesError,
        PasswordRequiredError,
        TimedOutError,
        TooLargeError,
        UnreadableError,
        UnsupportedError,
    )
}
_SPECS: Mapping[str, type[TileCanvas | LongestSide | Resolution]] = {
    kind.__name__: kind for kind in (TileCanvas, LongestSide, Resolution)
}


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """One message."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"".join((_LENGTH.pack(len(text)), text, body))


def unpack(message: bytes) -> tuple[Header, bytes]:
    """Header and body of one message; raises ValueError when it is none."""
    if len(message) < _LENGTH.size:
        raise ValueError("a message without a length")
    end = _LENGTH.size + _LENGTH.unpack_from(message)[0]
    header = json.loads(message[_LENGTH.size : end])
    if not isinstance(header, dict):
        raise TypeError("a message without a header")
    return header, message[end:]


def pack_content(content: PageContent) -> tuple[Header, bytes]:
    """A page as header and body; 300 words take a tenth of what JSON would."""
    numbers = np.array([word[1:] for word in content.words], dtype=np.float64)
    texts = "\n".join([word.text for word in content.words]).encode("utf-8", "replace")
    header: Header = {
        "number": content.number,
        "width": content.width,
        "height": content.height,
        "rotation": content.rotation,
        "source": content.source.value,
        "ink": content.ink,
        "blank": content.blank,
        "words": len(content.words),
        "form_fields": [[f.name, f.label, f.kind.value, f.value, list(f.box)] for f in content.form_fields],
    }
    return header, np.round(numbers, 3).tobytes() + texts


def unpack_content(header: Header, body: bytes) -> PageContent:
    """The page again; raises ValueError or KeyError when the child talks nonsense."""
    count = int(header["words"])
    size = count * _NUMBERS_PER_WORD * 8
    rows = np.frombuffer(body[:size], dtype=np.float64).reshape(count, _NUMBERS_PER_WORD).tolist()
    texts = body[size:].decode("utf-8").split("\n") if count else []
    words = tuple(
        [
            Word._make((text, left, top, right, bottom, int(line), confidence))
            for text, (left, top, right, bottom, line, confidence) in zip(texts, rows, strict=True)
        ]
    )
    return PageContent(
        number=int(header["number"]),
        width=float(header["width"]),
        height=float(header["height"]),
        rotation=int(header["rotation"]),
        source=TextSource(header["source"]),
        words=words,
        form_fields=tuple(_form_field(row) for row in header["form_fields"]),
        ink=float(header["ink"]),
        blank=bool(header["blank"]),
    )


def _form_field(row: Sequence[Any]) -> FormField:
    name, label, kind, value, box = row
    return FormField(
        name=str(name), label=str(label), kind=FormFieldKind(kind), value=str(value), box=Box(*map(float, box))
    )


def pack_error(error: DocumentError) -> Header:
    return {"error": {"code": error.code.value, "message": error.message, "page": error.page}}


def unpack_error(header: Header) -> DocumentError | None:
    """The error that a reply carries, if any."""
    told = header.get("error")
    if told is None:
        return None
    kind = _ERRORS.get(str(told["code"]), CorruptError)
    return kind(str(told["message"]), page=told["page"])


def pack_spec(spec: PageImageSpec) -> Header:
    kind = type(spec)
    return {"kind": kind.__name__, **{name: getattr(spec, name) for name in kind.__dataclass_fields__}}


def unpack_spec(header: Header) -> PageImageSpec:
    fields = dict(header)
    return _SPECS[fields.pop("kind")](**fields)
