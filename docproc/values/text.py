"""Text in comparable forms: folded, reduced to a key, compared; knows nothing of languages beyond their letters."""

import re
import unicodedata

from rapidfuzz.distance import Levenshtein

_SPACE = re.compile(r"\s+")

#: letters that have no canonical decomposition, but that OCR and keyboards replace by these
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"}  # noqa: RUF001 the point
)
#: dashes and quotes that are typeset in many ways, and marks without width
_PUNCTUATION = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")  # noqa: RUF001 the point
    | dict.fromkeys("‘’‚‛′´`ʼ", "'")  # noqa: RUF001 the point
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff")
)


#: spaces that typesetters put between the groups of a number
_FIXED_SPACES = frozenset("\u00a0\u2007\u2008\u2009\u200a\u202f")


def fold(text: str) -> str:
    """Lower case without accents, dashes and quotes unified, white space collapsed: what a person reads as the same."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION)).casefold()
        text = unicodedata.normalize("NFKD", text)
        text = "".join(mark for mark in text if not unicodedata.combining(mark)).translate(_LETTERS)
    else:
        text = text.lower().replace("`", "'")
    return _SPACE.sub(" ", text).strip()


def key(text: str) -> str:
    """Folded letters and digits only."""
    folded = fold(text)
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def similarity(left: str, right: str) -> float:
    """1 minus the normalised Levenshtein distance of the folded texts, 0 to 1."""
    return Levenshtein.normalized_similarity(fold(left), fold(right))


def flatten(text: str) -> str:
    """Lower case without accents, character by character: every offset stays; fixed spaces become U+00A0."""
    if text.isascii():
        return text.lower()
    return "".join(_flat(mark) for mark in text)


def _flat(mark: str) -> str:
    if mark.isascii():
        return mark.lower()
    if mark.isspace():
        return "\u00a0" if mark in _FIXED_SPACES else " "
    folded = fold(mark)
    return folded if len(folded) == 1 else mark
