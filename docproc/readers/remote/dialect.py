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


def simpler(dialect: Dialect, complaint: str) -> Dialect | None:
    """What to try after a refusal; None when nothing is left that could be the reason."""
    said = complaint.lower()
    if is_too_long(said):
        return replace(dialect, limit=None) if dialect.limit else None
    if "max_completion_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    steps = list(_steps(dialect))
    named = [step for words, step in steps if any(word in said for word in words)]
    return next(iter([*named, *(step for _, step in steps)]), None)


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
