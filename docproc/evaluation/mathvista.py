"""MathVista: the answer taken out of a response by rules, and compared in the form that its type asks for.

The official extraction asks a language model where rules do not reach; a response that was extracted before passes
through unchanged.
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

_LETTER = re.compile(r"\(([a-zA-Z])\)")
_LONE_LETTER = re.compile(r"(?:answer|option|choice)(?: is)?:? \(?([A-Z])\)?(?![\w'])|^([A-Z])(?:[.):]|$)")
_QUOTED = re.compile(r'The answer is "(.*)"\.')
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?|-?\.\d+")
_LIST = re.compile(r"\[[^\[\]]*\]")


def extract_answer(response: str, *, choices: Sequence[str], answer_type: str) -> str:
    """What the response gives as its answer: an option, a number or a list; itself when no rule applies."""
    text = response.strip()
    if text in choices or _is_plain(text, answer_type):
        return text
    if quoted := _QUOTED.search(text):
        return quoted[1]
    if choices:
        letters = [first or second for first, second in _LONE_LETTER.findall(text)] or _LETTER.findall(text)
        return letters[-1] if letters else text
    found = (_LIST if answer_type == "list" else _NUMBER).findall(text)
    return found[-1].replace(",", "") if found and answer_type != "list" else found[-1] if found else text


def normal_answer(extraction: str, *, choices: Sequence[str], answer_type: str, precision: int) -> str | None:
    """The extraction as the truth is written; None when it is not of that type.

    Of options the one that the letter names, else the one with the least edit distance.
    """
    text = extraction.strip()
    if choices:
        letters = _LETTER.findall(text)
        letter = letters[0].upper() if letters else text
        place = ord(letter) - ord("A") if len(letter) == 1 else -1
        if 0 <= place < len(choices):
            return choices[place]
        return min(choices, key=lambda choice: Levenshtein.distance(letter, choice))
    try:
        if answer_type == "integer":
            return str(int(float(text)))
        if answer_type == "float":
            return str(round(float(text), precision))
    except (ValueError, OverflowError):
        return None
    return text


def _is_plain(text: str, answer_type: str) -> bool:
    try:
        if answer_type == "integer":
            int(text)
        elif answer_type == "float":
            float(text)
        else:
            return False
    except ValueError:
        return False
    return True
