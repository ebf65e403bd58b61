"""MMMU's open questions: numbers and phrases that an answer may have meant, by the published rules."""

import re
from collections.abc import Iterable, Iterator, Sequence

_GROUPED = re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b")
_SCIENTIFIC = re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+")
_SIMPLE = re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])")
_SENTENCE_END = re.compile(r"\.\s(?=[A-Z])|\n")
#: what stands before the gist of a sentence; `=` only in the last one
_BEFORE_GIST = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NO_GIST = frozenset(":,.!?;'")
_DECIMALS = 2


def open_answer_right(answer: str, true: Sequence[str]) -> bool:
    """One of the true numbers is among those said, or one of the true phrases within something said."""
    known = [form for one in true for form in _forms(one)]
    phrases = [form for form in known if isinstance(form, str)]
    for said in _meant(answer):
        if isinstance(said, str):
            if any(phrase in said for phrase in phrases):
                return True
        elif said in known:
            return True
    return False


def _meant(answer: str) -> Iterator[str | float]:
    gists = list(_gists(answer.strip().strip(".").lower()))
    numbers = (number for gist in gists for number in _numbers(gist))
    for said in (*gists, *numbers):
        yield from _forms(said)


def _gists(text: str) -> Iterable[str]:
    """The shortest end of each sentence behind a word that announces an answer; without any, the whole text."""
    sentences = _SENTENCE_END.split(text)
    found = []
    for place, sentence in enumerate(sentences):
        marks = (*_BEFORE_GIST, "=") if place == len(sentences) - 1 else _BEFORE_GIST
        gist = ""
        for mark in marks:
            end = sentence.rsplit(mark, 1)[1].strip() if mark in sentence else None
            if end is not None and (not gist or len(end) < len(gist)):  # an empty end makes way for the next one
                gist = end
        if gist and gist not in _NO_GIST:
            found.append(gist)
    return found or [text]


def _numbers(text: str) -> Iterator[str]:
    for pattern in (_GROUPED, _SCIENTIFIC, _SIMPLE):
        yield from pattern.findall(text)


def _forms(text: str) -> Sequence[str | float]:
    """A number with two decimals, or lower case; a single letter with a space, so that it is not found in words."""
    text = text.strip()
    try:
        return (round(float(text.replace(",", "")), _DECIMALS),)
    except ValueError:
        lower = text.lower()
    return (f" {lower}", f"{lower} ") if len(lower) == 1 else (lower,)
