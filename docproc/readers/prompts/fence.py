"""The fence around a document's text: whatever stands inside cannot end it, nor be read as a control token or a tag.

Two things hold it. Every line of the document begins with a bar, so none of its lines can be the fence's own. And the
marks that control tokens and tags are made of are broken by a space, whichever model they belong to.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

OPENING = "<<<DOCUMENT"
CLOSING = "DOCUMENT>>>"
_BAR = "| "

#: `<|im_start|>`, `</s>`, `<tile_1>`, `<Image>`, and all of their kind: an opening mark with a name or a bar behind it;
#: a tokenizer may fold the wide forms (U+FF1C, U+FE64, U+FF5C, U+FFE8, U+FF1E) into the plain ones
_TAG_OPENS = re.compile("([<\uff1c\ufe64\u2039])(?=[\u200c\u200d]*[/|!?\uff5c\uffe8\u2581<\uff1c\\w])")
_TAG_CLOSES = re.compile("([|\uff5c\uffe8/>\uff1e])(?=[>\uff1e])")
#: `[INST]`, `[/INST]`, `[IMG]`
_BRACKETED = re.compile(r"(\[)(?=/?[A-Za-z_]{2,32}\])")
_BACKTICKS = re.compile(r"(`)(?=`)")
#: what joins letters of some scripts; every other invisible character is left away
_JOINERS = "\u200c\u200d"


def harmless(text: str) -> str:
    """`text` with a space inside whatever a model might take for a control token or a tag, on one line.

    Characters that print nothing are left away: nobody can see what they say.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(character if _is_visible(character) else _instead(character) for character in text)
    for marks in (_TAG_OPENS, _TAG_CLOSES, _BRACKETED, _BACKTICKS):
        text = marks.sub(r"\1 ", text)
    return text


def fenced(pages: Iterable[tuple[int, str]]) -> str:
    """Pages by number, between the fence's two lines."""
    lines = [OPENING]
    for number, text in pages:
        lines.append(f"--- page {number} ---")
        lines += _barred(text.split("\n"))
    return "\n".join([*lines, CLOSING])


def _barred(lines: Sequence[str]) -> list[str]:
    return [f"{_BAR}{harmless(line)}".rstrip() for line in lines]


def _is_visible(character: str) -> bool:
    # controls, formats, surrogates, private use, unassigned; line and paragraph separators
    return character in _JOINERS or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _instead(character: str) -> str:
    return " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else ""
