"""How a value that has begun may end: from the draft, from the record so far, from the page. Knows no tokens."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from docproc.decoding.drafts.answer import raw, unescaped
from docproc.decoding.drafts.page_print import PagePrint
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec

_LEAST_SUFFIX = 4
_LONGEST_SUFFIX = 40
_PRINTED_AS_IS = frozenset({FieldKind.TEXT, FieldKind.URL, FieldKind.EMAIL, FieldKind.PHONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A value that has begun."""

    spec: FieldSpec
    #: its JSON text so far, with the opening quote
    partial: bytes
    #: segment of the page where the last value of the same row is printed; None outside of rows
    near: int | None

    @property
    def is_whole(self) -> bool:
        """A number or word that may end here."""
        return self.partial[:1] != b'"' and _is_json(self.partial)


def completion(begun: Begun, drafted: bytes, *, said: Iterable[bytes], page: PagePrint) -> bytes:
    """The rest of the value's JSON text; empty when there is no idea.

    Args:
        begun: the value.
        drafted: the value that the draft has for it, as JSON.
        said: other values that it may be, the likeliest first.
        page: what is printed.
    """
    printed = _printed_rests(begun, page)
    others = (text[len(begun.partial) :] for text in said if _goes_on(begun.partial, text))
    # the numbers of a row are its own; names come again and again
    own = begun.near is not None and begun.spec.kind not in _PRINTED_AS_IS
    rests = chain(printed, others) if own else chain(others, printed)
    return drafted[len(begun.partial) :] if _goes_on(begun.partial, drafted) else next(rests, b"")


def _goes_on(partial: bytes, text: bytes) -> bool:
    return len(text) > len(partial) and text.startswith(partial)


def _printed_rests(begun: Begun, page: PagePrint) -> Iterator[bytes]:
    said = unescaped(begun.partial) if begun.partial.startswith(b'"') else None
    if said is not None:
        yield from (raw(rest)[1:] for rest in _from_print(begun, said, page))


def place_of(value: str, kind: FieldKind, *, near: int, page: PagePrint) -> int:
    """The segment where the page prints `value`, the nearest behind `near`; `near` itself when it is not printed."""
    if kind in _PRINTED_AS_IS:
        first = value.split("\n", maxsplit=1)[0]
        places = [page.place_at(place) for place in _occurrences(first, page, at_start=True)]
    else:
        places = [printed.place for printed in page.candidates(kind) if printed.text == value]
    return min(places, key=lambda place: _distance(place, near), default=near)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _from_print(begun: Begun, said: str, page: PagePrint) -> Iterator[str]:
    kind, near = begun.spec.kind, begun.near or 0
    if kind not in _PRINTED_AS_IS:
        fitting = [
            printed
            for printed in page.candidates(kind)
            if printed.text.startswith(said) and len(printed.text) > len(said)
        ]
        fitting.sort(key=lambda printed: _distance(printed.place, near))
        yield from (printed.text[len(said) :] for printed in fitting)
    if kind in NUMERIC:
        return
    yield from _continued(said, near, page)


def _distance(place: int, near: int) -> tuple[bool, int]:
    """What stands behind the last value comes first."""
    return place < near, abs(place - near)


def _continued(said: str, near: int, page: PagePrint) -> Iterator[str]:
    """What the page prints behind the last words said, up to the end of their segment."""
    flat = " ".join(said.split()) + (" " if said[-1:].isspace() else "")
    for length in range(min(len(flat), _LONGEST_SUFFIX), 0, -1):
        whole = length == len(flat)
        if length < _LEAST_SUFFIX and not whole:
            return
        places = _occurrences(flat[-length:], page, at_start=whole)
        if places:
            start = min(places, key=lambda place: _distance(page.place_at(place), near)) + length
            segment = page.segments[page.place_at(start - 1)]
            end = page.starts[page.place_at(start - 1)] + len(segment.text)
            rest = page.text[start:end]
            if rest:
                yield rest
            return


def _occurrences(text: str, page: PagePrint, *, at_start: bool) -> list[int]:
    """Where the page prints `text`; the beginning of a value begins a word."""
    found, place = [], page.text.find(text) if text else -1
    while place >= 0:
        if not at_start or place == 0 or not page.text[place - 1].isalnum():
            found.append(place)
        place = page.text.find(text, place + 1)
    return found
