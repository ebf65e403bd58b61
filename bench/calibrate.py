"""Fits the weights of the confidence on labelled documents, and says how far the confidences can be trusted.

    python bench/calibrate.py PREDICTIONS.jsonl TRUTH_SET [PREDICTIONS.jsonl TRUTH_SET ...]

PREDICTIONS are contract lines as `docproc extract` writes them; TRUTH_SET is a folder with `truth/*.json`
(`{"file": NAME, "fields": {...}}`) and `schema.json`. A field that the truth does not have is not counted; a value
where the truth has null is wrong; `{"any": [A, B]}` accepts either; rows are aligned by their equal cells.

Prints a table, then the weights as docproc/grounding/confidence.py holds them, then one JSON line: expected calibration
error, area under the ROC curve, and the share of values that can be accepted at 95 % precision - for the confidences
as they are, and for the fitted weights, cross-validated by document. Weights are drawn towards those that were set by
hand, so that few labels change little, and none is negative: a better part never lowers a confidence.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from docproc.domain.extraction import ConfidenceParts
from docproc.domain.schema import FieldKind
from docproc.grounding.confidence import WEIGHTS, Weights, features, value_type
from docproc.values.parse import comparable
from docproc.values.text import similarity

FOLDS = 5
BINS = 10
#: set by hand: a value of which a reader is fairly sure, that stands on the page and passes its checks is near 0.97,
#: and one that is nowhere on the page under a half
PRIORS = {
    "text": Weights(bias=0.2, model=0.9, match=1.4, ocr=0.3, checks=2.5),
    "code": Weights(bias=0.2, model=0.9, match=1.8, ocr=0.4, checks=3.0),
    "number": Weights(bias=0.1, model=0.9, match=1.4, ocr=0.4, checks=3.0),
    "date": Weights(bias=0.3, model=0.9, match=1.8, ocr=0.3, checks=2.5),
    "choice": Weights(bias=0.4, model=0.9, match=0.8, ocr=0.2, checks=2.5),
}
#: strength of the pull towards them, in labels
PULL = 4.0
CONVERGED = 1e-6
#: a text cell of a table counts as right from this similarity on: long descriptions wrap and get cut
CELL_SIMILARITY = 0.8


class Label(NamedTuple):
    """One extracted value, and whether it is right."""

    document: int
    type: str
    features: tuple[float, ...]
    confidence: float
    model: float | None
    right: bool


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("paths", nargs="+", type=Path, metavar="PREDICTIONS TRUTH_SET")
    paths = arguments.parse_args().paths
    if len(paths) % 2:
        print("give pairs of PREDICTIONS.jsonl and TRUTH_SET", file=sys.stderr)
        return 2
    labels = [
        label for pair in range(0, len(paths), 2) for label in read_labels(paths[pair], paths[pair + 1], pair * 10**6)
    ]
    if not labels:
        print("no value could be judged", file=sys.stderr)
        return 2
    report(labels)
    return 0


# -- labels ------------------------------------------------------------------------------------------------------------


def read_labels(predictions: Path, truth_set: Path, first_document: int) -> Iterator[Label]:
    """Every judged value of the contract lines in `predictions`."""
    folder = truth_set / "truth" if (truth_set / "truth").is_dir() else truth_set
    schema_path = truth_set / "schema.json"
    properties = json.loads(schema_path.read_text())["properties"] if schema_path.exists() else {}
    truths: dict[str, dict[str, Any]] = {
        truth["file"]: truth["fields"] for path in folder.glob("*.json") if (truth := _truth(path))
    }
    for number, line in enumerate(predictions.read_text().splitlines(), first_document):
        extraction = json.loads(line)
        truth = truths.get(Path(extraction["file"]).name, {})
        for name, expected in truth.items():
            tree = (extraction.get("fields") or {}).get(name)
            if tree is not None:
                yield from _judge(tree, expected, properties.get(name) or {}, document=number)


def _truth(path: Path) -> dict[str, Any]:
    truth = json.loads(path.read_text())
    return truth if isinstance(truth, dict) and "fields" in truth else {}


def _judge(tree: Any, expected: Any, property_: dict[str, Any], *, document: int) -> Iterator[Label]:  # noqa: ANN401 JSON
    if isinstance(tree, list):
        yield from _judge_list(tree, expected or [], property_.get("items") or {}, document=document)
    elif isinstance(tree, dict) and tree.get("value") is not None and tree.get("confidence") is not None:
        kind = kind_of(property_)
        yield _label(tree, kind, _is_right(kind, tree["value"], expected), document=document)


def _judge_list(rows: list[Any], expected: list[Any], item: dict[str, Any], *, document: int) -> Iterator[Label]:
    left = list(expected)
    columns = item.get("properties") or {}
    for row in rows:
        if "value" in row and "parts" in row:
            match = next((truth for truth in left if _is_right(kind_of(item), row["value"], truth)), None)
            if match is not None:
                left.remove(match)
            yield from _judge(row, match, item, document=document)
            continue
        match = max(left, key=lambda truth: _equal_cells(row, truth, columns), default=None)
        if match is not None:
            left.remove(match)
        for name, cell in row.items():
            if match is None or name in match:
                yield from _judge_cell(cell, (match or {}).get(name), columns.get(name) or {}, document=document)


def _judge_cell(cell: Any, expected: Any, property_: dict[str, Any], *, document: int) -> Iterator[Label]:  # noqa: ANN401
    for label in _judge(cell, expected, property_, document=document):
        is_near = kind_of(property_) is FieldKind.TEXT and expected is not None
        near = is_near and similarity(str(cell["value"]), str(expected)) >= CELL_SIMILARITY
        yield label._replace(right=label.right or near)


def _equal_cells(row: dict[str, Any], truth: dict[str, Any], columns: dict[str, Any]) -> int:
    return sum(
        _is_right(kind_of(columns.get(name) or {}), cell.get("value"), truth.get(name))
        for name, cell in row.items()
        if isinstance(cell, dict) and truth.get(name) is not None
    )


def kind_of(property_: dict[str, Any]) -> FieldKind:
    """The kind that a JSON Schema property declares, in our own keyword or in the common ones."""
    declared = (property_.get("x-docproc") or {}).get("kind") or property_.get("x-kind")
    if declared in set(FieldKind):
        return FieldKind(declared)
    types = property_.get("type")
    types = types if isinstance(types, list) else [types]
    if {"number", "integer"} & set(types):
        return FieldKind.NUMBER
    if "boolean" in types:
        return FieldKind.BOOLEAN
    return FieldKind.DATE if property_.get("format") == "date" else FieldKind.TEXT


def _is_right(kind: FieldKind, value: Any, expected: Any) -> bool:  # noqa: ANN401 JSON
    choices = expected["any"] if isinstance(expected, dict) and "any" in expected else [expected]
    for choice in choices:
        if choice is None or value is None or isinstance(choice, (dict, list)):
            continue
        form = comparable(kind, choice, day_first=True)
        if form is not None and form == comparable(kind, value, day_first=True):
            return True
        if comparable(FieldKind.TEXT, str(choice)) == comparable(FieldKind.TEXT, str(value)):
            return True
    return False


def _label(leaf: dict[str, Any], kind: FieldKind, right: bool, *, document: int) -> Label:  # noqa: FBT001 the label
    parts = ConfidenceParts.model_validate(leaf["parts"])
    return Label(document, value_type(kind), features(parts), leaf["confidence"], parts.model, right)


# -- fitting -----------------------------------------------------------------------------------------------------------


def fit(labels: Sequence[Label], prior: Sequence[float]) -> np.ndarray:
    """Weights of a logistic, the bias first, none of the others negative."""
    held = np.zeros(len(prior), dtype=bool)
    while True:
        weights = _newton(labels, np.where(held, 0.0, prior), held)
        negative = (weights < 0) & (np.arange(len(weights)) > 0)
        if not negative.any():
            return weights
        held |= negative


def _newton(labels: Sequence[Label], centre: np.ndarray, held: np.ndarray) -> np.ndarray:
    """The most likely weights under a Gaussian prior around `centre`; those `held` stay at zero."""
    rows = np.array([(1.0, *label.features) for label in labels]) * ~held
    right = np.array([float(label.right) for label in labels])
    weights = centre

    def loss(at: np.ndarray) -> float:
        odds = rows @ at
        return float(np.logaddexp(0, odds).sum() - right @ odds + PULL / 2 * ((at - centre) ** 2).sum())

    for _ in range(60):
        chances = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (right - chances) - PULL * (weights - centre)
        curvature = (rows * (chances * (1 - chances))[:, None]).T @ rows + PULL * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        while loss(weights + step) > loss(weights) and np.abs(step).max() > CONVERGED:
            step = step / 2  # a whole Newton step may overshoot where nearly all values are right
        weights = weights + step
        if np.abs(step).max() < CONVERGED:
            break
    return weights


def cross_validated(labels: Sequence[Label]) -> list[float]:
    """The confidence of each label under weights that were fitted on other documents."""
    found = [0.0] * len(labels)
    for fold in range(FOLDS):
        for type_, prior in PRIORS.items():
            known = [label for label in labels if label.type == type_ and label.document % FOLDS != fold]
            weights = fit(known, prior) if known else np.array(prior)
            for number, label in enumerate(labels):
                if label.type == type_ and label.document % FOLDS == fold:
                    found[number] = float(1 / (1 + np.exp(-np.array((1.0, *label.features)) @ weights)))
    return found


# -- measures ----------------------------------------------------------------------------------------------------------


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error over equal-width bins."""
    scores, truth = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    return float(
        sum(abs(scores[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist()))
    )


def area_under_curve(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """Probability that a right value has more confidence than a wrong one; ties count half."""
    scores, truth = np.array(confidences), np.array(right, dtype=bool)
    good, bad = scores[truth], scores[~truth]
    if not len(good) or not len(bad):
        return None
    return float(((good[:, None] > bad) + 0.5 * (good[:, None] == bad)).mean())


def coverage(confidences: Sequence[float], right: Sequence[bool], *, precision: float) -> float:
    """The greatest share of values, most confident first, of which `precision` are right; equal ones go together."""
    order = np.argsort(-np.array(confidences), kind="stable")
    scores, truth = np.array(confidences)[order], np.array(right, dtype=float)[order]
    running = np.cumsum(truth) / np.arange(1, len(truth) + 1)
    is_border = np.append(scores[1:] != scores[:-1], [True])
    accepted = np.flatnonzero((running >= precision) & is_border)
    return float((accepted[-1] + 1) / len(truth)) if len(accepted) else 0.0


def measures(confidences: Sequence[float], right: Sequence[bool]) -> dict[str, float | None]:
    area = area_under_curve(confidences, right)
    return {
        "ece": round(calibration_error(confidences, right), 4),
        "auroc": None if area is None else round(area, 4),
        "coverage_95": round(coverage(confidences, right, precision=0.95), 4),
    }


def report(labels: Sequence[Label]) -> None:
    right = [label.right for label in labels]
    print(f"{len(labels)} values, {sum(right) / len(right):.1%} right")
    for type_ in WEIGHTS:
        own = [label for label in labels if label.type == type_]
        if own:
            own_right = [label.right for label in own]
            figures = measures([label.confidence for label in own], own_right)
            print(f"  {type_:7} {len(own):6} values, {sum(own_right) / len(own):6.1%} right, {figures}")
    print("WEIGHTS: Mapping[str, Weights] = {")
    for type_, prior in PRIORS.items():
        own = [label for label in labels if label.type == type_]
        weights = fit(own, prior) if own else prior
        named = ", ".join(f"{name}={weight:.2f}" for name, weight in zip(prior._fields, weights, strict=True))
        print(f'    "{type_}": Weights({named}),')
    print("}")
    models = [(label.model, label.right) for label in labels if label.model is not None]
    summary = {
        "values": len(labels),
        "right": round(sum(right) / len(right), 4),
        "model_alone": measures(*zip(*models, strict=True)) if models else None,
        "as_is": measures([label.confidence for label in labels], right),
        "fitted": measures(cross_validated(labels), right),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    sys.exit(main())
