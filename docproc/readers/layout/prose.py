"""Running text of a window and the sentences in it that state a term; knows sentence patterns, no geometry."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from docproc.domain.page import Word
from docproc.readers.layout.lines import Sheet
from docproc.values.dates import find_dates

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
} | {"fifteen": 15, "eighteen": 18, "twenty": 20, "twenty-four": 24, "thirty": 30, "thirty-six": 36, "sixty": 60, "ninety": 90}
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
            r"\b(?:this|the|der|die|dieser|le|présent|el|il|deze)\s+(?:[\w-]+\s+){0,3}(?:agreement|contract|vertrag|contrat|"
            r"contrato|contratto|overeenkomst)\b.{0,140}?(?:terminat|expir|remain|continu|effective|in\s+force|in\s+effect|"
            r"endet|läuft|prend\s+fin|vigueur|termina|duur)",
            2.4,
        ),
        (
            r"[“\"]term[”\"]|\b(?:the|initial)\s+term\b|\bterm\s*(?:\.|:|of\s+this)|\blaufzeit|\bdurée|\bdurata|\bduración|"
            r"\blooptijd",
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
    r"\b(?:(?:period|term)\s+of|für\s+die\s+dauer\s+von|durée\s+de|período\s+de|periodo\s+di|periode\s+van)\s*$", re.IGNORECASE
)
#: what stands before the date from which an agreement binds, and how much it says
_BINDS = (
    (re.compile(r"\b(?:effective|wirksam|in\s+kraft|en\s+vigueur|efectos?)\W+(?:\w+\W+){0,5}$", re.IGNORECASE), 2.4),
    (
        re.compile(
            r"\b(?:made|entered\s+into|executed|dated|as\s+of|concluded|geschlossen|conclu|date\s+d)\b\W*(?:\w+\W+){0,6}$", re.IGNORECASE
        ),
        2.0,
    ),
)
_BINDING_DEFINED = re.compile(r"\s*,?\s*\(\s*(?:the|this)?\s*[“\"']\s*effective\s+date", re.IGNORECASE)
_OTHER_AGREEMENT = re.compile(
    r"\b(?:that\s+certain|merger|amend(?:s|ed)|supersed|reference\s+is\s+made|plan|prior|previous|exercised|until)\b", re.IGNORECASE
)
_PARTIES_FOLLOW = re.compile(r"\W{0,4}(?:by\s+and\s+)?(?:between|among|by)\b", re.IGNORECASE)
_NAME = r"(?P<name>[A-ZÄÖÜÉ][\w.'’-]*(?:(?:\s+(?:and|of|the|und|et|y|e|en)){0,2}\s+[A-ZÄÖÜÉ][\w.'’-]*){0,4})"  # noqa: RUF001 as printed
_LAW = (
    re.compile(
        r"\blaws?\s+(?:and\s+regulations\s+)?(?:of|in)\s+(?:the\s+)?(?:(?:State|Commonwealth|Province|Republic|Federal\s+Republic|Kingdom)\s+of\s+)?" + _NAME
    ),
    re.compile(r"\b(?:substantive|internal|local)\s+(?:\w+\s+){0,2}laws?\s+of\s+(?:the\s+)?(?:(?:State|Commonwealth)\s+of\s+)?" + _NAME),
    re.compile(r"\b(?:State|Commonwealth)\s+of\s+" + _NAME),
    re.compile(r"\b" + _NAME + r"\s+law\b"),
    re.compile(r"\bRecht\s+(?:der|des)\s+" + _NAME),
    re.compile(r"\b(?:droit|loi|ley|legge|derecho|diritto|recht)\s+(?:de\s+la\s+|du\s+|de\s+|della\s+|van\s+)?" + _NAME),
)
_GOVERNS = re.compile(
    r"\b(?:govern|constru|interpret|enforced|unterlieg|gilt|régi|soumis|regir|regid|disciplinat|beheerst)", re.IGNORECASE
)
_COURTS = re.compile(r"\b(?:jurisdiction|courts?|venue|gerichtsstand|tribunaux|tribunales|foro|rechtbank)\b", re.IGNORECASE)
_ORGANISED = re.compile(r"\b(?:organi[sz]ed|existing|incorporated|formed|corporation|company)\b[^.]{0,40}$", re.IGNORECASE)
_NOT_PLACES: Final = frozenset(
    "this the any such applicable agreement company state federal united without party parties section contract".split()
)
#: characters before a hit that are read for cues
CONTEXT: Final = 220


class TextHit(NamedTuple):
    """A value in the running text."""

    value: str
    start: int
    end: int
    #: how much speaks for it; 0 is undecided
    strength: float


@dataclass(frozen=True)
class Prose:
    """All words of a window in reading order as one text."""

    text: str
    words: Sequence[Word]
    pages: Sequence[int]
    starts: Sequence[int]

    def spot(self, start: int, end: int) -> tuple[int, tuple[Word, ...]]:
        """Page number and words of a stretch of the text; of the first page only when it crosses two."""
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect_right(self.starts, end - 1))
        page = self.pages[first]
        return page, tuple(word for word, at in zip(self.words[first:last], self.pages[first:last], strict=True) if at == page)

    @cached_property
    def opening(self) -> str:
        """The text up to where an agreement has named its parties."""
        return self.text[:OPENING]


#: characters in which an agreement names its parties
OPENING: Final = 3500


def prose_of(sheets: Sequence[Sheet]) -> Prose:
    """The running text of the pages: rows from top to bottom, words hyphenated at line ends left as they are."""
    words: list[Word] = []
    pages: list[int] = []
    starts: list[int] = []
    length = 0
    for sheet in sheets:
        for row in sheet.rows:
            for word in row.words:
                words.append(word)
                pages.append(sheet.page.number)
                starts.append(length)
                length += len(word.text) + 1
    return Prose(" ".join(word.text for word in words), words, pages, starts)


def find_durations(text: str) -> Iterator[TextHit]:
    """Every length of time in `text`, with how likely it is the term of the document."""
    for hit in _SPAN.finditer(text):
        count = int(hit["digits"]) if hit["digits"] else _count(hit["count"])
        unit = _UNIT_OF[hit["unit"].lower()]
        if not 0 < count < 100:  # noqa: PLR2004 no term has a hundred of anything
            continue
        value = f"{count} {unit}{'s' if count > 1 else ''}"
        yield TextHit(value, hit.start(), hit.end(), _duration_strength(text, hit))


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
            elif _COURTS.search(before[-90:] + " " + text[hit.end() : hit.end() + 90]):
                strength += 2.0
            if _ORGANISED.search(before[-60:]):
                strength -= 3.0
            yield TextHit(name, hit.start("name"), hit.start("name") + len(name), strength)


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


def _place_name(name: str) -> str:
    words = name.strip(" .,'").split()
    while words and (words[-1].lower() in {"and", "of", "the"} or words[-1].lower().strip(".,") in _NOT_PLACES):
        words.pop()
    if not words or words[0].lower() in _NOT_PLACES:
        return ""
    return " ".join(words).strip(" .,;")
