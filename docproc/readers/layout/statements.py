"""Sentences that state whose law governs and from when an agreement binds; patterns in six languages, no geometry."""

import re
from collections.abc import Iterator
from typing import Final

from docproc.readers.layout.prose import CONTEXT, OPENING, TextHit
from docproc.values.dates import find_dates
from docproc.values.text import key

_STATE = r"(?:the\s+)?(?i:(?:State|Commonwealth|Province|(?:Federal\s+)?Republic|Kingdom)\s+of\s+)?"
_JOIN = r"(?:\s+(?:and|of|the|und|et|y|e|en)){0,2}"
_NAME = rf"(?P<name>[A-ZÄÖÜÉ][\w.'’-]*(?:{_JOIN}\s+[A-ZÄÖÜÉ][\w.'’-]*){{0,4}})"  # noqa: RUF001 as printed
#: the surest first
_LAW: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\blaws?\s+(?:and\s+regulations\s+)?(?:of|in)\s+{_STATE}{_NAME}",
        rf"\b(?:substantive|internal|local)\s+(?:\w+\s+){{0,2}}laws?\s+of\s+{_STATE}{_NAME}",
        rf"\b(?:State|Commonwealth)\s+of\s+{_NAME}",
        rf"\b{_NAME}\s+law\b",
        rf"\bRecht\s+(?:der|des)\s+{_NAME}",
        rf"\b(?:droit|loi|ley|legge|derecho|diritto|recht)\s+(?:de\s+la\s+|du\s+|de\s+|della\s+|van\s+)?{_NAME}",
    )
)
_COURTS_OF: Final = re.compile(
    rf"(?P<court>(?i:courts?\s+(?:sitting\s+|located\s+|situated\s+)?(?:of|in|at)|tribunaux\s+de|tribunales\s+de"
    rf"|foro\s+di|gerichte?\s+(?:in|von)|rechtbank\s+(?:te|van))\s+{_STATE}){_NAME}"
)
_SIGNED: Final = re.compile(
    r"\b(?:signed|signatures?|in\s+witness|executed\s+by|unterschrift(?:en)?|unterzeichnet|signé|fait\s+à|firmado|firma"
    r"|firmato|ondertekend|handtekening)\b",
    re.IGNORECASE,
)
_DATED: Final = re.compile(r"\b(?:date|dated|datum|fecha|data|le|am)\s*:?\s*$", re.IGNORECASE)
_GOVERNS = re.compile(
    r"\b(?:govern|constru|interpret|enforced|unterlieg|gilt|régi|soumis|regir|regid|disciplinat|beheerst)",
    re.IGNORECASE,
)
_COURTS = re.compile(
    r"\b(?:jurisdiction|courts?|venue|gerichtsstand|tribunaux|tribunales|foro|rechtbank)\b", re.IGNORECASE
)
_ORGANISED = re.compile(
    r"\b(?:organi[sz]ed|existing|incorporated|formed|corporation|company)\b[^.]{0,40}$", re.IGNORECASE
)
_NOT_PLACES: Final = frozenset(
    {"this", "the", "any", "such", "applicable", "agreement", "company", "state", "federal", "united", "without"}
    | {"party", "parties", "section", "contract", "governing", "choice"}
)
_NOT_AT_END: Final = _NOT_PLACES | {"and", "of", "the"}
_NATION: Final = frozenset({"usa", "us"})
_SENTENCE_END = re.compile(r"(?<=[a-z]{2})\.\s")
#: what stands before the date from which an agreement binds, and how much it says
_BINDS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (r"\b(?:effective|wirksam|in\s+kraft|en\s+vigueur|efectos?)\W+(?:\w+\W+){0,5}$", 2.4),
        (
            r"\b(?:made|entered\s+into|executed|dated|as\s+of|concluded|geschlossen|conclu|date\s+d)\b\W*"
            r"(?:\w+\W+){0,6}$",
            2.0,
        ),
    )
)
_BINDING_DEFINED = re.compile(r"\s*,?\s*\(\s*(?:the|this)?\s*[“\"']\s*effective\s+date", re.IGNORECASE)
_OTHER_AGREEMENT = re.compile(
    r"\b(?:that\s+certain|merger|amend(?:s|ed)|supersed|reference\s+is\s+made|plan|prior|previous|exercised|until)\b",
    re.IGNORECASE,
)
_PARTIES_FOLLOW = re.compile(r"\W{0,4}(?:by\s+and\s+)?(?:between|among|by)\b", re.IGNORECASE)
#: characters around a place in which a court speaks for it
NEAR: Final = 90
#: characters of a block of signatures
SIGNATURE_BLOCK: Final = 500


def find_laws(text: str) -> Iterator[TextHit]:
    """Every state or country whose law is said to apply."""
    for order, pattern in enumerate(_LAW):
        for hit in pattern.finditer(text):
            name = _place_name(hit["name"])
            if not name:
                continue
            before = text[max(0, hit.start() - CONTEXT) : hit.start()]
            strength = -0.5 - 0.3 * order
            if _GOVERNS.search(before):
                strength += 3.0
            elif _COURTS.search(before[-NEAR:] + " " + text[hit.end() : hit.end() + NEAR]):
                strength += 2.0
            if _ORGANISED.search(before[-60:]):
                strength -= 3.0
            yield TextHit(name, hit.start("name"), hit.start("name") + len(name), strength)


def find_signing_dates(text: str, *, day_first: bool | None) -> Iterator[TextHit]:
    """Every date that a signature block gives: behind `Date:`, below the words that it was signed."""
    signed = [hit.end() for hit in _SIGNED.finditer(text)]
    for span in find_dates(text, day_first=day_first):
        if len(span.readings) == 1 and _DATED.search(text[max(0, span.start - NEAR) : span.start]):
            near = any(0 <= span.start - end <= SIGNATURE_BLOCK for end in signed)
            yield TextHit(span.readings[0].isoformat(), span.start, span.end, 1.0 if near else -4.0)


def find_courts(text: str) -> Iterator[TextHit]:
    """Every place whose courts are said to decide."""
    for hit in _COURTS_OF.finditer(text):
        name = _place_name(hit["name"])
        if name:
            start = hit.start("court")
            whole = text[start : text.find(name, hit.start("name")) + len(name)]
            yield TextHit(" ".join(whole.split()), start, start + len(whole), 0.5)


def _place_name(name: str) -> str:
    """The state or country in a run of capitalised words: up to the end of its sentence, without the nation behind."""
    words = _SENTENCE_END.split(name.strip(" .,'"), maxsplit=1)[0].split()
    while len(words) > 1 and (words[-1].lower() in _NOT_AT_END or key(words[-1]) in _NATION):
        words.pop()
    if not words or words[0].lower() in _NOT_PLACES or words[-1].lower() in _NOT_AT_END:
        return ""
    return " ".join(words).strip(" .,;")


def find_binding_dates(text: str, *, day_first: bool | None) -> Iterator[TextHit]:
    """Every date in `text`, with how likely the agreement binds from it; ambiguous dates are left out."""
    for span in find_dates(text, day_first=day_first):
        if len(span.readings) != 1:
            continue
        before = text[max(0, span.start - CONTEXT) : span.start]
        strength = -1.8 + max((weight for cue, weight in _BINDS if cue.search(before[-70:])), default=0.0)
        if _BINDING_DEFINED.match(text, span.end):
            strength += 2.4
        if _PARTIES_FOLLOW.match(text, span.end):
            strength += 1.2
        if _OTHER_AGREEMENT.search(before[-110:]):
            strength -= 2.2
        strength += 0.6 if span.start < OPENING / 2 else -1.2
        yield TextHit(span.readings[0].isoformat(), span.start, span.end, strength)
