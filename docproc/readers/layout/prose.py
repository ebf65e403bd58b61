"""Running text of a window and the sentences in it that state a term; knows sentence patterns, no geometry."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from docproc.domain.page import Word
from docproc.readers.layout.lines import Sheet

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
#: what stands around a duration that is a document's term, and how much it says
_DURATION_CUES: Final = (
    (re.compile(r"(?:terms? of this|this agreement|hereof|agreement shall)", re.IGNORECASE), 1.0),
    (re.compile(r"\b(?:expire|terminat|remain in (?:full )?(?:force|effect)|in effect|surviv|endet|laufzeit|durée|expir)", re.IGNORECASE), 1.6),
    (re.compile(r"\b(?:for a (?:period|term) of|period of|term of|für die dauer von|pour une durée de|por un período de|per un periodo di|voor een periode van)\s*$", re.IGNORECASE), 1.2),
    (re.compile(r"\b(?:confidential|obligation|disclos|vertraulich|geheimhaltung)", re.IGNORECASE), 0.9),
)
_DURATION_REBUTTALS: Final = (
    (re.compile(r"\b(?:solicit|hire|employ|compet|standstill|purchase|acquire|notice|prior to|within|written|cure|payment|invoice)", re.IGNORECASE), -1.1),
)
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
            if _ORGANISED.search(before[-60:]):
                strength -= 3.0
            yield TextHit(name, hit.start("name"), hit.start("name") + len(name), strength)


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _duration_strength(text: str, hit: re.Match[str]) -> float:
    before = text[max(0, hit.start() - CONTEXT) : hit.start()]
    sentence = before[before.rfind(". ") + 1 :]
    after = text[hit.end() : hit.end() + 120]
    strength = -1.8
    for pattern, weight in _DURATION_CUES:
        strength += weight * bool(pattern.search(sentence) or (weight != 1.2 and pattern.search(after[:80])))  # noqa: PLR2004
    for pattern, weight in _DURATION_REBUTTALS:
        strength += weight * bool(pattern.search(sentence[-120:]))
    if re.match(r"\s*(?:from|after|following|ab|à compter)", after):
        strength += 0.7
    return strength


def _place_name(name: str) -> str:
    words = name.strip(" .,'").split()
    while words and (words[-1].lower() in {"and", "of", "the"} or words[-1].lower().strip(".,") in _NOT_PLACES):
        words.pop()
    if not words or words[0].lower() in _NOT_PLACES:
        return ""
    return " ".join(words).strip(" .,;")
