"""Whether a page's text layer can be believed; pure, knows words, boxes and an ink mask, not where they come from."""

import re
import string
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docproc.domain.geometry import Box
from docproc.domain.page import Word
from docproc.pages.loaded import PlacedImage, TextLayer

#: an image over this share of the page makes it a scan until the words prove otherwise
_SCAN_SHARE = 0.5
#: printed words over a full-page image: from here on the image is decoration (letter paper, a background)
_ENOUGH_WORDS = 40
_MAX_GARBAGE = 0.3
_MIN_ALPHANUMERIC = 0.5
#: of a hidden layer that fits its scan: words that lie on ink, ink that lies under words
_MIN_ON_INK = 0.7
_MIN_EXPLAINED = 0.35
#: replacement, private use, control and unassigned characters
_STRANGE = re.compile("[\ufffd\ue000-\uf8ff\x00-\x1f\x7f-\x9f\U000f0000-\U0010ffff]")
_PLAIN = (string.ascii_letters + string.digits).encode()
#: leaders and rules
_FILLERS = str.maketrans("", "", "._-\u2013\u2014\u2026\u00b7*=|:/")


def is_garbage(words: Sequence[Word]) -> bool:
    """No Unicode map: replacement, private and control characters, or hardly a letter or digit among signs."""
    text = "".join([word.text for word in words]).translate(_FILLERS)
    # Most text is ASCII: its letters are dropped at the speed of bytes, and only the rest is looked at.
    rest = text.encode("utf-8", "replace").translate(None, _PLAIN).decode("utf-8")
    if len(_STRANGE.findall(rest)) > _MAX_GARBAGE * len(text):
        return True
    # In some scripts a mark is part of its letter (Arabic, Devanagari).
    signs = sum(not char.isalnum() and unicodedata.category(char)[0] != "M" for char in rest)
    return signs > (1 - _MIN_ALPHANUMERIC) * len(text)


def is_scan(images: Sequence[PlacedImage], *, width: float, height: float) -> bool:
    """Whether images cover most of the page."""
    page = Box(0, 0, width, height)
    covered = sum(page.intersection(image.box) for image in images)
    return covered > _SCAN_SHARE * page.area


def needs_look(layer: TextLayer, *, width: float, height: float) -> bool:
    """Whether only a look at the pixels can tell if the layer says what the page shows."""
    return is_scan(layer.images, width=width, height=height) and (layer.hidden or len(layer.words) < _ENOUGH_WORDS)


def fits(words: Sequence[Word], ink: NDArray[np.bool_], *, width: float, height: float) -> bool:
    """Whether the words lie on the ink and the ink under the words."""
    if not words:
        return False
    rows, columns = ink.shape
    across, down = columns / width, rows / height
    under = np.zeros_like(ink)
    on_ink = 0
    for word in words:
        left, right = int(word.left * across), int(np.ceil(word.right * across))
        top, bottom = int(word.top * down), int(np.ceil(word.bottom * down))
        area = (slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right)))
        under[area] = True
        on_ink += bool(ink[area].any())
    explained = float(ink[under].sum()) / max(1.0, float(ink.sum()))
    return on_ink >= _MIN_ON_INK * len(words) and explained >= _MIN_EXPLAINED


def merged(printed: Sequence[Word], seen: Sequence[Word]) -> tuple[Word, ...]:
    """The recognised words, and the layer's own where both stand: those are exact."""
    kept = [word for word in seen if not any(_same_place(word.box, other.box) for other in printed)]
    shift = 1 + max((word.line for word in kept), default=-1)
    return (*kept, *(word._replace(line=word.line + shift) for word in printed))


def _same_place(one: Box, other: Box) -> bool:
    return one.intersection(other) > 0.4 * min(one.area, other.area) > 0
