"""How well a candidate fits a field: named features and one table of weights; chooses nothing."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp
from typing import Final

from docproc.domain.schema import NUMERIC, FieldKind
from docproc.readers.layout.candidates import Candidate, Conventions, candidates_of
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.labels import FieldLabels, Terms, known_share, own_fit, rival_fit, terms_of
from docproc.readers.layout.lines import Sheet
from docproc.readers.layout.surroundings import Label, Relation, Surroundings
from docproc.readers.layout.thesaurus import DATE_CONCEPTS, ID_CONCEPTS, MONEY_CONCEPTS, SIDES, TITLES
from docproc.readers.layout.wording import is_contact, is_label, is_title

#: signs of amounts and shares, and a time of day
_NOT_CODE = re.compile(r"[%$€£]|^\d{1,2}:\d\d")
#: what only telephone numbers are written with
_DIALLED = re.compile(r"[+() ]")
_TIME = re.compile(r"\d{1,2}:\d\d")

#: where a candidate without any label starts, by kind
BIAS: Final[Mapping[FieldKind, float]] = {
    FieldKind.MONEY: -3.2,
    FieldKind.NUMBER: -3.2,
    FieldKind.INTEGER: -3.2,
    FieldKind.PERCENT: -2.6,
    FieldKind.DATE: -2.8,
    FieldKind.ID: -3.6,
    FieldKind.IBAN: -0.5,
    FieldKind.VAT_ID: -0.5,
    FieldKind.EMAIL: -0.5,
    FieldKind.URL: -1.0,
    FieldKind.PHONE: -1.5,
    FieldKind.CURRENCY: -1.2,
    FieldKind.ENUM: -0.8,
    FieldKind.BOOLEAN: -3.2,
}
OTHER_BIAS: Final = -3.6

#: what each feature is worth
WEIGHTS: Final[Mapping[str, float]] = {
    "label": 5.2,
    "rival": -4.5,
    "other_side": -4.0,
    "first_page": 0.2,
    "top": 0.3,
    "bottom": 0.0,
    "repeated": 0.5,
    "large_print": 0.4,
    "cents": 0.7,
    "sign": 0.3,
    "bare": -0.8,
    "bare_among_cents": -1.6,
    "tax_table": -2.5,
    "paid": 1.7,
    "total_row": 0.8,
    "rounded": 1.8,
    "before_rounding": -1.2,
    "scribble": -2.0,
    "timed": 0.7,
    "negative": -0.8,
    "largest": 0.9,
    "low": 0.5,
    "sum": 1.6,
    "main": 0.9,
    "only": 1.2,
    "range": 1.2,
    "range_other": -0.9,
    "code": 0.5,
    "titled": 0.9,
    "of_receiver": -2.0,
    "unchecked": -3.5,
    "short": -1.2,
    "other_kind": -1.6,
    "joined": -0.35,
    # text
    "label_like": -3.0,
    "long": -1.5,
    "contact": -1.5,
    "no_letters": -2.0,
    # names of parties
    "legal_form": 1.8,
    "business": 1.2,
    "address_below": 1.6,
    "contact_below": 0.5,
    "facts_below": 1.0,
    "sender_line": 1.5,
    "top_rank": 2.0,
    "upper": 0.6,
    "own_domain": 1.5,
    "title_print": -3.5,
    "address_itself": -3.0,
    "prose": -2.0,
    "digits": -0.6,
    "addressee": 4.2,
    "cut": -0.5,
    "recipient": -1.5,
    # options, currencies
    "likeness": 0.5,
    "heading": 1.6,
    "in_prose": -1.5,
    "capitals": 0.5,
    "share": 3.2,
    "code_print": 0.6,
    # sentences
    "stated": 3.6,
    "statement": 1.0,
    "letter_date": 2.6,
    # addresses
    "lines": 0.8,
    "street": 0.8,
    "postcode": 1.0,
    "under_name": 1.2,
    "first_address": 1.5,
    "without_first_line": -0.6,
}
#: kinds whose values have a shape of their own
CODED: Final = frozenset({FieldKind.IBAN, FieldKind.VAT_ID, FieldKind.EMAIL, FieldKind.URL, FieldKind.PHONE})
#: the concept that a field of the kind has when its document has a single one
MAIN: Final = frozenset({"issue date", "gross total"})
LOW_CONCEPTS: Final = frozenset({"gross total", "net total", "tax amount"})
#: concepts that can speak against a value of a kind
RIVALS: Final[Mapping[FieldKind, frozenset[str]]] = {
    FieldKind.MONEY: MONEY_CONCEPTS,
    FieldKind.NUMBER: MONEY_CONCEPTS,
    FieldKind.INTEGER: MONEY_CONCEPTS,
    FieldKind.PERCENT: MONEY_CONCEPTS,
    FieldKind.DATE: DATE_CONCEPTS,
    FieldKind.ID: ID_CONCEPTS,
}
#: labels of a candidate that can speak against it
NEAR_LABELS: Final = 4
#: share of known words from which print is surely a label: only such a label speaks against a value
LABEL_SHARE: Final = 0.6
#: an id of fewer characters is likely a line number
SHORT_ID: Final = 3
#: a document's title is this much larger than its body, or in capitals, and has few words
TITLE_SIZE: Final = 1.2
TITLE_WORDS: Final = 4
#: a heading has at most this many words
HEADING_WORDS: Final = 8
#: a breakdown of taxes has at most this many rows, and no gap of more heights
TAX_TABLE_ROWS: Final = 6
TABLE_GAP: Final = 2.0
#: words from which a text is a sentence
LONG_TEXT: Final = 12


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate for a field, with the features that speak for and against it."""

    plan: FieldPlan
    candidate: Candidate
    features: Mapping[str, float]

    @property
    def score(self) -> float:
        bias = BIAS.get(self.plan.spec.kind, OTHER_BIAS)
        return bias + sum(WEIGHTS[name] * value for name, value in self.features.items())

    @property
    def probability(self) -> float:
        return 1 / (1 + exp(-self.score))


@dataclass(frozen=True)
class Prints:
    """The pages of a window as rows and blocks, and all candidates on them, found when first asked for."""

    sheets: Sequence[Sheet]
    conventions: Conventions
    _found: dict[FieldKind, list[Candidate]] = field(default_factory=dict)

    def candidates(self, kind: FieldKind) -> list[Candidate]:
        """The candidates of `kind` on all pages, in reading order."""
        if kind not in self._found:
            self._found[kind] = [
                candidate
                for sheet in self.sheets
                for candidate in candidates_of(self.surroundings(sheet), kind, self.conventions)
            ]
        return self._found[kind]

    def surroundings(self, sheet: Sheet) -> Surroundings:
        """The labels around the places of `sheet`."""
        return self._surroundings[sheet.page.number]

    @cached_property
    def _surroundings(self) -> Mapping[int, Surroundings]:
        return {sheet.page.number: Surroundings(sheet) for sheet in self.sheets}

    @cached_property
    def by_page(self) -> Mapping[int, Sheet]:
        return {sheet.page.number: sheet for sheet in self.sheets}

    @cached_property
    def titles(self) -> Terms:
        """What the document calls itself in large print at the top of its first page."""
        if not self.sheets:
            return frozenset()
        sheet = self.sheets[0]
        found: set[str] = set()
        for cell in sheet.cells:
            large = cell.height >= TITLE_SIZE * sheet.body or cell.text.isupper()
            if large and cell.box.top < sheet.page.height / 3 and len(cell.text.split()) <= TITLE_WORDS:
                found.update(set(terms_of(cell.text)) & TITLES)
        return frozenset(found)

    @cached_property
    def has_cents(self) -> bool:
        """Whether most amounts of the document are printed with cents."""
        amounts = self.candidates(FieldKind.MONEY)
        return 2 * sum(candidate.decimals == 2 for candidate in amounts) > len(amounts)  # noqa: PLR2004 cents

    def in_tax_table(self, candidate: Candidate) -> bool:
        """Whether the candidate stands below the heading of a breakdown of taxes, whose totals are not the document's."""
        return candidate.cell.row in self._tax_tables[candidate.page]

    @cached_property
    def _tax_tables(self) -> Mapping[int, frozenset[int]]:
        return {sheet.page.number: tax_table_rows(sheet) for sheet in self.sheets}

    def row_text(self, candidate: Candidate) -> str:
        """The whole row that the candidate stands in."""
        return self.by_page[candidate.page].rows[candidate.cell.row].text

    def values(self, kind: FieldKind) -> Counter[str]:
        """How often each value of `kind` is printed."""
        return Counter(candidate.value for candidate in self.candidates(kind))


def tax_table_rows(sheet: Sheet) -> frozenset[int]:
    """Rows below a heading such as `VAT summary`, or `Rate | Base | Tax`, down to the first gap."""
    found: set[int] = set()
    for row in sheet.rows:
        terms = frozenset(term for cell in row.cells for term in terms_of(cell.text))
        heading = "tax" in terms and bool(terms & {"summary", "code"}) and len(row.text.split()) <= HEADING_WORDS
        if not heading:
            continue
        last = row
        for below in sheet.rows[row.index + 1 : row.index + 1 + TAX_TABLE_ROWS]:
            if below.box.top - last.box.bottom > TABLE_GAP * row.box.height:
                break
            found.add(below.index)
            last = below
    return frozenset(found)


def score_all(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """Every candidate for the field, the best first."""
    candidates = [c for c in prints.candidates(plan.spec.kind) if _admissible(plan, c)]
    counts = prints.values(plan.spec.kind)
    largest = _largest(candidates)
    scored = [
        Scored(plan, candidate, _features(plan, candidate, prints=prints, counts=counts, largest=largest))
        for candidate in candidates
    ]
    scored.sort(key=lambda entry: -entry.score)
    return scored


def _admissible(plan: FieldPlan, candidate: Candidate) -> bool:
    spec = plan.spec
    if spec.pattern is not None and not re.fullmatch(spec.pattern, candidate.value):
        return False
    return spec.max_length is None or len(candidate.value) <= spec.max_length


def _largest(candidates: Iterable[Candidate]) -> str:
    amounts = [c for c in candidates if c.number is not None and c.decimals == 2]  # noqa: PLR2004 cents
    return max(amounts, key=lambda c: c.number or 0).value if amounts else ""


def _features(
    plan: FieldPlan, candidate: Candidate, *, prints: Prints, counts: Counter[str], largest: str
) -> dict[str, float]:
    rivals = RIVALS.get(plan.spec.kind)
    features = {**label_features(plan.labels, candidate.labels, rivals=rivals), **_position(plan, candidate, prints)}
    features["repeated"] = min(1.0, (counts[candidate.value] - 1) / 2)
    kind = plan.spec.kind
    if kind in NUMERIC:
        features |= _amount(plan, candidate, prints=prints, largest=largest)
    elif kind is FieldKind.DATE:
        features |= _day(plan, candidate, prints=prints, distinct=len(counts))
    elif kind is FieldKind.ID:
        features |= _code(plan, candidate, prints)
    elif kind is FieldKind.TEXT:
        features |= _text(candidate)
    elif kind in CODED:
        features |= _coded(plan, candidate, distinct=len(counts))
        features["of_receiver"] *= 1 - features["label"]
    return {name: value for name, value in features.items() if value}


def label_features(
    labels: FieldLabels, found: Sequence[Label], *, rivals: frozenset[str] | None = None
) -> dict[str, float]:
    """How surely the labels around a candidate name the field, and how surely they name something else."""
    own = max((own_fit(labels, label.terms) * label.trust for label in found), default=0.0)
    near = [label for label in found[:NEAR_LABELS] if known_share(label.text) >= LABEL_SHARE]
    rival = max((rival_fit(labels, label.terms, rivals=rivals) * label.trust for label in near), default=0.0)
    side = labels.terms & SIDES
    other = max((label.trust for label in near if side and not side & label.terms and label.terms & SIDES), default=0.0)
    return {"label": own, "rival": max(0.0, rival - own), "other_side": other}


def _position(plan: FieldPlan, candidate: Candidate, prints: Prints) -> dict[str, float]:
    sheet = prints.by_page[candidate.page]
    first = candidate.page == prints.sheets[0].page.number
    height = max(sheet.page.height, 1.0)
    size = candidate.cell.height / sheet.body - 1 if sheet.body else 0.0
    features = {"large_print": max(0.0, min(1.0, size))}
    if plan.labels.concepts & LOW_CONCEPTS:
        features["low"] = candidate.box.middle_y / height
    else:
        features["first_page"] = float(first)
        features["top"] = 1 - candidate.box.middle_y / height
    return features


def _amount(plan: FieldPlan, candidate: Candidate, *, prints: Prints, largest: str) -> dict[str, float]:
    money = plan.spec.kind is FieldKind.MONEY
    gross = "gross total" in plan.labels.concepts
    total_row = any("total" in label.terms for label in candidate.labels if label.relation is Relation.LEFT)
    return {
        "total_row": float(total_row and bool(plan.labels.concepts & LOW_CONCEPTS)),
        "cents": float(money and candidate.decimals == 2),  # noqa: PLR2004 cents
        "sign": float(money and candidate.currency not in {"", "%"}),
        "bare": float(money and candidate.decimals == 0 and not candidate.currency),
        "bare_among_cents": float(money and candidate.decimals == 0 and prints.has_cents),
        "tax_table": float(gross and prints.in_tax_table(candidate)),
        "negative": float(candidate.number is not None and candidate.number < 0),
        "largest": float(gross and candidate.value == largest),
        "main": float(gross and len(plan.labels.concepts) == 1 and candidate.decimals > 0),
    }


def _day(plan: FieldPlan, candidate: Candidate, *, prints: Prints, distinct: int) -> dict[str, float]:
    main = bool(plan.labels.concepts & MAIN)
    features = {"timed": float(main and bool(_TIME.search(prints.row_text(candidate)))), "only": float(distinct == 1 and (main or not plan.labels.concepts)), "main": float(main)}
    if plan.ends:
        features["range"] = float(candidate.range_place == plan.ends)
        features["range_other"] = float(candidate.range_place == 3 - plan.ends)
    else:
        features["range_other"] = float(candidate.range_place > 0)
    return features


def _code(plan: FieldPlan, candidate: Candidate, prints: Prints) -> dict[str, float]:
    digits = sum(character.isdigit() for character in candidate.value)
    best = max(candidate.labels, key=lambda label: own_fit(plan.labels, label.terms) * label.trust, default=None)
    subjects = best.terms & plan.labels.subjects if best is not None else frozenset()
    return {
        "titled": float(bool(subjects & prints.titles)),
        "code": float(digits >= SHORT_ID),
        "short": float(len(candidate.value) < SHORT_ID),
        "other_kind": float(bool(_NOT_CODE.search(candidate.value)) or _is_other_kind(candidate, prints)),
        "joined": float(candidate.joined),
    }


def _is_other_kind(candidate: Candidate, prints: Prints) -> bool:
    """Whether the same print reads as a date, an address of the net or a telephone number."""
    return any(
        other.cell is candidate.cell and other.box.intersection(candidate.box) > 0
        for kind in (FieldKind.DATE, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL)
        for other in prints.candidates(kind)
        if kind is not FieldKind.PHONE or _DIALLED.search(other.text)
    )


def _coded(plan: FieldPlan, candidate: Candidate, *, distinct: int) -> dict[str, float]:
    """Unlabelled, a telephone number or VAT id is the issuer's rather than the receiver's."""
    return {
        "only": float(distinct == 1 and "buyer" not in plan.labels.terms),
        "of_receiver": float("buyer" in plan.labels.terms),
        "unchecked": float(not candidate.checked),
    }


def _text(candidate: Candidate) -> dict[str, float]:
    return {
        "label_like": float(is_label(candidate.value) or is_title(candidate.value)),
        "contact": float(is_contact(candidate.value)),
        "long": float(len(candidate.value.split()) > LONG_TEXT),
        "no_letters": float(not any(character.isalpha() for character in candidate.value)),
    }
