"""Names and addresses of the parties of a document: who issued it and who receives it; knows no single company."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from docproc.domain.geometry import enclosing
from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Candidate, Spot, candidate_at
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.labels import FieldLabels, best_concept, terms_of
from docproc.readers.layout.lines import Cell, Sheet
from docproc.readers.layout.score import Prints, Scored, label_features
from docproc.readers.layout.thesaurus import LEGAL_FORMS
from docproc.readers.layout.wording import (
    ADDRESS_LINE,
    BRACKETED_CODE,
    POSTCODE,
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
from docproc.values.codes import find_emails, find_urls
from docproc.values.dates import find_dates
from docproc.values.numbers import find_numbers
from docproc.values.text import key

#: words of a name at most
NAME_WORDS: Final = 9
#: rows below a name in which an address speaks for it
ADDRESS_ROWS: Final = 5
#: an address has at most this many lines
ADDRESS_LINES: Final = 8
#: one of at most this many keeps its first line
MIN_LINES: Final = 2
#: lines of an address stand at most this many heights apart
ADDRESS_GAP: Final = 0.9
COLUMN_OVERLAP: Final = 0.3
#: a line without a number, such as the country, has at most this many words
COUNTRY_WORDS: Final = 5
#: print this much smaller than the body is a return address, not the receiver's
SMALL_PRINT: Final = 0.8
#: rows above an address in which its owner's name stands
NAME_ROWS: Final = 3


#: the name at the start of a sender's line
_SENDER = re.compile(r"(?P<name>[^·•|–—]{3,}?)\s+(?:[·•|–—-]|\*)\s+")  # noqa: RUF001 dashes as printed


class Part(StrEnum):
    """What of a party a field holds."""

    NAME = "name"
    ADDRESS = "address"


class Side(StrEnum):
    """Which party: the one that issued the document, or the one that receives it."""

    ISSUER = "issuer"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Role:
    """What of which party."""

    side: Side
    part: Part


def role_of(labels: FieldLabels) -> Role | None:
    """The role that a text field's labels speak of; None when it is not a party's name or address."""
    words = labels.terms
    if not words:
        return None
    asked = words | labels.context
    recipient = "buyer" in words or ("buyer" in asked and not words & _ISSUERS)
    issuer = bool(words & _ISSUERS) or (bool(asked & _ISSUERS) and not recipient)
    if words & {"address", "street"} and "email" not in words:
        return Role(Side.RECIPIENT if recipient else Side.ISSUER, Part.ADDRESS)
    named = words <= _NAMING or bool(labels.concepts & {"seller name", "buyer name"})
    if named and (recipient or issuer):
        return Role(Side.RECIPIENT if recipient else Side.ISSUER, Part.NAME)
    return None


#: concepts that name another party
PARTY_CONCEPTS: Final = frozenset(
    {"seller name", "buyer name", "payee", "delivery address", "contact", "agency", "advertiser"}
)
_ISSUERS: Final = frozenset({"seller", "shop", "company", "payee"})
_NAMING: Final = _ISSUERS | {"buyer", "name"}


def name_candidates(sheet: Sheet) -> Iterator[tuple[Spot, Candidate]]:
    """Every print of the page that could be the name of a party."""
    for cell in sheet.cells:
        yield from _names_in(cell, sheet)


def _names_in(cell: Cell, sheet: Sheet) -> Iterator[tuple[Spot, Candidate]]:
    text = cell.text
    label_end = _label_end(text)
    for start in {label_end} if ":" in text[:label_end] else {0, label_end}:
        name = text[start:].strip(" :;,-|")
        name = BRACKETED_CODE.sub("", name).strip() if len(BRACKETED_CODE.sub("", name)) > 2 else name
        sender = _SENDER.match(name)
        if sender and street_strength(name[sender.end() :]) >= ADDRESS_LINE:  # `Name - Street - City` on one line
            name = sender["name"].strip()
        if not _could_be_name(name):
            continue
        begin = text.find(name, start)
        spot = Spot(cell, begin, begin + len(name))
        candidate = candidate_at(spot, FieldKind.TEXT, name)
        below = _next_line(cell, sheet)
        while below is not None and _name_goes_on(candidate.value, below.text):
            candidate = _joined(candidate, below)
            below = _next_line(below, sheet)
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
    if text.count(")") > text.count("(") or letters < 2 or digits > letters or len(text.split()) > NAME_WORDS:
        return False
    if text.startswith("(") and text.endswith(")"):
        return False
    return not is_label(text) and not is_contact(text) and not is_legal_tail(text)


def _label_end(text: str) -> int:
    """Where a label such as `Bill to:` or `Attn:` at the start of a cell ends; 0 when there is none."""
    colon = text.find(":")
    if 0 < colon < len(text) - 1 and is_label(text[:colon]):
        return colon + 1
    words = text.split(" ")
    position = 0
    for index, word in enumerate(words[:3]):
        position += len(word) + 1
        concept, strength = best_concept(frozenset(terms_of(" ".join(words[: index + 1]))))
        if concept in {"buyer name", "seller name", "advertiser", "agency"} and strength >= 0.95 and len(words) > index + 1:
            return position
    return 0


def name_features(candidate: Candidate, sheet: Sheet, *, first: bool) -> dict[str, float]:
    """What speaks for a print being the issuer's name, labels aside."""
    rows = sheet.rows
    row = candidate.cell.row
    below = [text for other in rows[row + 1 : row + 1 + ADDRESS_ROWS] for text in _under(candidate, other.cells)]
    address = max((street_strength(text) * (1 - 0.15 * at) for at, text in enumerate(below[:5])), default=0.0)
    rank = sum(_counts(other.text) for other in rows[:row])
    size = candidate.cell.height / sheet.body - 1 if sheet.body else 0.0
    return {
        "legal_form": float(has_legal_form(candidate.value)),
        "address_below": min(1.0, address / 2),
        "contact_below": float(any(is_contact(text) for text in below)),
        "facts_below": float(any(is_company_fact(text) for text in below)),
        "large_print": max(0.0, min(1.0, size)),
        "business": float(has_business_word(candidate.value)),
        "top_rank": 1 / (1 + rank) if first else 0.0,
        "upper": max(0.0, 1 - 2 * candidate.box.top / max(sheet.page.height, 1)) if first else 0.0,
        "own_domain": float(_in_domain(candidate.value, sheet)),
        "sender_line": float(street_strength(candidate.cell.text.replace(candidate.value, "", 1)) >= 2 * ADDRESS_LINE),
        "scribble": float(not _counts(candidate.value)),
        "title_print": float(is_title(candidate.value)),
        "address_itself": float(address_strength(candidate.value) >= ADDRESS_LINE and not has_legal_form(candidate.value)),
        "prose": float(len(candidate.value.split()) > 6),
        "digits": float(any(character.isdigit() for character in candidate.value)),
    }


def _counts(text: str) -> bool:
    """Whether a row counts when names are ranked from the top: scribbles, logos and titles do not."""
    return sum(mark.isalnum() for mark in text) >= 4 and not is_title(text)  # noqa: PLR2004 shorter is a scribble


def _under(candidate: Candidate, cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        if cell.box.horizontal_overlap(candidate.box) > 0.2:
            yield cell.text


def _in_domain(name: str, sheet: Sheet) -> bool:
    """Whether the page's e-mail or web address is made of the name's first long word."""
    words = [key(word) for word in name.split()]
    words = [word for word in words if len(word) > 3 and word not in LEGAL_FORMS]
    return any(word in domain for domain in domains(sheet) for word in words[:2])


@lru_cache(maxsize=64)
def domains(sheet: Sheet) -> tuple[str, ...]:
    """The e-mail and web domains on the page."""
    found = []
    for cell in sheet.cells:
        if "@" in cell.text or "www" in cell.text.lower() or "http" in cell.text:
            found.extend(span.code.rpartition("@")[2] for span in find_emails(cell.text))
            found.extend(span.code for span in find_urls(cell.text))
    return tuple(found)


def address_runs(sheet: Sheet) -> Iterator[tuple[Cell, ...]]:
    """Runs of cells under one another that read like an address, without the name above."""
    used: set[int] = set()
    for cell in sheet.cells:
        if id(cell) in used or not _begins(cell) or _labelled_otherwise(cell, sheet):
            continue
        run = [cell]
        while (following := _next_line(run[-1], sheet)) is not None and _goes_on(following, run):
            if _labelled_otherwise(following, sheet):
                break
            run.append(following)
        used.update(id(line) for line in run)
        if sum(address_strength(line.text) for line in run) >= 2 * ADDRESS_LINE:
            yield tuple(run)


def _begins(cell: Cell) -> bool:
    return address_strength(cell.text) >= ADDRESS_LINE / 2 and not has_legal_form(cell.text) and not is_label(cell.text)


def _labelled_otherwise(cell: Cell, sheet: Sheet) -> bool:
    """Whether a label left of the cell says that it is something else than an address."""
    left = [other.text for other in sheet.rows[cell.row].cells if other.box.right <= cell.box.left]
    if not left or not left[-1].rstrip().endswith(":"):
        return False
    return not frozenset(terms_of(left[-1])) & {"address", "street", "city", "postcode", "country", "buyer", "delivery"}


def _next_line(cell: Cell, sheet: Sheet) -> Cell | None:
    """The cell right below, without a gap, that covers the same column."""
    for row in sheet.rows[cell.row + 1 : cell.row + 3]:
        if row.box.top - cell.box.bottom > ADDRESS_GAP * cell.height:
            return None
        below = [other for other in row.cells if other.box.horizontal_overlap(cell.box) > COLUMN_OVERLAP]
        if below:
            return below[0]
    return None


def _goes_on(cell: Cell, run: Sequence[Cell]) -> bool:
    """Whether a line still belongs to the address above: no contact, no label, no other name, no date or amount."""
    text = cell.text
    if len(run) >= ADDRESS_LINES or is_contact(text) or is_label(text) or is_title(text) or has_legal_form(text):
        return False
    if find_dates(text, day_first=True) or any(number.decimals for number in find_numbers(text)):
        return False
    if run[-1].text.rstrip().endswith((",", "-")) or address_strength(text) > 0:
        return True
    return not any(mark.isdigit() for mark in text) and len(text.split()) <= COUNTRY_WORDS


def score_party(plan: FieldPlan, role: Role, prints: Prints) -> list[Scored]:
    """Every candidate for a party's name or address, the best first."""
    find = _names if role.part is Part.NAME else _addresses
    scored = [entry for sheet in prints.sheets for entry in find(plan, role, sheet=sheet, prints=prints)]
    scored.sort(key=lambda entry: -entry.score)
    return scored


def _names(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    surroundings = prints.surroundings(sheet)
    first = sheet is prints.sheets[0]
    addressees = _addressee_rows(sheet) if first else frozenset()
    for spot, bare in name_candidates(sheet):
        candidate = replace(bare, labels=surroundings.labels(spot.cell, start=spot.start))
        features = label_features(plan.labels, candidate.labels, rivals=PARTY_CONCEPTS)
        features |= name_features(candidate, sheet, first=first)
        features["cut"] = float(spot.start > 0 and ":" not in spot.cell.text[: spot.start])
        if role.side is Side.RECIPIENT:
            features["top_rank"] = features["upper"] = features["own_domain"] = features["contact_below"] = 0.0
            features["facts_below"] = features["sender_line"] = 0.0
            features["large_print"] = 0.0
            features["legal_form"] *= 0.4
            features["recipient"] = 1.0
            features["addressee"] = float((spot.cell.row, spot.cell.box.left) in addressees)
        yield Scored(plan, candidate, {name: value for name, value in features.items() if value})


def _addressee_rows(sheet: Sheet) -> frozenset[tuple[int, float]]:
    """Where blocks begin that could be whom a letter is for: a name over an address in the upper half of the page.

    The sender's own block tells how to reach the sender; the receiver's never does.
    """
    starts = set()
    for run in address_runs(sheet):
        line = run[0]
        while (above := _line_above(line, sheet)) is not None and _belongs(above, sheet):
            line = above
        below = _next_line(run[-1], sheet)
        own = below is not None and is_contact(below.text)
        if line is not run[0] and not own and line.box.top < sheet.page.height / 2:
            starts.add((line.row, line.box.left))
    return frozenset(starts)


def _belongs(cell: Cell, sheet: Sheet) -> bool:
    """Whether a line can be the name over an address: no label, no contact, and no return address in small print."""
    small = cell.height < SMALL_PRINT * sheet.body
    return not (small or is_label(cell.text) or is_contact(cell.text) or is_title(cell.text))


def _line_above(cell: Cell, sheet: Sheet) -> Cell | None:
    """The cell right above, without a gap, that begins at the same place."""
    for row in reversed(sheet.rows[max(0, cell.row - 2) : cell.row]):
        if cell.box.top - row.box.bottom > ADDRESS_GAP * cell.height:
            return None
        for other in row.cells:
            if abs(other.box.left - cell.box.left) < cell.height:
                return other
    return None


def _addresses(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    first = sheet is prints.sheets[0]
    for order, run in enumerate(address_runs(sheet)):
        for cut in (0, 1) if len(run) > MIN_LINES else (0,):  # its first line may turn out to be the name
            entry = _address_entry(plan, run[cut:], sheet=sheet, prints=prints)
            features = dict(entry.features) | {"without_first_line": float(cut)}
            if role.side is Side.RECIPIENT:
                features["recipient"] = 1.0
            elif first:
                features["upper"] = 1 - run[0].box.top / max(sheet.page.height, 1)
                features["first_address"] = 1 / (1 + order)
            yield replace(entry, features={name: value for name, value in features.items() if value})


def _address_entry(plan: FieldPlan, run: Sequence[Cell], *, sheet: Sheet, prints: Prints) -> Scored:
    labels = prints.surroundings(sheet).labels(run[0], start=0)
    candidate = replace(_address_candidate(run), labels=labels)
    features = label_features(plan.labels, labels, rivals=PARTY_CONCEPTS) | {
        "under_name": float(_under_name(run[0], sheet)),
        "lines": min(1.0, (len(run) - 1) / 2),
        "street": min(1.0, max(address_strength(cell.text) for cell in run) / 2),
        "postcode": float(any(POSTCODE.search(cell.text) for cell in run)),
    }
    return Scored(plan, candidate, features)


def _under_name(cell: Cell, sheet: Sheet) -> bool:
    """Whether a company's name stands right above an address."""
    above = sheet.rows[max(0, cell.row - NAME_ROWS) : cell.row]
    return any(
        has_legal_form(other.text) or has_business_word(other.text)
        for row in above
        for other in row.cells
        if other.box.horizontal_overlap(cell.box) > COLUMN_OVERLAP
    )


def _address_candidate(run: Sequence[Cell]) -> Candidate:
    words = tuple(word for cell in run for word in cell.words)
    text = " ".join(cell.text for cell in run)
    return Candidate(
        kind=FieldKind.TEXT,
        value=text.strip(" ,;"),
        text=text,
        page=run[0].page,
        box=enclosing(cell.box for cell in run),
        words=words,
        cell=run[0],
        joined=True,
    )
