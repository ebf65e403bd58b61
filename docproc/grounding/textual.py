"""Places of a text in a window: the same letters, cut out of a longer word, nearly the same, or piece by piece."""

import re
from collections.abc import Sequence
from functools import cached_property

from docproc.domain.evidence import MatchKind
from docproc.domain.geometry import enclosing
from docproc.domain.schema import FieldKind
from docproc.grounding.places import (
    Place,
    join_line,
    place_of_run,
    place_of_span,
    said_exactly,
    splits_number,
    stands_alone,
)
from docproc.grounding.tokens import Layout, column_order
from docproc.grounding.track import Track
from docproc.values.number_words import spell_out
from docproc.values.text import key

#: a near match below this similarity is no match
LEAST_SIMILARITY = 0.85
#: quality of a value that is cut out of a longer word
_CUT_OUT = 0.9
#: quality of a number that is printed as a word
_SPELLED_OUT = 0.8
#: fewer letters than this are found only as a whole word
_CUT_OUT_KEY = 6
#: codes of which a single letter matters: a near match is believed only of OCR
_CODES = frozenset({FieldKind.ID, FieldKind.IBAN, FieldKind.VAT_ID, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL})
_PIECES = re.compile(r"[,;|\n()]|\s-\s")
_MIN_PIECE = 3
#: shorter pieces must be printed letter by letter
_NEAR_PIECE = 8
#: pieces further apart than this are not one value, in page points
_PIECES_APART = 250.0


class TextSearch:
    """Finds text in two orders of a window's words: as read, and column by column."""

    def __init__(self, layout: Layout) -> None:
        self.tokens = layout.tokens
        self._layout = layout
        self._whole: dict[str, list[Place]] = {}

    @cached_property
    def reading(self) -> Track:
        return Track(self.tokens, range(len(self.tokens)))

    @cached_property
    def column(self) -> Track:
        return Track(self.tokens, column_order(self._layout))

    def places(self, text: str, kind: FieldKind) -> list[Place]:
        """Candidates for `text`: those of the best way to find it, no others."""
        needle = key(text)
        if not needle:
            return self._signs(text)
        found = self.runs(needle) or self._cut_out(needle)
        if not found and kind is not FieldKind.ENUM:
            found = self._near(needle, text, kind)
        if not found and kind is FieldKind.TEXT:
            found = self._in_pieces(text) or self._spelled_out(text)
        return [said_exactly(place, text) for place in found]

    def runs(self, needle: str) -> list[Place]:
        """Whole words whose letters are `needle`."""
        found = self._whole.get(needle)
        if found is None:
            found = self._find(needle, self.reading) or self._find(needle, self.column)
            self._whole[needle] = found
        return found

    def digits(self, needle: str) -> list[Place]:
        """Rows of digits, marks and spaces between them aside, in one printed row: `53. 60` for 5360."""
        places = [
            place_of_run(run, self.reading, tokens=self.tokens, match=MatchKind.NORMALISED)._replace(quality=_CUT_OUT)
            for run in self.reading.find(needle)
            if not splits_number(run, self.reading, self.tokens)
        ]
        return [place for place in places if self.tokens[place.tokens[-1]].band == place.band]

    def _find(self, needle: str, track: Track) -> list[Place]:
        return [
            place_of_run(run, track, tokens=self.tokens, match=MatchKind.NORMALISED)
            for run in track.find(needle)
            if stands_alone(run, track, self.tokens)
        ]

    def _cut_out(self, needle: str) -> list[Place]:
        if len(needle) < _CUT_OUT_KEY:
            return []
        track = self.reading
        return [
            place_of_run(run, track, tokens=self.tokens, match=MatchKind.NORMALISED)._replace(quality=_CUT_OUT)
            for run in track.find(needle)
            if not splits_number(run, track, self.tokens)
        ]

    def _near(self, needle: str, text: str, kind: FieldKind) -> list[Place]:
        for track in (self.reading, self.column):
            runs = track.find_near(needle, least=LEAST_SIMILARITY)
            places = [place_of_run(run, track, tokens=self.tokens, match=MatchKind.FUZZY) for run in runs]
            places = [place for place in places if _is_believable(place, text, kind)]
            if places:
                return places
        return []

    def _in_pieces(self, text: str) -> list[Place]:
        """A text that is printed in another order or with something in between, such as an address."""
        pieces = [(needle, piece) for piece in _PIECES.split(text) if len(needle := key(piece)) >= _MIN_PIECE]
        found = (
            [places for needle, piece in pieces if (places := self._piece(needle, piece))] if len(pieces) > 1 else []
        )
        letters = sum(len(key(places[0].text)) * places[0].quality for places in found)
        share = letters / len(key(text))
        if share < LEAST_SIMILARITY:
            return []
        rarest = min(found, key=len)[0]
        nearest = [min(places, key=lambda place: _distance(place, rarest)) for places in found]
        if any(_distance(place, rarest) > _PIECES_APART for place in nearest):
            return []
        return [_joined(nearest, quality=min(1.0, share))]

    def _piece(self, needle: str, piece: str) -> list[Place]:
        found = self.runs(needle)
        return found if found or len(needle) < _NEAR_PIECE else self._near(needle, piece, FieldKind.TEXT)

    def _spelled_out(self, text: str) -> list[Place]:
        """`2 years` printed as `two years`."""
        places = next((found for words in spell_out(text) if (found := self.runs(key(words)))), [])
        return [place._replace(match=MatchKind.INFERRED, quality=_SPELLED_OUT) for place in places]

    def _signs(self, text: str) -> list[Place]:
        """A value without letters or digits, such as `-`."""
        return [
            place_of_span(
                join_line([number], self.tokens), 0, len(token.text), tokens=self.tokens, match=MatchKind.EXACT
            )
            for number, token in enumerate(self.tokens)
            if token.text == text.strip()
        ]


def _is_believable(place: Place, text: str, kind: FieldKind) -> bool:
    """A text layer prints the right digits: there, other digits are another value."""
    if place.ocr is not None:
        return True
    return kind not in _CODES and [m for m in place.text if m.isdigit()] == [m for m in text if m.isdigit()]


def _distance(place: Place, other: Place) -> float:
    """Page points between two places; endless between pages."""
    if place.page != other.page:
        return float("inf")
    return abs(place.box.middle_y - other.box.middle_y) + 0.5 * abs(place.box.left - other.box.left)


def _joined(places: Sequence[Place], *, quality: float) -> Place:
    """Several places on one page as one, in reading order."""
    ordered = sorted(places, key=lambda place: place.tokens)
    scores = [place.ocr for place in ordered if place.ocr is not None]
    return ordered[0]._replace(
        box=enclosing(place.box for place in ordered),
        text=" ".join(place.text for place in ordered),
        match=MatchKind.FUZZY,
        quality=quality,
        tokens=tuple(index for place in ordered for index in place.tokens),
        ocr=min(scores, default=None),
    )
