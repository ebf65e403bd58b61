"""Whose name or address a field asks for, and the candidates for it: who issued the document, who receives it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from docproc.domain.geometry import enclosing
from docproc.domain.schema import FieldKind
from docproc.readers.layout.addresses import (
    COLUMN_OVERLAP,
    SEPARATED,
    address_runs,
    line_above,
    line_below,
    separated_addresses,
)
from docproc.readers.layout.candidates import Candidate, Spot
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.items import item_rows
from docproc.readers.layout.labels import FieldLabels
from docproc.readers.layout.lines import Cell, Sheet, enclosing_words
from docproc.readers.layout.names import issuer_features, name_candidates, name_features
from docproc.readers.layout.prints import Prints
from docproc.readers.layout.score import Scored, label_features
from docproc.readers.layout.surroundings import Relation
from docproc.readers.layout.wording import (
    ADDRESS_LINE,
    POSTCODE,
    address_strength,
    has_business_word,
    has_legal_form,
    is_contact,
    is_label,
    is_title,
    street_strength,
)

#: an address of at most this many lines keeps its first line
MIN_LINES: Final = 2
#: print this much smaller than the body is a return address, not the receiver's
SMALL_PRINT: Final = 0.8
#: rows above an address in which its owner's name stands
NAME_ROWS: Final = 3
#: persons receive documents as well as companies do
RECIPIENT_LEGAL_FORM: Final = 0.4

#: concepts that name another party
PARTY_CONCEPTS: Final = frozenset(
    {"seller name", "buyer name", "payee", "delivery address", "contact", "agency", "advertiser"}
)
_ISSUERS: Final = frozenset({"seller", "shop", "company", "payee"})
_NAMING: Final = _ISSUERS | {"buyer", "name"}
#: terms that go with the issuer's address without saying whose it is
_PLAIN_ADDRESS: Final = frozenset({"address", "street", "name"})


class Part(StrEnum):
    """What of a party a field holds."""

    NAME = "name"
    ADDRESS = "address"


class Side(StrEnum):
    """Which party: the one that issued the document, or one that it is sent to or speaks of."""

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
    asked = words | labels.context
    recipient = "buyer" in words or ("buyer" in asked and not words & _ISSUERS)
    issuer = bool(words & _ISSUERS) or (bool(asked & _ISSUERS) and not recipient)
    if words & {"address", "street"} and "email" not in words:
        mine = not recipient and words <= _PLAIN_ADDRESS | _ISSUERS
        return Role(Side.ISSUER if mine else Side.RECIPIENT, Part.ADDRESS)
    named = words and (words <= _NAMING or bool(labels.concepts & {"seller name", "buyer name"}))
    if named and (recipient or issuer):
        return Role(Side.RECIPIENT if recipient else Side.ISSUER, Part.NAME)
    return None


def score_party(plan: FieldPlan, role: Role, prints: Prints) -> list[Scored]:
    """Every candidate for a party's name or address, the best first."""
    if plan.labels.terms & {"buyer", "seller"} and prints.is_order:  # the buyer issues an order
        side = Side.ISSUER if "buyer" in plan.labels.terms else Side.RECIPIENT
        role = replace(role, side=side)
    find = _names if role.part is Part.NAME else _addresses
    scored = [entry for sheet in prints.sheets for entry in find(plan, role, sheet=sheet, prints=prints)]
    scored.sort(key=lambda entry: -entry.score)
    return scored


def _names(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    surroundings = prints.surroundings(sheet)
    first = sheet is prints.sheets[0]
    addressees = {name.box for name, _ in _addressees(sheet)} if first and role.side is Side.RECIPIENT else set()
    for spot, bare in name_candidates(sheet):
        around = surroundings.labels(spot.cell, start=spot.start)
        candidate = replace(bare, labels=tuple(label for label in around if label.relation is not Relation.RIGHT))
        features = label_features(plan.labels, candidate.labels, rivals=PARTY_CONCEPTS)
        features |= name_features(candidate, sheet)
        features["cut"] = float(spot.start > 0 and ":" not in spot.cell.text[: spot.start])
        if role.side is Side.RECIPIENT:
            features["legal_form"] *= RECIPIENT_LEGAL_FORM
            features["recipient"] = 1.0
            features["addressee"] = float(spot.cell.box in addressees)
        else:
            features |= issuer_features(candidate, sheet, first=first, domains=prints.domains)
        yield Scored(plan, candidate, {name: value for name, value in features.items() if value})


def _addressees(sheet: Sheet) -> Iterator[tuple[Cell, tuple[Cell, ...]]]:
    """Whom a letter without labels could be for: a name and the address under it, in the upper half of the page.

    The sender's own block tells how to reach the sender; the receiver's never does.
    """
    items = item_rows(sheet)
    for run in address_runs(sheet):
        line = run[0]
        if line.row in items:
            continue
        while (above := line_above(line, sheet)) is not None and _belongs(above, sheet):
            line = above
        below = line_below(run[-1], sheet)
        own = below is not None and is_contact(below.text)
        if line is not run[0] and not own and line.box.top < sheet.page.height / 2:
            yield line, run


def _belongs(cell: Cell, sheet: Sheet) -> bool:
    """Whether a line can be the name over an address: no label, no contact, and no return address on one line."""
    if SEPARATED.search(cell.text) and street_strength(cell.text) >= ADDRESS_LINE:
        return False
    small = cell.height < SMALL_PRINT * sheet.body
    return not (small or is_label(cell.text) or is_contact(cell.text) or is_title(cell.text))


def _addresses(plan: FieldPlan, role: Role, *, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    first = sheet is prints.sheets[0]
    addressed = [run for _, run in _addressees(sheet)] if first and role.side is Side.RECIPIENT else []
    for order, run in enumerate(address_runs(sheet)):
        for cut in (0, 1) if len(run) > MIN_LINES else (0,):  # its first line may turn out to be the name
            entry = _address_entry(plan, run[cut:], sheet=sheet, prints=prints)
            features = dict(entry.features) | {"without_first_line": float(cut)}
            if role.side is Side.RECIPIENT:
                features["recipient"] = 1.0
                features["addressee"] = float("buyer" in plan.labels.terms and run in addressed)
            elif first:
                features["upper"] = 1 - run[0].box.top / max(sheet.page.height, 1)
                features["first_address"] = 1 / (1 + order)
            yield replace(entry, features={name: value for name, value in features.items() if value})
    if role.side is Side.ISSUER and first:
        yield from _letterheads(plan, sheet, prints)


def _letterheads(plan: FieldPlan, sheet: Sheet, prints: Prints) -> Iterator[Scored]:
    """Addresses on one line, such as `12 High Street · York YO1 7HF · mail@example.org`."""
    for cell, spans in separated_addresses(sheet):
        words = tuple(word for span in spans for word in Spot(cell, *span).words)
        parts = [cell.text[start:end] for start, end in spans]
        entry = _address_entry(plan, (cell,), sheet=sheet, prints=prints)
        candidate = replace(
            entry.candidate, value=", ".join(parts), text=" ".join(parts), words=words, box=enclosing_words(words)
        )
        upper = 1 - cell.box.top / max(sheet.page.height, 1)
        features = {**entry.features, "upper": upper, "sender_line": 1.0, "first_address": 1.0}
        yield replace(entry, candidate=candidate, features=features)


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
