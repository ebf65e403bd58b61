"""Why a field got its value: its candidates with their scores and what these are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from docproc.domain.geometry import Box
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema
from docproc.readers.layout.calibration import probability_of
from docproc.readers.layout.finding import find_leaves
from docproc.readers.layout.reader import upright_pages
from docproc.readers.layout.score import Scored
from docproc.readers.layout.weights import WEIGHTS

#: labels shown of each candidate
SHOWN_LABELS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One candidate of a field, as a person may want to see it."""

    value: str
    text: str
    page: int
    box: Box
    score: float
    #: that the value is right; other values have what the chosen one leaves
    probability: float
    #: by feature name: what it adds to the score
    parts: Mapping[str, float]
    #: the labels around it, nearest first, with where they stand
    labels: tuple[str, ...]
    #: the reader took it
    chosen: bool


def explain(window: Window, schema: ExtractionSchema, field_path: str) -> list[Explained]:
    """The candidates of a single-valued field, the best first; empty when there are none."""
    pages, turns = upright_pages(window.pages)
    findings = find_leaves(pages, window, schema)
    chosen = findings.chosen.get(field_path)
    entries = findings.entries.get(field_path, ())
    return [
        Explained(
            value=entry.candidate.value,
            text=entry.candidate.text,
            page=entry.candidate.page,
            box=turns.get(entry.candidate.page, _same)(entry.candidate.box),
            score=round(entry.score, 3),
            probability=round(_probability(entry, chosen, entries), 3),
            parts={name: round(WEIGHTS[name] * value, 3) for name, value in entry.features.items()},
            labels=tuple(f"{label.relation}: {label.text}" for label in entry.candidate.labels[:SHOWN_LABELS]),
            chosen=entry is chosen,
        )
        for entry in entries
    ]


def _probability(entry: Scored, chosen: Scored | None, entries: Sequence[Scored]) -> float:
    if chosen is None:
        return entry.probability
    best = probability_of(chosen, entries)
    return best if entry.candidate.value == chosen.candidate.value else min(entry.probability, 1 - best)


def _same(box: Box) -> Box:
    return box
