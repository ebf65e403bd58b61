"""The seams of constrained decoding: a constraint, a model that verifies, a drafter. Knows none of their makers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from docproc.decoding.bitmask import Bitmask


class Constraint(Protocol):
    """The state that says which tokens may follow. Where the bytes are forced, one token is: the canonical one."""

    @property
    def is_complete(self) -> bool:
        """The record has ended: nothing but the end of text may follow."""
        ...

    @property
    def is_recording(self) -> bool:
        """The next token belongs to the record, not to a prelude."""
        ...

    @property
    def forced(self) -> tuple[int, ...]:
        """Tokens that must follow now, in order; none where there is a choice, or at the end."""
        ...

    @property
    def forced_bytes(self) -> bytes:
        """Bytes that must follow now, also where no whole token is forced yet."""
        ...

    def mask(self, row: Bitmask) -> None:
        """Write into `row` which tokens may follow."""
        ...

    def advance(self, token: int) -> None:
        """Take a token. Raises TokenRefusedError when it may not follow; the state is then as before."""
        ...

    def rollback(self, count: int) -> None:
        """Forget the last `count` tokens."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a model said at one position, and how sure it was."""

    token: int
    #: of the chosen token among all tokens, before the mask; natural logarithm
    logprob: float
    #: log of the mass that the model itself gave to the allowed tokens
    log_z: float
    #: log-probability of the best minus that of the second allowed token; None when only one was allowed
    margin: float | None
    #: log-probability of a null here; None where no value begins
    log_null: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One pass to run: what to feed and where an answer is wanted."""

    #: how many tokens of the answer are in the model's cache and stay there; what lies behind them is dropped
    kept: int
    #: fed behind them: tokens already sure, then the draft; the verifier's `width` at most
    tokens: tuple[int, ...]
    #: one row for each position where a choice is wanted, the last being behind all of `tokens`; none while tokens that
    #: are already sure are more than a pass takes
    masks: Bitmask
    #: for each of these positions the tokens that begin a null, where a value begins
    nulls: tuple[NDArray[np.int64] | None, ...]


class Verifier(Protocol):
    """A model that reads several tokens in one pass."""

    def verify(self, plan: Plan) -> Sequence[Choice]:
        """The best allowed token at each position of `plan.masks`.

        The positions are the last `len(plan.masks)` ones, whose logits are the last rows of those of the tokens fed. In
        the first pass, when nothing is kept, the prompt is fed before `plan.tokens`; its last row may be wanted too.
        """
        ...


class Drafter(Protocol):
    """Guesses how the answer goes on; a wrong guess costs a little time, never a token."""

    def propose(self, answer: bytes) -> bytes:
        """What may follow `answer`, from its very next byte; empty when there is no idea."""
        ...


class TokenRefusedError(ValueError):
    """A token may not follow here."""


class NoNumberError(ValueError):
    """A model's output is no number, or gives nothing that is allowed any weight: what it chose means nothing."""
