"""Sums among amounts: net + tax = gross, and cash - change = total; knows amounts and roles, no geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from docproc.readers.layout.score import FieldPlan, Scored

#: candidates of a field that are tried in sums
TRIED: Final = 8
#: a candidate this far below the field's best takes no part
WINDOW: Final = 4.5
#: an amount printed under a label that surely means a total, to believe the sum
NET, TAX, GROSS = "net total", "tax amount", "gross total"


def with_sums(entries: Mapping[str, Sequence[Scored]]) -> dict[str, list[Scored]]:
    """The entries of each field path with a `sum` feature where net + tax = gross holds; sorted anew."""
    roles = {_role(scored[0].plan): path for path, scored in entries.items() if scored}
    confirmed = _confirmed(entries, roles)
    result = {}
    for path, scored in entries.items():
        marked = [_marked(entry) if (path, entry.candidate.value) in confirmed else entry for entry in scored]
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


def _marked(entry: Scored) -> Scored:
    return replace(entry, features={**entry.features, "sum": 1.0})
