"""Names and addresses of the parties of a document: who issued it and who receives it; knows no single company."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from docproc.domain.geometry import enclosing
from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Candidate, Spot, candidate_at
from docproc.readers.layout.labels import FieldLabels, best_concept, terms_of
from docproc.readers.layout.lines import Block, Cell, Sheet
from docproc.readers.layout.score import FieldPlan, Prints, Scored, label_features
from docproc.readers.layout.surroundings import Surroundings
from docproc.readers.layout.thesaurus import LEGAL_FORMS
from docproc.readers.layout.wording import (
    ADDRESS_LINE,
    BRACKETED_CODE,
    POSTCODE,
    address_strength,
    has_legal_form,
    is_contact,
    is_label,
    is_title,
)
from docproc.values.codes import find_emails, find_urls
from docproc.values.text import key

#: words of a name at most
NAME_WORDS: Final = 9
#: rows below a name in which an address speaks for it
ADDRESS_ROWS: Final = 5
#: an address has at most this many lines
ADDRESS_LINES: Final = 8


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
        text = cell.text
        start = _label_end(text)
        name = text[start:].strip(" :;,-|")
        name = BRACKETED_CODE.sub("", name).strip() if len(BRACKETED_CODE.sub("", name)) > 2 else name
        if not _could_be_name(name):
            continue
        begin = text.find(name, start)
        spot = Spot(cell, begin, begin + len(name))
        yield spot, candidate_at(spot, FieldKind.TEXT, name)


def _could_be_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    if letters < 2 or digits > letters or len(text.split()) > NAME_WORDS:
        return False
    return not is_label(text) and not is_contact(text)


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
    address = max((address_strength(text) for text in below[:4]), default=0.0)
    size = candidate.cell.height / sheet.body - 1 if sheet.body else 0.0
    return {
        "legal_form": float(has_legal_form(candidate.value)),
        "address_below": min(1.0, address / 2),
        "contact_below": float(any(is_contact(text) for text in below)),
        "large_print": max(0.0, min(1.0, size)),
        "top_rank": 1 / (1 + row) if first else 0.0,
        "upper": max(0.0, 1 - 2 * candidate.box.top / max(sheet.page.height, 1)) if first else 0.0,
        "own_domain": float(_in_domain(candidate.value, sheet)),
        "title_print": float(is_title(candidate.value)),
        "address_itself": float(address_strength(candidate.value) >= ADDRESS_LINE and not has_legal_form(candidate.value)),
        "prose": float(len(candidate.value.split()) > 6),
        "digits": float(any(character.isdigit() for character in candidate.value)),
    }


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


def address_blocks(sheet: Sheet) -> Iterator[tuple[Cell, ...]]:
    """Runs of cells under one another that read like an address, without the name above."""
    for block in _columns(sheet):
        run: list[Cell] = []
        for cell in block:
            if address_strength(cell.text) >= ADDRESS_LINE or (run and _goes_on(cell, run)):
                run.append(cell)
            else:
                yield from _address(run)
                run = []
        yield from _address(run)


def _columns(sheet: Sheet) -> Iterator[Sequence[Cell]]:
    blocks: Sequence[Block] = sheet.blocks
    for block in blocks:
        yield block.cells


def _goes_on(cell: Cell, run: Sequence[Cell]) -> bool:
    """A line that is no label and no contact goes on with an address that has not yet come to its end."""
    if len(run) >= ADDRESS_LINES or is_contact(cell.text) or is_label(cell.text):
        return False
    unfinished = run[-1].text.rstrip().endswith((",", "-"))
    return unfinished or address_strength(cell.text) > 0 or not _complete(run)


def _complete(run: Sequence[Cell]) -> bool:
    return any(POSTCODE.search(cell.text) for cell in run)


def _address(run: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
    if run and sum(address_strength(cell.text) for cell in run) >= 2 * ADDRESS_LINE:
        yield tuple(run)


def score_party(plan: FieldPlan, role: Role, prints: Prints) -> list[Scored]:
    """Every candidate for a party's name or address, the best first."""
    find = _names if role.part is Part.NAME else _addresses
    scored = [entry for sheet in prints.sheets for entry in find(plan, role, sheet=sheet, prints=prints)]
    scored.sort(key=lambda entry: -entry.score)
    return scored


def _names(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    surroundings = Surroundings(sheet)
    first = sheet is prints.sheets[0]
    for spot, bare in name_candidates(sheet):
        candidate = replace(bare, labels=surroundings.labels(spot.cell, start=spot.start))
        features = label_features(plan.labels, candidate.labels, rivals=PARTY_CONCEPTS)
        features |= name_features(candidate, sheet, first=first)
        if role.side is Side.RECIPIENT:
            features["top_rank"] = features["upper"] = features["own_domain"] = features["contact_below"] = 0.0
            features["large_print"] = 0.0
            features["legal_form"] *= 0.4
            features["recipient"] = 1.0
        yield Scored(plan, candidate, {name: value for name, value in features.items() if value})


def _addresses(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    surroundings = Surroundings(sheet)
    first = sheet is prints.sheets[0]
    for run in address_blocks(sheet):
        candidate = replace(_address_candidate(run), labels=surroundings.labels(run[0], start=0))
        features = label_features(plan.labels, candidate.labels, rivals=PARTY_CONCEPTS)
        features |= {
            "lines": min(1.0, (len(run) - 1) / 2),
            "street": min(1.0, max(address_strength(cell.text) for cell in run) / 2),
            "postcode": float(any(POSTCODE.search(cell.text) for cell in run)),
        }
        if role.side is Side.ISSUER and first:
            features["top_rank"] = 1 - run[0].box.top / max(sheet.page.height, 1)
        if role.side is Side.RECIPIENT:
            features["recipient"] = 1.0
        yield Scored(plan, candidate, {name: value for name, value in features.items() if value})


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
