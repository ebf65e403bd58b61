"""How well a candidate fits a field: named features and one table of weights; chooses nothing."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from docproc.domain.schema import NUMERIC, FieldKind
from docproc.readers.layout.candidates import Candidate
from docproc.readers.layout.concepts import DATE_CONCEPTS, ID_CONCEPTS, MONEY_CONCEPTS
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.labels import FieldLabels, known_share, own_fit, rival_fit, terms_of
from docproc.readers.layout.prints import Prints
from docproc.readers.layout.surroundings import Label, Relation
from docproc.readers.layout.thesaurus import GENERIC, SIDES
from docproc.readers.layout.weights import BIAS, OTHER_BIAS, WEIGHTS
from docproc.readers.layout.wording import is_contact, is_label, is_title

#: signs of amounts and shares, and a time of day
_NOT_CODE = re.compile(r"[%$€£]|^\d{1,2}:\d\d")
#: what only telephone numbers are written with
_DIALLED = re.compile(r"[+() ]")
#: `30 days net` is no label though its words are, `2. Name` is
_FIGURED = re.compile(r"\d(?![.)])")
#: an amount with cents
_AMOUNT = re.compile(r"\d{1,3}(?:[ .,']?\d{3})*[.,]\d\d")
_TIME = re.compile(r"\d{1,2}:\d\d")

#: kinds whose values have a shape of their own
CODED: Final = frozenset({FieldKind.IBAN, FieldKind.VAT_ID, FieldKind.EMAIL, FieldKind.URL, FieldKind.PHONE})
#: the concept that a field of the kind has when its document has a single one
MAIN: Final = frozenset({"issue date", "gross total"})
#: what a schema with a single item may ask of it
OF_ITEMS: Final = frozenset({"unit price", "quantity", "line amount", "tax rate"})
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
#: print behind a label this sure is its value, even if its words are those of labels
LABELLED: Final = 0.95
#: a label less sure than this hardly names a text
SURE_TEXT: Final = 0.75
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
        features |= _text(candidate, labelled=features["label"] >= LABELLED)
        features["says_so"] = float(_says_so(plan, candidate, features))
        features["vague"] = float(features["label"] < SURE_TEXT and _is_named_from_above(plan, candidate))
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
        "in_items": float(not plan.labels.concepts & OF_ITEMS and prints.in_items(candidate)),
        "other_kind": float(candidate.decimals == 0 and _is_other_kind(candidate, prints)),
        "negative": float(candidate.number is not None and candidate.number < 0),
        "largest": float(gross and candidate.value == largest),
        "main": float(gross and len(plan.labels.concepts) == 1 and candidate.decimals > 0),
    }


def _day(plan: FieldPlan, candidate: Candidate, *, prints: Prints, distinct: int) -> dict[str, float]:
    main = bool(plan.labels.concepts & MAIN)
    best = max(candidate.labels, key=lambda label: own_fit(plan.labels, label.terms) * label.trust, default=None)
    above = best is not None and best.relation is Relation.ABOVE
    features = {
        "timed": float(main and bool(_TIME.search(prints.row_text(candidate)))),
        "only": float(distinct == 1 and (main or not plan.labels.concepts)),
        "main": float(main),
        "in_day_column": float(above and prints.in_day_column(candidate)),
    }
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
        "amount_print": float(bool(_AMOUNT.fullmatch(candidate.value))),
        "in_items": float(prints.in_items(candidate)),
    }


def _is_other_kind(candidate: Candidate, prints: Prints) -> bool:
    """Whether the same print reads as a date, an address of the net or a telephone number."""
    return any(
        other.box.intersection(candidate.box) > 0
        for other in prints.not_codes.get(id(candidate.cell), ())
        if other.kind is not FieldKind.PHONE or _DIALLED.search(other.text)
    )


def _coded(plan: FieldPlan, candidate: Candidate, *, distinct: int) -> dict[str, float]:
    """Unlabelled, a telephone number or VAT id is the issuer's rather than the receiver's."""
    return {
        "only": float(distinct == 1 and "buyer" not in plan.labels.terms),
        "of_receiver": float("buyer" in plan.labels.terms),
        "unchecked": float(not candidate.checked),
        "dialled": float(candidate.kind is FieldKind.PHONE and candidate.text.startswith(("+", "(0", "0"))),
    }


def _is_named_from_above(plan: FieldPlan, candidate: Candidate) -> bool:
    """Whether the best label stands above with words that nobody knows: rather another text than a label."""
    best = max(candidate.labels, key=lambda label: own_fit(plan.labels, label.terms) * label.trust, default=None)
    return best is not None and best.relation is Relation.ABOVE and known_share(best.text) < 1


def _says_so(plan: FieldPlan, candidate: Candidate, features: Mapping[str, float]) -> bool:
    """Whether a name says itself what the field asks for, as that of a bank does."""
    asked = plan.labels.terms - GENERIC
    named = "name" in plan.labels.terms and bool(asked) and asked <= frozenset(terms_of(candidate.value))
    return named and not features["label_like"] and len(candidate.value.split()) > 1


def _text(candidate: Candidate, *, labelled: bool) -> dict[str, float]:
    figured = labelled and bool(_FIGURED.search(candidate.value))
    return {
        "label_like": float((is_label(candidate.value) or is_title(candidate.value)) and not figured),
        "contact": float(is_contact(candidate.value)),
        "long": float(len(candidate.value.split()) > LONG_TEXT),
        "no_letters": float(not any(character.isalpha() for character in candidate.value)),
    }
