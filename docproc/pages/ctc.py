"""A text line's recogniser output to words with places along the line; pure, knows no image.

The recogniser is weak at blanks: it was trained mostly on script without any. So a word ends where it reads a blank,
where it nearly did, or where the step from one letter to the next is wide for this line.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: a blank this probable between two letters is one, although another reading won
_LIKELY_BLANK = 0.07
#: a step this many times the line's usual one
_WIDE_STEP = 2.3
_NOT_CHARACTER = 0
#: the letter o behind two digits, with nothing but digits and separators around
_NOUGHT = re.compile(r"(?<=\d\d)[oO](?![A-Za-z])|(?<=\d[.,])[oO](?=[\doO])")


#: a letter read with less is in doubt
_SURE = 0.85
#: share of letters beyond a to z from which on a page is taken to be in a language that has them
_FOREIGN_LANGUAGE = 0.01


class LinePiece(NamedTuple):
    """A word of a line; `start` and `end` are shares of the line's length, 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float
    #: `text` with the accents dropped that are in doubt
    plain: str = ""


class _Letter(NamedTuple):
    text: str
    #: first and last column that read it
    first: int
    last: int
    confidence: float
    #: highest probability of a blank since the letter before
    blank: float

    @property
    def middle(self) -> float:
        return (self.first + self.last + 1) / 2


def decode(probabilities: NDArray[np.float32], alphabet: Sequence[str], *, columns: float) -> list[LinePiece]:
    """Words of one line.

    `probabilities` is steps x alphabet, `alphabet[0]` the CTC blank, its last entry white space; `columns` says how
    many of the steps the line takes (the rest is padding).
    """
    letters = _letters(probabilities, alphabet)
    if not letters:
        return []
    usual = _usual_step(letters)
    words: list[list[_Letter]] = [[]]
    for before, letter in zip((None, *letters), letters, strict=False):
        if before is not None and _parts(before, letter, usual):
            words.append([])
        words[-1].append(letter)
    return [_piece(word, usual, columns) for word in words]


def _letters(probabilities: NDArray[np.float32], alphabet: Sequence[str]) -> list[_Letter]:
    best = probabilities.argmax(axis=1)
    space = len(alphabet) - 1
    spaces = probabilities[:, space]
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best))
    letters: list[_Letter] = []
    since = 0
    for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
        kind = int(best[first])
        text = alphabet[kind]
        if kind in {_NOT_CHARACTER, space} or not text.strip():
            continue
        confidence = float(probabilities[first:end, kind].max())
        blank = float(spaces[since:first].max()) if since < first else 0.0
        letters.append(_Letter(text, first, end - 1, confidence, blank))
        since = end
    return letters


def _usual_step(letters: Sequence[_Letter]) -> float:
    steps = [after.middle - before.middle for before, after in pairwise(letters)]
    return float(np.median(steps)) if steps else 2.0


def _parts(before: _Letter, after: _Letter, usual: float) -> bool:
    if after.blank >= _LIKELY_BLANK:
        return True
    return after.middle - before.middle > max(_WIDE_STEP * usual, 3.0)


def _piece(letters: Sequence[_Letter], usual: float, columns: float) -> LinePiece:
    reach = min(usual, 4.0) / 2

    start = max(0.0, (letters[0].middle - reach) / columns)
    end = min(1.0, (letters[-1].middle + reach) / columns)
    confidence = float(np.mean([letter.confidence for letter in letters]))
    text = _digits_mended("".join(letter.text for letter in letters))
    plain = "".join(letter.text if letter.confidence >= _SURE else _without_accent(letter.text) for letter in letters)
    return LinePiece(text, start, max(start, end), confidence, _digits_mended(plain))


def _digits_mended(text: str) -> str:
    """No number holds the letter o: among digits it is a nought."""
    return _NOUGHT.sub("0", text)


def _without_accent(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() and base.isalpha() else letter


def without_dirt(lines: Sequence[Sequence[LinePiece]]) -> list[list[LinePiece]]:
    """On a page in plain Latin letters, dirt makes most accents and foreign signs: the doubtful ones are dropped."""
    text = "".join(piece.text for line in lines for piece in line)
    letters = sum(char.isalpha() for char in text)
    foreign = sum(char.isalpha() and not char.isascii() for char in text)
    if foreign > _FOREIGN_LANGUAGE * letters:
        return [list(line) for line in lines]
    return [
        [piece._replace(text=piece.plain) for piece in line if piece.confidence >= _SURE or _is_latin(piece.plain)]
        for line in lines
    ]


def _is_latin(text: str) -> bool:
    return all(char.isascii() or not char.isalpha() for char in text)
