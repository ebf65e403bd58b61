"""Constrained greedy decoding in few passes: what is forced is appended, what is drafted is verified, nothing changes.

The answer is token for token that of one pass per token: a drafted token stays only where the model chooses it itself.
Knows no model; each row is a state of its own, so that a batch of rows takes its passes together.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from docproc.decoding.bitmask import no_tokens
from docproc.decoding.cursor import Place
from docproc.decoding.generation import Effort, Generation
from docproc.decoding.ports import Choice, Constraint, Drafter, NoNumberError, Plan, TokenRefusedError, Verifier
from docproc.decoding.spans import ValueSpans
from docproc.decoding.vocabulary import Vocabulary
from docproc.decoding.watch import LoopWatch, Stop

#: tokens that a pass can verify at about the price of one, where decoding is bound by memory
WIDTH = 64
BUDGET = 4096
#: tokens of the answer that tell how its continuation is cut, and how many of them must be cut alike again
_CONTEXT = 32
_AGREED = 4


def never_printed(value: str) -> int:  # noqa: ARG001 as of a page
    """Of no page: nothing."""
    return 0


class NoDraft:
    """Plain decoding: a pass per token that is not forced."""

    def propose(self, answer: bytes) -> bytes:  # noqa: ARG002 the port's parameter
        return b""


@dataclass(slots=True)
class Speculation:
    """One row's way to its answer: `plan` a pass, `take` what the model chose, until `stop` is set."""

    constraint: Constraint
    vocabulary: Vocabulary
    drafter: Drafter = field(default_factory=NoDraft)
    width: int = WIDTH
    #: the answer's greatest length in tokens
    budget: int = BUDGET
    #: most tokens in all, a prelude's too: what the model can look back upon; None: it has no end
    room: int | None = None
    #: how often a value is printed on the pages, in any of its forms: what stands there again and again is no loop
    printed: Callable[[str], int] = never_printed
    stop: Stop | None = None
    #: all that was written, a prelude first
    tokens: list[int] = field(default_factory=list)
    _prelude: int = 0
    _choices: list[Choice | None] = field(default_factory=list)
    _spans: ValueSpans = field(default_factory=ValueSpans)
    _watch: LoopWatch = field(default_factory=LoopWatch)
    #: tokens in the model's cache
    _kept: int = 0
    #: tokens already sure that the last plan feeds
    _ahead: int = 0
    _draft: tuple[int, ...] = ()
    _passes: int = 0
    _fed: int = 0
    _drafted: int = 0
    _agreed: int = 0
    _forced: int = 0

    def __post_init__(self) -> None:
        self._watch = LoopWatch(self._is_printed)
        self._take_forced()

    def plan(self) -> Plan:
        """The next pass, `width` tokens at most. Only while `stop` is None."""
        pending = self.tokens[self._kept :]
        self._passes += 1
        if len(pending) > self.width:  # forced ones: what is fixed in a repair may be a whole table
            self._ahead = self.width
            self._fed += self.width
            return Plan(
                kept=self._kept, tokens=tuple(pending[: self.width]), masks=no_tokens(0, self.vocabulary.size), nulls=()
            )
        self._ahead = len(pending)
        room = min(self.width - len(pending), self._left - 1)
        self._draft, masks, nulls = self._drafted_ahead(max(room, 0))
        fed = (*pending, *self._draft)
        self._fed += len(fed)
        self._drafted += len(self._draft)
        return Plan(kept=self._kept, tokens=fed, masks=masks, nulls=nulls)

    def take(self, choices: Sequence[Choice]) -> None:
        """Go on with what the model chose at the positions of the last plan, if a choice was wanted there.

        Raises NoNumberError where a choice came of no numbers; the row has then failed.
        """
        self._kept += self._ahead
        if self._kept < len(self.tokens):
            return
        for drafted, choice in zip((*self._draft, None), choices, strict=True):
            if not (math.isfinite(choice.logprob) and math.isfinite(choice.log_z)):
                raise NoNumberError("The model's output is no number.")
            was_forced = bool(self.constraint.forced)
            self._forced += was_forced
            self._accept(choice.token, None if was_forced else choice)
            if choice.token != drafted or self.stop is not None:
                break
            self._kept += 1
            self._agreed += 1
        self._draft = ()
        self._take_forced()

    def generation(self) -> Generation:
        """The answer, once `stop` is set."""
        if self.stop is None:
            raise ValueError("The answer has not ended.")
        return Generation(
            tokens=tuple(self.tokens[self._prelude :]),
            choices=tuple(self._choices),
            spans=self._spans,
            stop=self.stop,
            effort=Effort(
                passes=self._passes,
                fed=self._fed,
                drafted=self._drafted,
                agreed=self._agreed,
                forced=self._forced,
                prelude=self._prelude,
            ),
        )

    def _take_forced(self) -> None:
        while self.stop is None:
            forced = self.constraint.forced
            if self.constraint.is_complete:
                self.stop = Stop.COMPLETE
            elif not forced:
                return
            for token in forced:
                self._forced += 1
                self._accept(token, None)
                if self.stop is not None:
                    return

    def _accept(self, token: int, choice: Choice | None) -> None:
        is_recorded = self.constraint.is_recording
        self.constraint.advance(token)
        self.tokens.append(token)
        if is_recorded:
            self._record(token, choice)
        else:
            self._prelude += 1
        if self.constraint.is_complete:
            self.stop = Stop.COMPLETE
        elif self.stop is None and self._left <= 0:
            self.stop = Stop.TRUNCATED

    @property
    def _left(self) -> int:
        """Tokens that may still be written."""
        recorded = self.budget - (len(self.tokens) - self._prelude)
        return recorded if self.room is None else min(recorded, self.room - len(self.tokens))

    def _record(self, token: int, choice: Choice | None) -> None:
        text = b"" if token == self.vocabulary.eos else self.vocabulary.decode([token])
        self._choices.append(choice)
        self._spans.feed(text)
        self.stop = self._watch.feed(text)

    def _is_printed(self, run: bytes, period: int) -> bool:
        """The pages print what was repeated as often: rows by their longest value that stands there, texts as such."""
        begin = self._spans.cursor.length - period
        ended = takewhile(lambda leaf: leaf.end > begin, reversed(self._spans.leaves.values()))
        values = {_value_text(self._spans.raw(leaf.path)) for leaf in ended}
        if not any(values):
            return self.printed(run.decode(errors="replace")) > 0
        counts = (self.printed(value) for value in sorted(values, key=len, reverse=True))
        return len(run) // period <= next(filter(None, counts), 0)

    def _drafted_ahead(
        self, room: int
    ) -> tuple[tuple[int, ...], NDArray[np.int32], tuple[NDArray[np.int64] | None, ...]]:
        """The draft as far as the constraint lets it through, and what may stand at each position up to its end."""
        wanted = self._tokens_ahead() if room and self.constraint.is_recording else ()
        masks = no_tokens(min(len(wanted), room) + 1, self.vocabulary.size)
        nulls: list[NDArray[np.int64] | None] = []
        cursor = self._spans.cursor.copy()
        taken = 0
        while True:
            self.constraint.mask(masks[taken])
            nulls.append(self._null_tokens(cursor.place, in_key=cursor.in_key))
            if taken + 1 >= len(masks) or not self._may(wanted[taken]):
                break
            cursor.feed(self.vocabulary.decode([wanted[taken]]))
            taken += 1
            if self.constraint.is_complete:
                break
        self.constraint.rollback(taken)
        if taken == len(nulls):  # the record ends with the draft: nothing is wanted behind it
            return tuple(wanted[: taken - 1]), masks[:taken], tuple(nulls)
        return tuple(wanted[:taken]), masks[: taken + 1], tuple(nulls)

    def _may(self, token: int) -> bool:
        try:
            self.constraint.advance(token)
        except TokenRefusedError:
            return False
        return True

    def _tokens_ahead(self) -> tuple[int, ...]:
        """The drafter's bytes as tokens, cut where a model that writes the whole answer would cut them."""
        text = self._spans.text
        ahead = self.drafter.propose(text)
        if not ahead:
            return ()
        tail = self.tokens[self._prelude :][-_CONTEXT:]
        behind = self.vocabulary.decode(tail)
        whole = self.vocabulary.encode(behind + ahead)
        for place in range(len(tail) + _CONTEXT):
            # without what stands before it the tail's own beginning may be cut otherwise
            if whole[:place][-_AGREED:] == tail[-_AGREED:] and self.vocabulary.decode(whole[:place]) == behind:
                return tuple(whole[place:])
        return tuple(self.vocabulary.encode(ahead))

    def _null_tokens(self, place: Place, *, in_key: bool) -> NDArray[np.int64] | None:
        """The tokens that begin a null, where the next token may begin a value."""
        if place is Place.VALUE:
            return self.vocabulary.null_tokens(b"")
        lead, colon, _ = self.constraint.forced_bytes.partition(b":")
        if colon and ((place is Place.COLON and not lead) or (in_key and lead == b'"')):
            return self.vocabulary.null_tokens(lead + colon)
        return None


def _value_text(raw: bytes) -> str:
    """A value as a page may print it; empty for null, true and false."""
    try:
        value = json.loads(raw)
    except ValueError:  # written without a constraint
        return ""
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else raw.decode()


def speculate(
    verifier: Verifier,
    constraint: Constraint,
    *,
    vocabulary: Vocabulary,
    drafter: Drafter | None = None,
    width: int = WIDTH,
    budget: int = BUDGET,
) -> Generation:
    """One answer, from the beginning to its end."""
    row = Speculation(constraint, vocabulary, drafter or NoDraft(), width, budget)
    while row.stop is None:
        row.take(verifier.verify(row.plan()))
    return row.generation()
