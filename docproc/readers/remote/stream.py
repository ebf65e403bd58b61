"""A server's answer, put together from its stream of events or taken from one body. Knows no network and no record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

_DATA = b"data:"
_END = b"[DONE]"
#: one event; more than that is no token
_LONGEST_LINE = 4 * 1024**2
#: numbers beyond are no log-probabilities and no counts of tokens
_LARGEST = 1e100
_MOST_COUNTED = 10**9


class Ending(StrEnum):
    """How an answer ended."""

    STOP = "stop"
    #: the server's bound on tokens was met
    LENGTH = "length"
    #: the server would not say it
    REFUSED = "refused"
    #: the stream broke off
    BROKEN = "broken"


class ScoredToken(NamedTuple):
    """A token's bytes and the model's log-probability of it."""

    text: bytes
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a server said to one request."""

    text: str
    ending: Ending
    tokens: tuple[ScoredToken, ...] = ()
    prompt_tokens: int = 0
    output_tokens: int = 0


class StreamFault(Exception):  # noqa: N818 the server's fault, told by its status
    """The server says in its answer that it failed, or speaks no JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class AnswerStream:
    """Feed it bytes as they come."""

    def __init__(self) -> None:
        self._rest = b""
        self._text: list[str] = []
        self._tokens: list[ScoredToken] = []
        self._usage: Mapping[str, Any] = {}
        self._finish: str | None = None
        self._done = False

    @property
    def is_done(self) -> bool:
        """The server said that nothing follows."""
        return self._done

    def feed(self, chunk: bytes) -> None:
        """Raises StreamFault."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line.strip())
        if len(self._rest) > _LONGEST_LINE:
            raise StreamFault(502)

    def _take(self, line: bytes) -> None:
        if self._done or not line.startswith(_DATA):
            return
        text = line[len(_DATA) :].strip()
        if text == _END:
            self._done = True
        elif text:
            self.take_body(text)

    def take_body(self, body: bytes) -> None:
        """One event, or the whole answer of a server that does not stream. Raises StreamFault."""
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise StreamFault(502) from None
        if not isinstance(told, dict):
            raise StreamFault(502)
        if told.get("error"):
            raise StreamFault(_status(told["error"]))
        usage = told.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
        choices = told.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._take_choice(choices[0])

    def _take_choice(self, choice: Mapping[str, Any]) -> None:
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict):
            if isinstance(said.get("content"), str):
                self._text.append(said["content"])
            if said.get("refusal"):
                self._finish = "content_filter"
        scored = choice.get("logprobs")
        content = scored.get("content") if isinstance(scored, dict) else None
        for told in content if isinstance(content, list) else ():
            if (token := _token(told)) is not None:
                self._tokens.append(token)
        if isinstance(choice.get("finish_reason"), str):
            self._finish = self._finish or choice["finish_reason"]

    def answer(self) -> Answer:
        """Everything so far."""
        return Answer(
            text="".join(self._text),
            ending=self._ending(),
            tokens=tuple(self._tokens),
            prompt_tokens=_count(self._usage.get("prompt_tokens")),
            output_tokens=_count(self._usage.get("completion_tokens")) or len(self._tokens),
        )

    def _ending(self) -> Ending:
        if self._finish == "length":
            return Ending.LENGTH
        if self._finish == "content_filter":
            return Ending.REFUSED
        return Ending.STOP if self._finish or self._done else Ending.BROKEN


def _token(told: object) -> ScoredToken | None:
    logprob = _logprob(told.get("logprob")) if isinstance(told, dict) else None
    if not isinstance(told, dict) or logprob is None:
        return None
    raw = told.get("bytes")
    if isinstance(raw, list) and all(isinstance(byte, int) and 0 <= byte <= 0xFF for byte in raw):  # noqa: PLR2004
        return ScoredToken(bytes(raw), logprob)
    text = told.get("token")
    return ScoredToken(text.encode(errors="replace"), logprob) if isinstance(text, str) else None


def _logprob(told: object) -> float | None:
    """None for what is no log-probability: NaN and infinity, which some servers write, and texts."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not abs(told) <= _LARGEST:
        return None
    return min(float(told), 0.0)


def _status(error: object) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500  # noqa: PLR2004 what HTTP calls errors


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value <= _MOST_COUNTED else 0
