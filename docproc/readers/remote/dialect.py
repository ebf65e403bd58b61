"""What a server understands of the protocol: all of it is tried first, and what it refuses is left away.

A server's complaint is looked at for words and never kept: it may quote the document.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

_TOO_LONG = re.compile(r"context[ _-]?(length|window|size)|maximum (model|context|sequence)|too many tokens|too long")
_MOST_TOKENS = 16_384


class AnswerForm(StrEnum):
    """How a server is told what an answer looks like."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The optional parts of a request."""

    form: AnswerForm = AnswerForm.SCHEMA
    logprobs: bool = True
    #: tokens are counted at the end of a stream
    usage: bool = True
    greedy: bool = True
    #: name of the parameter that bounds an answer; None: the server's own bound
    limit: str | None = "max_tokens"

    def options(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """These parts of a request whose answer must have the form `schema`."""
        told: dict[str, Any] = {"stream": True}
        if self.greedy:
            told["temperature"] = 0
        if self.limit:
            told[self.limit] = _MOST_TOKENS
        if self.usage:
            told["stream_options"] = {"include_usage": True}
        if self.logprobs:
            told["logprobs"] = True
        if self.form is AnswerForm.SCHEMA:
            form = {"name": "record", "strict": True, "schema": schema}
            told["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self.form is AnswerForm.OBJECT:
            told["response_format"] = {"type": "json_object"}
        return told


def is_too_long(complaint: str) -> bool:
    """The server says that pages and answer do not fit into the model."""
    return bool(_TOO_LONG.search(complaint.lower()))


class Terms:
    """In what dialect one question is asked, and what its server's complaints teach for others."""

    def __init__(self, dialect: Dialect, *, is_usual: bool) -> None:
        self.dialect = dialect
        self._is_usual = is_usual
        self._was_repeated = False

    @property
    def lesson(self) -> Dialect | None:
        """What others are to be asked in too, once this was answered; None: it says nothing about them."""
        return self.dialect if self._is_usual else None

    def leave_away(self, complaint: str) -> bool:
        """Prepare the next try; False when nothing is left that could be the reason."""
        if is_too_long(complaint):
            self._is_usual = False  # the next question may be shorter
            shorter = replace(self.dialect, limit=None) if self.dialect.limit else None
            return self._take(shorter)
        if (named := _named(self.dialect, complaint)) is not None:
            return self._take(named)
        if not self._was_repeated:  # without a word it may be an accident, from which nothing is learned
            self._was_repeated = True
            return True
        return self._take(next((step for _, step in _steps(self.dialect)), None))

    def _take(self, plainer: Dialect | None) -> bool:
        if plainer is None:
            return False
        self.dialect = plainer
        return True


def _named(dialect: Dialect, complaint: str) -> Dialect | None:
    """Without the part that the complaint is about."""
    said = complaint.lower()
    if "max_completion_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    return next((step for words, step in _steps(dialect) if any(word in said for word in words)), None)


def _steps(dialect: Dialect) -> Iterator[tuple[tuple[str, ...], Dialect]]:
    """Every part that can be left away, with the words of a complaint about it; the least missed first."""
    if dialect.usage:
        yield ("stream_options", "include_usage"), replace(dialect, usage=False)
    if dialect.logprobs:
        yield ("logprob",), replace(dialect, logprobs=False)
    if dialect.greedy:
        yield ("temperature",), replace(dialect, greedy=False)
    if dialect.limit:
        yield (dialect.limit,), replace(dialect, limit=None)
    if dialect.form is not AnswerForm.PLAIN:
        lower = AnswerForm.OBJECT if dialect.form is AnswerForm.SCHEMA else AnswerForm.PLAIN
        yield ("response_format", "json", "schema", "grammar", "guided"), replace(dialect, form=lower)
