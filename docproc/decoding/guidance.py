"""Constraints by llguidance: a grammar is compiled once a schema, a constraint is one row's walk through it."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from docproc.decoding.bitmask import Bitmask, allow_only
from docproc.decoding.ports import TokenRefusedError
from docproc.decoding.profile import Absence, ConstraintRefusedError, Refusal, decoding_form, require_held
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import ExtractionSchema

if TYPE_CHECKING:
    from llguidance import LLMatcher

#: compact, so that a value's tokens are its own, and with the escapes only that JSON writers use: a NUL or half a
#: surrogate pair cannot be stored
_OPTIONS = {"whitespace_flexible": False, "json_allowed_escapes": '"\\nt'}
_CONTRADICTIONS = ("unsatisfiable", "empty")
_LIMITS = ("too large", "too complex", "too big", "fuel", "limit", "too many")


class ConstraintBrokenError(RuntimeError):
    """A mask could not be computed: the grammar became too complex on the way."""


class Grammar:
    """A decoding form ready for a vocabulary."""

    def __init__(self, form: Mapping[str, Any], vocabulary: Vocabulary) -> None:
        """Compile `form`; takes milliseconds. Raises ConstraintRefusedError."""
        from llguidance import LLMatcher  # noqa: PLC0415 an extra; the command line must start without it

        self.vocabulary = vocabulary
        self._matcher = LLMatcher(vocabulary.tokenizer, _source(form), log_level=0)
        if self._matcher.is_error():
            raise _refused(self._matcher.get_error())
        _require_no_warnings(self._matcher.get_grammar_warnings())

    def start(self) -> "GuidanceConstraint":
        """A constraint at the beginning of a record."""
        return GuidanceConstraint(self._matcher.deep_copy())


def require_constrainable(schema: ExtractionSchema, *, absence: Absence = Absence.ANYWHERE) -> None:
    """Raise ConstraintRefusedError when no model could be held to `schema`; needs no model's vocabulary."""
    from llguidance import LLMatcher  # noqa: PLC0415 an extra; the command line must start without it

    require_held(schema)
    is_error, messages = LLMatcher.validate_grammar_with_warnings(_source(decoding_form(schema, absence=absence)))
    if is_error:
        raise _refused(messages[0])
    _require_no_warnings(messages)


class GuidanceConstraint:
    """One row's state. Where the grammar forces bytes it allows their canonical tokens only.

    A grammar alone would allow every way to cut forced bytes into tokens; a model that has never seen the others reads
    them badly, and tokens that are known need no pass.
    """

    def __init__(self, matcher: "LLMatcher") -> None:
        self.matcher = matcher
        #: forced tokens not taken yet; None: not asked for in this state
        self._queue: tuple[int, ...] | None = None
        self._before: list[tuple[int, ...] | None] = []

    @property
    def is_complete(self) -> bool:
        return bool(self.matcher.is_stopped())

    @property
    def is_recording(self) -> bool:
        return True

    @property
    def forced(self) -> tuple[int, ...]:
        if self._queue is None:
            self._queue = () if self.matcher.is_stopped() else tuple(self.matcher.compute_ff_tokens())
        return self._queue

    @property
    def forced_bytes(self) -> bytes:
        return b"" if self.matcher.is_stopped() else bytes(self.matcher.compute_ff_bytes())

    def mask(self, row: Bitmask) -> None:
        if self.forced:
            allow_only(row, self.forced[0])
            return
        self.matcher.unsafe_compute_mask_ptr(row.ctypes.data, row.nbytes)
        self.require_whole()

    def advance(self, token: int) -> None:
        queue = self.forced
        if (queue and token != queue[0]) or self.matcher.try_consume_tokens([token]) != 1:
            self.require_whole()
            raise TokenRefusedError(f"Token {token} may not follow here.")
        self._before.append(queue)
        self._queue = queue[1:] or None

    def rollback(self, count: int) -> None:
        if count == 0:
            return
        if count > len(self._before):
            raise ValueError(f"Only {len(self._before)} tokens were taken, not {count}.")
        self.matcher.rollback(count)
        self._queue = self._before[-count]
        del self._before[-count:]

    def require_whole(self) -> None:
        """Raise ConstraintBrokenError when the matcher has given up."""
        if self.matcher.is_error():
            raise ConstraintBrokenError(_first_line(self.matcher.get_error()))


def _source(form: Mapping[str, Any]) -> str:
    """The form in llguidance's own language."""
    from llguidance import LLMatcher  # noqa: PLC0415 an extra; the command line must start without it

    source: str = LLMatcher.grammar_from_json_schema(json.dumps(form), overrides=_OPTIONS)
    return source


def _require_no_warnings(warnings: Sequence[str]) -> None:
    """A keyword that the grammar passes over would let records through that are none."""
    if warnings:
        raise ConstraintRefusedError(Refusal.UNSUPPORTED, f"The schema cannot be held: {_first_line(warnings[0])}.")


def _refused(error: str) -> ConstraintRefusedError:
    told = _first_line(error)
    small = told.lower()
    if any(mark in small for mark in _CONTRADICTIONS):
        return ConstraintRefusedError(Refusal.CONTRADICTION, f"No record fits the schema: {told}.")
    if any(mark in small for mark in _LIMITS):
        return ConstraintRefusedError(Refusal.TOO_COMPLEX, f"The schema is too large to constrain a model: {told}.")
    return ConstraintRefusedError(Refusal.UNSUPPORTED, f"The schema cannot constrain a model: {told}.")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:200].rstrip(".")
