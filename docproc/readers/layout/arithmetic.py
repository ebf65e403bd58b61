"""Sums among amounts: net + tax = gross, and cash - change = total; knows amounts and roles, no geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from docproc.readers.layout.candidates import Candidate
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.labels import Terms, best_concept
from docproc.readers.layout.score import Scored
from docproc.readers.layout.surroundings import Relation

#: candidates of a field that are tried in sums
TRIED: Final = 8
#: a candidate this far below the field's best takes no part
WINDOW: Final = 4.5
#: an amount is rounded only from one that is labelled as a total this surely
ROUNDED_LABEL: Final = 0.6
#: how surely a label must say that an amount was paid or given back
SETTLED: Final = 0.8
NET, TAX, GROSS = "net total", "tax amount", "gross total"


def with_sums(entries: Mapping[str, Sequence[Scored]], *, amounts: Sequence[Candidate]) -> dict[str, list[Scored]]:
    """The entries with `sum` where net + tax = gross holds and `paid` where cash - change is the total; sorted anew."""
    paid = _settled(amounts)
    roles = {_role(scored[0].plan): path for path, scored in entries.items() if scored}
    confirmed = _confirmed(entries, roles)
    result = {}
    for path, scored in entries.items():
        marked = [_marked(entry, "sum") if (path, entry.candidate.value) in confirmed else entry for entry in scored]
        if roles.get(GROSS) == path:
            marked = [_marked(entry, "paid") if entry.candidate.number in paid else entry for entry in marked]
            marked = _with_rounding(marked, amounts)
        result[path] = sorted(marked, key=lambda entry: -entry.score)
    return result


def _confirmed(entries: Mapping[str, Sequence[Scored]], roles: Mapping[str, str]) -> set[tuple[str, str]]:
    """Field paths with the value that the best sum gives them."""
    if not {NET, TAX, GROSS} <= set(roles):
        return set()
    nets, taxes, totals = (_tried(entries[roles[role]]) for role in (NET, TAX, GROSS))
    best: tuple[float, tuple[Scored, Scored, Scored]] | None = None
    for total in totals:
        for tax in taxes:
            for net in nets:
                if _adds_up(net, tax, total):
                    weight = net.score + tax.score + total.score
                    if best is None or weight > best[0]:
                        best = weight, (net, tax, total)
    if best is None:
        return set()
    return {(entry.plan.path, entry.candidate.value) for entry in best[1]}


def _adds_up(net: Scored, tax: Scored, total: Scored) -> bool:
    amounts = [entry.candidate.number for entry in (net, tax, total)]
    if any(amount is None for amount in amounts):
        return False
    first, second, whole = (amount or Decimal(0) for amount in amounts)
    if not first or first + second != whole:
        return False
    # an amount cannot prove itself: without tax the total must be printed twice
    return net.candidate.place != total.candidate.place or bool(second)


def _tried(scored: Sequence[Scored]) -> list[Scored]:
    values: dict[str, Scored] = {}
    for entry in scored:
        if entry.score < scored[0].score - WINDOW or len(values) >= TRIED:
            break
        values.setdefault(entry.candidate.value, entry)
    return list(values.values())


def _role(plan: FieldPlan) -> str:
    return next((role for role in (NET, TAX, GROSS) if role in plan.labels.concepts), plan.path)


def _settled(amounts: Sequence[Candidate]) -> frozenset[Decimal]:
    """What was settled: each amount handed over less each amount given back."""
    paid, change = _labelled(amounts, "paid amount"), _labelled(amounts, "change amount")
    return frozenset(given - back for given in paid for back in change if given > back >= 0)


def _with_rounding(totals: Sequence[Scored], amounts: Sequence[Candidate]) -> list[Scored]:
    """The entries, those marked that a rounding turns into a total printed below, and those that it makes."""
    steps = {abs(step) for step in _labelled(amounts, "rounding") if step and abs(step) < 1}
    before = [entry for entry in totals if entry.features.get("label", 0.0) >= ROUNDED_LABEL]
    marked = []
    for entry in totals:
        made = any(_rounds(other.candidate, entry.candidate, steps) for other in before)
        turned = any(_rounds(entry.candidate, other.candidate, steps) for other in totals) and entry in before
        name = "rounded" if made else "before_rounding" if turned else ""
        marked.append(_marked(entry, name) if name else entry)
    return marked


def _rounds(first: Candidate, second: Candidate, steps: set[Decimal]) -> bool:
    """Whether `second` is `first` rounded and printed below it; the sign of the step is lost in many prints."""
    if first.number is None or second.number is None or (first.page, first.box.top) >= (second.page, second.box.top):
        return False
    return abs(first.number - second.number) in steps


def _labelled(amounts: Sequence[Candidate], concept: str) -> set[Decimal]:
    return {
        candidate.number
        for candidate in amounts
        if candidate.number is not None
        for label in candidate.labels[:2]
        if label.relation is not Relation.ABOVE and _names(label.terms, concept)
    }


def _names(terms: Terms, concept: str) -> bool:
    named, fit = best_concept(terms)
    return named == concept and fit >= SETTLED


def _marked(entry: Scored, name: str) -> Scored:
    return replace(entry, features={**entry.features, name: 1.0})
