"""What was found for one field: a value, how sure, and the print it was taken from."""

from collections.abc import Sequence
from dataclasses import dataclass

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.geometry import Box
from docproc.domain.page import Word
from docproc.domain.schema import FieldKind, JsonValue
from docproc.readers.layout.lines import enclosing_words
from docproc.readers.layout.score import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value for one field path."""

    value: JsonValue
    #: 0 to 1
    probability: float
    evidence: tuple[Evidence, ...] = ()


def found_from(entry: Scored, *, value: JsonValue, probability: float) -> Found:
    """The finding of a chosen candidate."""
    candidate = entry.candidate
    match = MatchKind.INFERRED if candidate.summed else match_kind(entry.plan.spec.kind, value, candidate.text)
    evidence = tuple(
        Evidence(page=candidate.page, box=box, text=text, match=match) for box, text in line_boxes(candidate.words)
    )
    if len(evidence) == 1:
        evidence = (evidence[0].model_copy(update={"text": candidate.text}),)
    return Found(value=value, probability=probability, evidence=evidence)


def match_kind(kind: FieldKind, value: JsonValue, text: str) -> MatchKind:
    """How the print agrees with the value that was taken from it."""
    if str(value) == text:
        return MatchKind.EXACT
    if kind is FieldKind.CURRENCY:
        return MatchKind.INFERRED
    return MatchKind.NORMALISED


def line_boxes(words: Sequence[Word]) -> list[tuple[Box, str]]:
    """One box and its text for each line that the words stand on."""
    lines: list[list[Word]] = []
    for word in words:
        middle = (word.top + word.bottom) / 2
        if lines and lines[-1][-1].top <= middle <= lines[-1][-1].bottom and word.left >= lines[-1][-1].left:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [(enclosing_words(line), " ".join(word.text for word in line)) for line in lines]
