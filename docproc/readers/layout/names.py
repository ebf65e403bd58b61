"""Prints that could be the name of a company or person, and what speaks for them; knows no single company."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from docproc.domain.geometry import enclosing
from docproc.domain.schema import FieldKind
from docproc.readers.layout.addresses import COLUMN_OVERLAP, line_below
from docproc.readers.layout.candidates import Candidate, Spot, candidate_at
from docproc.readers.layout.labels import best_concept, terms_of
from docproc.readers.layout.lexicon import LEGAL_FORMS
from docproc.readers.layout.lines import Cell, Sheet
from docproc.readers.layout.wording import (
    ADDRESS_LINE,
    BRACKETED_CODE,
    address_strength,
    has_business_word,
    has_legal_form,
    is_company_fact,
    is_contact,
    is_label,
    is_legal_tail,
    is_title,
    street_strength,
)
from docproc.values.text import key

#: words of a name at most, and from how many on it reads like prose
NAME_WORDS: Final = 9
PROSE_WORDS: Final = 6
#: rows below a name in which an address speaks for it, and what each row takes of that
ADDRESS_ROWS: Final = 5
FADE: Final = 0.15
#: rows from the top in which the order of names says something
RANKED_ROWS: Final = 30
#: print with fewer letters and digits is a scribble or a logo
SCRIBBLE: Final = 4
#: a word of a name that a domain may be made of
DOMAIN_LETTERS: Final = 4
#: print this much larger is a name, and what stands below it a subtitle
LARGER: Final = 1.25
#: words of a label without a colon before a name, and how surely they must be one
LABEL_WORDS: Final = 3
LED_FIT: Final = 0.95

#: concepts whose labels run into the name: `Bill to Jane Doe`
_LED_BY: Final = frozenset({"buyer name", "seller name", "advertiser", "agency"})
#: the name at the start of a sender's line
_SENDER = re.compile(r"(?P<name>[^·•|–—]{3,}?)\s+(?:[·•|–—-]|\*)\s+")  # noqa: RUF001 dashes as printed


def name_candidates(sheet: Sheet) -> Iterator[tuple[Spot, Candidate]]:
    """Every print of the page that could be the name of a party."""
    for cell in sheet.cells:
        yield from _names_in(cell, sheet)


def _names_in(cell: Cell, sheet: Sheet) -> Iterator[tuple[Spot, Candidate]]:
    text = cell.text
    label_end = _label_end(text)
    for start in {label_end} if ":" in text[:label_end] else {0, label_end}:
        name = text[start:].strip(" :;,-|")
        name = BRACKETED_CODE.sub("", name).strip() or name
        sender = _SENDER.match(name)
        if sender and street_strength(name[sender.end() :]) >= ADDRESS_LINE:  # `Name - Street - City` on one line
            name = sender["name"].strip()
        if not _could_be_name(name):
            continue
        begin = text.find(name, start)
        spot = Spot(cell, begin, begin + len(name))
        candidate = candidate_at(spot, FieldKind.TEXT, name)
        below = line_below(cell, sheet)
        while below is not None and _name_goes_on(candidate.value, below.text):
            candidate = _joined(candidate, below)
            below = line_below(below, sheet)
        yield spot, candidate


def _name_goes_on(name: str, below: str) -> bool:
    """Whether a name has its end on the next line: its legal form, or the other bracket."""
    return name.count("(") > name.count(")") or (not has_legal_form(name) and is_legal_tail(below))


def _joined(candidate: Candidate, below: Cell) -> Candidate:
    """A name whose legal form stands on the next line."""
    tail = BRACKETED_CODE.sub("", below.text).strip(" ,;-")
    text = f"{candidate.value} {tail}"
    return replace(
        candidate,
        value=text,
        text=f"{candidate.text} {tail}",
        words=candidate.words + below.words,
        box=enclosing([candidate.box, below.box]),
        joined=True,
    )


def _could_be_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    if letters <= 1 or digits > letters or len(text.split()) > NAME_WORDS:
        return False
    if text.count(")") > text.count("(") or text.startswith("("):
        return False
    return not is_label(text) and not is_contact(text) and not is_legal_tail(text)


def _label_end(text: str) -> int:
    """Where a label such as `Bill to:` or `Attn:` at the start of a cell ends; 0 when there is none."""
    colon = text.find(":")
    if 0 < colon < len(text) - 1 and is_label(text[:colon]):
        return colon + 1
    words = text.split(" ")
    for length in range(1, min(LABEL_WORDS, len(words) - 1) + 1):
        label = " ".join(words[:length])
        concept, strength = best_concept(frozenset(terms_of(label)))
        if concept in _LED_BY and strength >= LED_FIT:
            return len(label) + 1
    return 0


def name_features(candidate: Candidate, sheet: Sheet) -> dict[str, float]:
    """What speaks for a print being the name of any party, labels aside."""
    text = candidate.value
    below = _below(candidate, sheet)
    address = max((street_strength(line) * (1 - FADE * at) for at, line in enumerate(below)), default=0.0)
    return {
        "legal_form": float(has_legal_form(text)),
        "business": float(has_business_word(text)),
        "address_below": min(1.0, address / 2),
        "scribble": float(not _counts(text)),
        "title_print": float(is_title(text)),
        "address_itself": float(address_strength(text) >= ADDRESS_LINE and not has_legal_form(text)),
        "prose": float(len(text.split()) > PROSE_WORDS),
        "digits": float(any(mark.isdigit() for mark in text)),
    }


def issuer_features(candidate: Candidate, sheet: Sheet, *, first: bool, domains: Sequence[str]) -> dict[str, float]:
    """What speaks for a name being the issuer's: it stands at the top, in large print, with ways to reach it."""
    below = _below(candidate, sheet)
    rank = sum(_counts(row.text) for row in sheet.rows[: min(candidate.cell.row, RANKED_ROWS)])
    size = candidate.cell.height / sheet.body - 1 if sheet.body else 0.0
    rest = candidate.cell.text.replace(candidate.value, "", 1)
    return {
        "contact_below": float(any(is_contact(line) for line in below)),
        "facts_below": float(any(is_company_fact(line) for line in below)),
        "large_print": max(0.0, min(1.0, size)),
        "top_rank": 1 / (1 + rank) if first else 0.0,
        "subtitle": float(first and _is_subtitle(candidate, sheet)),
        "upper": max(0.0, 1 - 2 * candidate.box.top / max(sheet.page.height, 1)) if first else 0.0,
        "own_domain": float(_in_domain(candidate.value, domains)),
        "sender_line": float(street_strength(rest) >= 2 * ADDRESS_LINE),
    }


def _is_subtitle(candidate: Candidate, sheet: Sheet) -> bool:
    """Whether a name in larger print stands right above: then this says what kind of business it is."""
    if has_legal_form(candidate.value) or not candidate.cell.row:
        return False
    above = sheet.rows[candidate.cell.row - 1].cells
    names = [cell for cell in above if cell.box.horizontal_overlap(candidate.box) > COLUMN_OVERLAP]
    return any(cell.height >= LARGER * candidate.cell.height and _could_be_name(cell.text) for cell in names)


def _below(candidate: Candidate, sheet: Sheet) -> list[str]:
    """The lines below a name, in its column."""
    first = candidate.cell.row + 1
    return [
        cell.text
        for row in sheet.rows[first : first + ADDRESS_ROWS]
        for cell in row.cells
        if cell.box.horizontal_overlap(candidate.box) > COLUMN_OVERLAP / 2
    ]


@lru_cache(maxsize=8192)
def _counts(text: str) -> bool:
    """Whether a row counts when names are ranked from the top: scribbles, logos and titles do not."""
    return sum(mark.isalnum() for mark in text) >= SCRIBBLE and not is_title(text)


def _in_domain(name: str, domains: Sequence[str]) -> bool:
    """Whether one of the document's e-mail or web addresses is made of a long word of the name."""
    words = [key(word) for word in name.split()]
    words = [word for word in words if len(word) >= DOMAIN_LETTERS and word not in LEGAL_FORMS]
    return any(word in domain for domain in domains for word in words[:2])
