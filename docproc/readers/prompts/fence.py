"""The fence around a document's text: whatever stands inside cannot end it, nor be read as a control token or a tag.

Two things hold it. Every line of the document begins with a bar, so none of its lines can be the fence's own. And the
marks that control tokens and tags are made of are broken by a space, whichever model they belong to.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

OPENING = "<<<DOCUMENT"
CLOSING = "DOCUMENT>>>"
_BAR = "| "

#: what joins letters of some scripts; every other invisible character is left away
_JOINERS = "\u200c\u200d"
_JOINED = f"[{_JOINERS}]*"
#: what is looked for in folded text: the mark behind which a space goes, and what follows it
_MARKS = re.compile(
    # `<|im_start|>`, `</s>`, `<tile_1>`, `<Image>`, and all of their kind: an opening mark, then a name or a bar
    rf"[<\u2039](?={_JOINED}[/|!?\u2502\u2581<\w])"
    rf"|[|\u2502/>](?={_JOINED}>)"
    # `[INST]`, `[/INST]`, `[IMG]`
    rf"|\[(?={_JOINED}/?[A-Za-z_{_JOINERS}]{{2,32}}\])"
    rf"|`(?={_JOINED}`)"
)


def harmless(text: str) -> str:
    """`text` with a space inside whatever a model might take for a control token or a tag, on one line.

    Characters that print nothing are left away: nobody can see what they say.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(character if _is_visible(character) else _instead(character) for character in text)
    ends = (found.end() for found in _MARKS.finditer(_folded(text)))
    return " ".join(text[start:end] for start, end in pairwise([0, *ends, len(text)]))


def _folded(text: str) -> str:
    """Wide, small and mathematical forms as the plain ones that a tokenizer may take them for, at the same places."""
    return text if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    return unicodedata.normalize("NFKC", character)[0]


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
