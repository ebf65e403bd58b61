"""What came out of a constrained generation: tokens, their choices, the value spans, why it ended, what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docproc.decoding.ports import Choice
from docproc.decoding.spans import TokenShare, ValueSpans
from docproc.decoding.watch import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a generation cost."""

    #: sequential passes through the model, the one over the prompt included; a pass reads `width` tokens at most
    passes: int = 0
    #: tokens fed behind the prompt, drafts that were refused included
    fed: int = 0
    drafted: int = 0
    #: drafted tokens that the model chose as well
    agreed: int = 0
    #: tokens that the constraint left no choice about
    forced: int = 0
    #: tokens of a prelude, which are paid for and never stored
    prelude: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """What the model's choices say of one value."""

    #: mean of the raw log-probabilities of the value's own bytes
    logprob_mean: float
    #: of the first token that was a choice; None when none was
    margin: float | None
    #: log-probability of null where the value began; None where that cannot be told
    log_null: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A whole answer."""

    tokens: tuple[int, ...]
    #: one per token; None where the constraint left no choice
    choices: tuple[Choice | None, ...]
    spans: ValueSpans
    stop: Stop
    effort: Effort = field(default_factory=Effort)

    @property
    def text(self) -> bytes:
        """The answer's bytes; a record only when `stop` is complete."""
        return self.spans.text

    def confidences(self) -> Mapping[str, Confidence]:
        """By field path; a value whose tokens were all forced is missing."""
        told = {path: self._confidence(path) for path in self.spans.leaves}
        return {path: confidence for path, confidence in told.items() if confidence is not None}

    def _confidence(self, path: str) -> Confidence | None:
        shares = [(share, self.choices[share.token]) for share in self.spans.tokens(path)]
        chosen = [(share, choice) for share, choice in shares if choice is not None]
        if not chosen:
            return None
        return Confidence(
            logprob_mean=_mean(chosen),
            margin=chosen[0][1].margin,
            log_null=self._log_null(chosen[0][0].token),
        )

    def _log_null(self, first: int) -> float | None:
        """From the step at which null was still possible: that of the opening quote or of the value's first token."""
        for index in range(first, max(first - 2, -1), -1):
            choice = self.choices[index]
            if choice is not None and choice.log_null is not None:
                return choice.log_null
        return None


def _mean(chosen: list[tuple[TokenShare, Choice]]) -> float:
    """Of the log-probabilities by bytes: a token that is half a value's own counts half."""
    return sum(share.share * choice.logprob for share, choice in chosen) / sum(share.share for share, _ in chosen)
