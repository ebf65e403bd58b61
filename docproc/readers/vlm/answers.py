"""From what the model wrote to a record, with its own probability of each value. Knows no model.

What was cut off is not guessed: values that were whole by then are kept, the others are null, and an issue says so.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from docproc.decoding.free import record_in
from docproc.decoding.generation import Generation
from docproc.decoding.spans import ValueSpans
from docproc.decoding.vocabulary import Vocabulary
from docproc.decoding.watch import Stop
from docproc.domain.errors import InvalidAnswerError, TooLargeError
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.reading import FieldHint
from docproc.domain.schema import ExtractionSchema, Record
from docproc.readers.checking import Finding, check, findings_of, without, wrong_shape

_CUT_OFF = {
    Stop.TRUNCATED: "The record was cut off at its limit of tokens",
    Stop.WHITE_SPACE: "The model wrote white space without end",
    Stop.REPETITION: "The model wrote the same again and again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer came to."""

    record: Record
    hints: Mapping[str, FieldHint]
    issues: tuple[Issue, ...] = ()
    #: by field path, values that were set to null for their form
    rejected: Mapping[str, Any] = field(default_factory=dict)


def held_answer(
    generation: Generation, schema: ExtractionSchema, form: Mapping[str, Any], *, is_one_page: bool
) -> Answered:
    """The record of an answer under a grammar.

    Raises TooLargeError when it was cut off and fewer pages can be asked about, or when there was no record yet, and
    InvalidAnswerError when nothing but white space or repetition came before.
    """
    if generation.stop is Stop.COMPLETE:
        return Answered(record=json.loads(generation.text), hints=_hints(generation))
    cut_off = f"{_CUT_OFF[generation.stop]}: what follows behind it is missing."
    if generation.stop is Stop.TRUNCATED and not is_one_page:
        raise TooLargeError(cut_off)
    record = record_in(_closed(generation.spans), schema.fields).record
    if record is None or findings_of(record, form):
        raise (TooLargeError if generation.stop is Stop.TRUNCATED else InvalidAnswerError)(cut_off)
    issue = Issue(code=IssueCode.TRUNCATED, severity=Severity.ERROR, message=cut_off)
    return Answered(record=record, hints=_hints(generation), issues=(issue,))


def free_answer(
    generation: Generation, schema: ExtractionSchema, form: Mapping[str, Any], *, vocabulary: Vocabulary
) -> Answered | Finding:
    """The record of an answer without a constraint, values of a wrong form left out; or why there is none."""
    text = generation.text.decode(errors="replace")
    checked = check(text, schema, form)
    if checked.record is None:
        return checked.findings[0]
    record, rejected = without(checked.record, checked.findings)
    if left := findings_of(record, form):
        return left[0]
    own = _from_record_on(generation, vocabulary)
    hints = {path: hint for path, hint in _hints(own).items() if path not in rejected}
    issues = tuple(map(wrong_shape, checked.findings))
    return Answered(record=record, hints=hints, issues=issues, rejected=rejected)


def _hints(generation: Generation) -> Mapping[str, FieldHint]:
    """The mean probability of a value's own tokens; values that were no choice have none."""
    return {
        path: FieldHint(model=min(1.0, math.exp(confidence.logprob_mean)))
        for path, confidence in generation.confidences().items()
    }


def _closed(spans: ValueSpans) -> str:
    """The answer up to the last value that is whole, its lists and objects ended."""
    end = max((leaf.end for leaf in spans.leaves.values()), default=0)
    text = spans.text[:end].decode(errors="replace")
    return text + "".join(reversed(_open_marks(text)))


def _open_marks(text: str) -> Sequence[str]:
    """What would end the lists and objects that are open at the end of `text`."""
    ends: list[str] = []
    is_text = is_escaped = False
    for mark in text:
        if is_escaped:
            is_escaped = False
        elif is_text and mark == "\\":
            is_escaped = True
        elif mark == '"':
            is_text = not is_text
        elif not is_text and mark in "{[":
            ends.append("}" if mark == "{" else "]")
        elif not is_text and mark in "}]":
            ends.pop()
    return ends


def _from_record_on(generation: Generation, vocabulary: Vocabulary) -> Generation:
    """The answer without what was said before the record: its last fenced block, or its first object."""
    fence = generation.text.rfind(b"```json")
    start = generation.text.find(b"{", max(fence, 0))
    spans, end, first = ValueSpans(), 0, 0
    for index, token in enumerate(generation.tokens):
        text = b"" if token == vocabulary.eos else vocabulary.decode([token])
        end += len(text)
        if end <= start:
            first = index + 1
        else:
            spans.feed(text[max(0, len(text) - (end - start)) :])
    return replace(generation, tokens=generation.tokens[first:], choices=generation.choices[first:], spans=spans)
