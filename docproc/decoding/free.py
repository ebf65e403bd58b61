"""Reading without a constraint, to be judged afterwards: any text may be written, and the record is looked for in it.

Nothing is guessed: what is cut off or no record is said to be so.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from docproc.decoding.bitmask import Bitmask, allow_all, allow_only
from docproc.decoding.ports import TokenRefusedError
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import FieldSpec, JsonValue, Record, Shape

#: the last block may be cut off before its closing fence
_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)


class FreeConstraint:
    """Everything may follow until the end of text."""

    is_recording = True
    forced: tuple[int, ...] = ()
    forced_bytes = b""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._taken: list[int] = []

    @property
    def is_complete(self) -> bool:
        return self._taken[-1:] == [self._vocabulary.eos]

    def mask(self, row: Bitmask) -> None:
        if self.is_complete:
            allow_only(row, self._vocabulary.eos)
        else:
            allow_all(row, self._vocabulary.size)

    def advance(self, token: int) -> None:
        if self.is_complete or not 0 <= token < self._vocabulary.size:
            raise TokenRefusedError(f"Token {token} may not follow here.")
        self._taken.append(token)

    def rollback(self, count: int) -> None:
        del self._taken[len(self._taken) - count :]


class FreeProblem(StrEnum):
    """Why a free answer has no record."""

    #: there is no object in it
    NO_RECORD = "no_record"
    #: an object begins and does not end
    TRUNCATED = "truncated"
    #: an object begins and is not JSON
    NOT_JSON = "not_json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRecord:
    """What was found in a free answer; to be validated like any record."""

    record: Record | None
    problem: FreeProblem | None = None
    #: names that the schema does not know, which are left away
    unknown: int = 0


def record_in(text: str, fields: Sequence[FieldSpec]) -> FreeRecord:
    """The JSON object of an answer, in the schema's order and with null for what it leaves out.

    It is the first object of the last fenced block, or of the answer where nothing is fenced. Only that one is tried:
    no part of a broken record may pass for a whole one.
    """
    fenced = _FENCED.findall(text)
    body = fenced[-1] if fenced else text
    place = body.find("{")
    if place < 0:
        return FreeRecord(record=None, problem=FreeProblem.NO_RECORD)
    try:
        found, _ = json.JSONDecoder().raw_decode(body, place)
    except json.JSONDecodeError as exc:
        is_cut = exc.pos >= len(body.rstrip()) or exc.msg.startswith("Unterminated string")
        return FreeRecord(record=None, problem=FreeProblem.TRUNCATED if is_cut else FreeProblem.NOT_JSON)
    except RecursionError:
        return FreeRecord(record=None, problem=FreeProblem.NOT_JSON)
    return FreeRecord(record=_fitted(found, fields), unknown=_unknown(found, fields))


def _fitted(record: Mapping[str, JsonValue], fields: Sequence[FieldSpec]) -> Record:
    return {spec.name: _fitted_value(record.get(spec.name), spec) for spec in fields}


def _fitted_value(value: JsonValue, spec: FieldSpec) -> JsonValue:
    if spec.shape is Shape.GROUP and (value is None or isinstance(value, dict)):
        return _fitted(value or {}, spec.children)
    if spec.shape is Shape.LIST and spec.item is not None and (value is None or isinstance(value, list)):
        return [_fitted_value(row, spec.item) for row in value or []]
    return value


def _unknown(value: JsonValue, fields: Sequence[FieldSpec]) -> int:
    if not isinstance(value, dict):
        return 0
    known = {spec.name: spec for spec in fields}
    count = 0
    for name, inner in value.items():
        spec = known.get(name)
        if spec is None:
            count += 1
            continue
        rows = inner if isinstance(inner, list) else [inner]
        children = spec.item.children if spec.item is not None else spec.children
        count += sum(_unknown(row, children) for row in rows)
    return count
