"""Lengths of time in running text, and how likely each is the term of the document; six languages, no geometry."""

import re
from collections.abc import Iterator
from typing import Final

from docproc.readers.layout.prose import CONTEXT, TextHit

_NUMBERS: Final = {
    name: number
    for number, names in enumerate(
        (
            "one a an ein eine einem einen un une uno una een",
            "two zwei deux dos due twee",
            "three drei trois tres tre drie",
            "four vier quatre cuatro quattro",
            "five funf fünf cinq cinco cinque vijf",
            "six sechs seis sei zes",
            "seven sieben sept siete sette zeven",
            "eight acht huit ocho otto",
            "nine neun neuf nueve nove negen",
            "ten zehn dix diez dieci tien",
            "eleven elf onze once undici",
            "twelve zwölf zwolf douze doce dodici twaalf",
        ),
        1,
    )
    for name in names.split()
} | {
    "fifteen": 15, "eighteen": 18, "twenty": 20, "twenty-four": 24, "thirty": 30, "thirty-six": 36, "sixty": 60,
    "ninety": 90,
}  # fmt: skip
_UNITS: Final = {
    "year": "year years jahr jahre jahren an ans année années ano año años anno anni jaar jaren",
    "month": "month months monat monate monaten mois mes meses mese mesi maand maanden",
    "week": "week weeks woche wochen semaine semaines semana semanas settimana settimane weken",
    "day": "day days tag tage tagen jour jours dia día días giorno giorni dag dagen",
}
_UNIT_OF: Final = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_SPAN = re.compile(
    rf"\b{_COUNT}[\s-]*(?:\(\s*(?P<digits>\d{{1,3}})\s*\)[\s-]*)?(?:full\s|consecutive\s|calendar\s)?"
    rf"(?P<unit>{'|'.join(sorted(_UNIT_OF, key=len, reverse=True))})\b(?:['’]s?)?",  # noqa: RUF001 as printed
    re.IGNORECASE,
)
#: what a sentence says before a duration, and how much that speaks for the document's term
_DURATION_CUES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (
            r"\b(?:this|the|der|die|dieser|le|présent|el|il|deze)\s+(?:[\w-]+\s+){0,3}"
            r"(?:agreement|contract|vertrag|contrat|contrato|contratto|overeenkomst)\b.{0,140}?"
            r"(?:terminat|expir|remain|continu|effective|in\s+force|in\s+effect|endet|läuft|prend\s+fin|vigueur|duur)",
            2.4,
        ),
        (
            r"[“\"]term[”\"]|\b(?:the|initial)\s+term\b|\bterm\s*(?:\.|:|of\s+this)|"
            r"\b(?:laufzeit|durée|durata|duración|looptijd)",
            1.7,
        ),
        (r"obligation.{0,120}?(?:terminat|expir|surviv|continu|remain|cease)|shall\s+(?:expire|terminate)", 1.6),
        (r"\bsurviv", -1.7),
    )
)
#: what right before a duration says that it is something else: a covenant, a deadline
_DURATION_REBUTTALS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (r"\b(?:solicit|hire|employ|compet|standstill|purchase|acqui|salary|vest|option)", -2.2),
        (r"\b(?:notice|prior\s+to|within|written|cure|pay(?:ment|able)|invoice)", -1.4),
    )
)
#: characters before a duration in which a rebuttal counts
REBUTTAL: Final = 90
_PERIOD_OF = re.compile(
    r"\b(?:(?:period|term)\s+of|für\s+die\s+dauer\s+von|durée\s+de|período\s+de|periodo\s+di|periode\s+van)\s*$",
    re.IGNORECASE,
)
#: no term has this many of any unit
MANY: Final = 100


def find_durations(text: str) -> Iterator[TextHit]:
    """Every length of time in `text`, with how likely it is the term of the document."""
    for hit in _SPAN.finditer(text):
        count = int(hit["digits"]) if hit["digits"] else _count(hit["count"])
        unit = _UNIT_OF[hit["unit"].lower()]
        if not 0 < count < MANY:
            continue
        value = f"{count} {unit}{'s' if count > 1 else ''}"
        yield TextHit(value, hit.start(), hit.end(), _duration_strength(text, hit))


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _duration_strength(text: str, hit: re.Match[str]) -> float:
    before = _sentence_start(text, hit.start())
    strength = -1.6 + sum(weight for pattern, weight in _DURATION_CUES if pattern.search(before))
    strength += sum(weight for pattern, weight in _DURATION_REBUTTALS if pattern.search(before[-REBUTTAL:]))
    if _PERIOD_OF.search(text[: hit.start()][-40:]):
        strength += 0.8
    if _UNIT_OF[hit["unit"].lower()] == "day":
        strength -= 1.5  # deadlines are in days, terms are not
    return strength


def _sentence_start(text: str, start: int) -> str:
    """The sentence up to `start`, at most `CONTEXT` characters of it."""
    return re.split(r"(?<=[a-z)])[.;]\s+(?=[A-Z(\d])", text[max(0, start - CONTEXT) : start])[-1]
