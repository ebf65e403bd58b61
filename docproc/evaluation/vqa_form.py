"""The form in which VQAv2 and TextVQA compare answers; knows no question.

Both are defined by what their published evaluators do, oddities included: scores are only comparable to the digit.
"""

import re
from typing import Final

_ARTICLES: Final = frozenset({"a", "an", "the"})
_NUMBER_WORDS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DIGITS: Final = {"none": "0"} | {word: str(number) for number, word in enumerate(_NUMBER_WORDS)}
#: apostrophe and colon are no punctuation here
_PUNCTUATION: Final = ';/[]"{}()=+\\_-><@`,?!'
#: not a decimal point; the point of `3.` goes too
_PERIOD: Final = re.compile(r"\.(?!\d)")
_COMMA_IN_NUMBER: Final = re.compile(r"\d,\d")

#: an answer that lacks one apostrophe of these gets it back
_CONTRACTED: Final = (
    "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd "
    "he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've "
    "needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've "
    "somebody'll somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll "
    "that's there'd there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've "
    "we've weren't what'll what're what's what've when's where'd where's where've who'd who'd've who'll who's "
    "who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've "
    "you'll you're you've"
)


def _lacking_one(contraction: str) -> list[str]:
    return [contraction[:at] + contraction[at + 1 :] for at, mark in enumerate(contraction) if mark == "'"]


_CONTRACTIONS: Final = {
    lacking: contraction for contraction in _CONTRACTED.split() for lacking in _lacking_one(contraction)
} | {"somebody'd": "somebodyd"}


def one_line(answer: str) -> str:
    """Without line ends and tabs, and without space at the ends: what both do first."""
    return answer.replace("\n", " ").replace("\t", " ").strip()


def vqa_form(answer: str) -> str:
    """VQAv2: punctuation, number words, articles, contractions, case."""
    return _words(_without_punctuation(one_line(answer)))


def textvqa_form(answer: str) -> str:
    """TextVQA: commas and question marks go first, and a possessive is a word of its own."""
    tokens = answer.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    return vqa_form(tokens)


def _without_punctuation(text: str) -> str:
    """A mark beside a space, or any mark of an answer with a number such as 1,000, is dropped; else it parts words."""
    kept = text
    has_grouped_number = _COMMA_IN_NUMBER.search(text) is not None
    for mark in _PUNCTUATION:
        dropped = has_grouped_number or f"{mark} " in text or f" {mark}" in text
        kept = kept.replace(mark, "" if dropped else " ")
    return _PERIOD.sub("", kept)


def _words(text: str) -> str:
    words = (_DIGITS.get(word, word) for word in text.lower().split())
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)
