"""What the model's log-probabilities say of each value: tokens to values by their bytes. Knows no server."""

import json
import math
from collections.abc import Mapping, Sequence

from docproc.decoding.free import record_in
from docproc.decoding.spans import ValueSpans
from docproc.domain.reading import FieldHint
from docproc.domain.schema import FieldSpec, Record
from docproc.readers.remote.stream import Answer, ScoredToken


def hints_of(answer: Answer, record: Record, fields: Sequence[FieldSpec]) -> Mapping[str, FieldHint]:
    """By field path the mean probability of a value's own tokens; none when the tokens do not spell the answer."""
    start = _record_start(answer.text, record, fields)
    if start is None or not answer.tokens:
        return {}
    tokens = _from(answer, len(answer.text[:start].encode(errors="replace")))
    spans = ValueSpans()
    for token in tokens:
        spans.feed(token.text)
    return {path: FieldHint(model=_mean(spans, path, tokens)) for path in spans.leaves}


def _mean(spans: ValueSpans, path: str, tokens: Sequence[ScoredToken]) -> float:
    """By bytes: a token that is half quotation mark counts half."""
    shares = spans.tokens(path)
    weight = sum(part.share for part in shares)
    total = sum(part.share * tokens[part.token].logprob for part in shares)
    return math.exp(total / weight) if weight else 1.0


def _record_start(text: str, record: Record, fields: Sequence[FieldSpec]) -> int | None:
    """Where the object begins that became `record`."""
    for before in (text.rfind("```json"), text.rfind("</think>"), 0):
        place = text.find("{", max(before, 0))
        if place < 0:
            continue
        try:
            found, _ = json.JSONDecoder().raw_decode(text, place)
        except (ValueError, RecursionError):
            continue
        if record_in(json.dumps(found), fields).record == record:
            return place
    return None


def _from(answer: Answer, start: int) -> list[ScoredToken]:
    """The tokens from byte `start` of the answer's text on; none when they do not spell it."""
    said = answer.text.encode(errors="replace")
    spelt = b"".join(token.text for token in answer.tokens)
    # thoughts before the answer and the end of text behind it may be among the tokens
    begin = spelt.rfind(said)
    if begin < 0:
        return []
    left, tokens = begin + start, []
    for token in answer.tokens:
        own = token.text[left:] if left > 0 else token.text
        left -= len(token.text)
        if own:
            tokens.append(ScoredToken(own, token.logprob))
    return tokens
