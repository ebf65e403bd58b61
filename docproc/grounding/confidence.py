"""One calibrated probability a value: a logistic over its parts, one set of weights a type; knows no page.

A part that does not apply adds nothing. `bench/calibrate.py` fitted the weights on 1,559 values that the layout reader
took from 228 invoices, contracts, filings, orders and receipts, drawn towards weights set by hand (five-fold by
document: expected calibration error 0.009, area under the curve 0.82, 70 % of the values accepted at 95 % precision).
"""

from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

from docproc.domain.extraction import ConfidenceParts, FieldTree, FieldValue
from docproc.domain.schema import NUMERIC, ExtractionSchema, FieldKind, FieldSpec, Shape
from docproc.values.parse import JsonLeaf


class Weights(NamedTuple):
    """A logistic: bias plus, for each part that applies, its weight times its feature."""

    bias: float
    #: times the log-odds of the reader's own probability
    model: float
    #: times match - 0.5: zero for half an agreement
    match: float
    #: times the log-odds of the lowest recogniser score, less those of a perfect one: a text layer is perfect
    ocr: float
    #: times checks - 0.5
    checks: float


#: by type of value
WEIGHTS: Mapping[str, Weights] = {
    "text": Weights(bias=0.0, model=0.41, match=1.4, ocr=0.99, checks=2.5),
    "code": Weights(bias=-0.49, model=1.4, match=1.46, ocr=0.4, checks=3.0),
    "number": Weights(bias=0.66, model=0.48, match=1.68, ocr=0.35, checks=2.84),
    "date": Weights(bias=0.05, model=0.53, match=1.67, ocr=0.28, checks=2.02),
    "choice": Weights(bias=0.57, model=1.28, match=0.86, ocr=0.2, checks=2.5),
}
_CODES = frozenset({FieldKind.ID, FieldKind.IBAN, FieldKind.VAT_ID, FieldKind.EMAIL, FieldKind.URL, FieldKind.PHONE})
_CHOICES = frozenset({FieldKind.CURRENCY, FieldKind.BOOLEAN, FieldKind.ENUM})
#: log-odds are taken between these, so that no single part decides alone
_FLOOR, _CEILING = 0.02, 0.98


def value_type(kind: FieldKind) -> str:
    """The row of the table of weights that a kind belongs to."""
    if kind in NUMERIC:
        return "number"
    if kind is FieldKind.DATE:
        return "date"
    if kind in _CHOICES:
        return "choice"
    return "code" if kind in _CODES else "text"


def features(parts: ConfidenceParts) -> tuple[float, float, float, float]:
    """What the weights of model, match, ocr and checks are multiplied with; 0 for a part that does not apply."""
    return (
        _log_odds(parts.model),
        parts.match - 0.5 if parts.match is not None else 0.0,
        _log_odds(parts.ocr) - _log_odds(_CEILING) if parts.ocr is not None else 0.0,
        parts.checks - 0.5 if parts.checks is not None else 0.0,
    )


def confidence(value: JsonLeaf, spec: FieldSpec, parts: ConfidenceParts) -> float | None:
    """Probability that `value` is right; None when nothing is known of it.

    A reader that is certain (probability 1: it read data, not print) stays certain. Of an absent value only the
    reader's own word is known.
    """
    if value is None or parts.model == 1.0:
        return parts.model
    if parts.model is parts.match is parts.ocr is parts.checks is None:
        return None
    weights = WEIGHTS[value_type(spec.kind)]
    total = weights.bias + sum(weight * feature for weight, feature in zip(weights[1:], features(parts), strict=True))
    return round(1 / (1 + exp(-total)), 4)


def with_checks(
    fields: Mapping[str, FieldTree], schema: ExtractionSchema, checks: Mapping[str, float]
) -> dict[str, FieldTree]:
    """`fields` with the share of checks that hold set for the named field paths, and their confidence anew."""
    specs = {spec.name: spec for spec in schema.fields}
    return {name: _checked(name, tree, specs.get(name, FieldSpec(name=name)), checks) for name, tree in fields.items()}


def _checked(path: str, tree: FieldTree, spec: FieldSpec, checks: Mapping[str, float]) -> FieldTree:
    if isinstance(tree, FieldValue):
        if path not in checks:
            return tree
        parts = tree.parts.model_copy(update={"checks": checks[path]})
        return tree.model_copy(update={"parts": parts, "confidence": confidence(tree.value, spec, parts)})
    if isinstance(tree, list):
        item = spec.item or FieldSpec(name=spec.name)
        return [_checked(f"{path}[{index}]", branch, item, checks) for index, branch in enumerate(tree)]
    children = {child.name: child for child in (spec.children if spec.shape is Shape.GROUP else ())}
    return {
        name: _checked(f"{path}.{name}", branch, children.get(name, FieldSpec(name=name)), checks)
        for name, branch in tree.items()
    }


def _log_odds(probability: float | None) -> float:
    if probability is None:
        return 0.0
    kept = min(_CEILING, max(_FLOOR, probability))
    return log(kept / (1 - kept))
