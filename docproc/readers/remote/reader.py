"""The remote reader: a window is asked of a server, the answer checked, asked once more where it is wrong."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeVar

from docproc.decoding.profile import ConstraintRefusedError
from docproc.domain.errors import InvalidAnswerError, ReaderUnavailableError, TooLargeError, UnsupportedError
from docproc.domain.image import LongestSide, PageImageSpec
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import FieldHint, Reading, Usage, Window
from docproc.domain.schema import ExtractionSchema, Record
from docproc.readers.prompts import PROMPT_VERSION
from docproc.readers.remote.checking import (
    Checked,
    Finding,
    check,
    findings_of,
    mended,
    served_form,
    shape_findings,
    without,
)
from docproc.readers.remote.config import RemoteConfig, Route
from docproc.readers.remote.hints import hints_of
from docproc.readers.remote.request import asked_again, messages_of
from docproc.readers.remote.servers import Conversation, Servers, servers_of
from docproc.readers.remote.stream import Answer, Ending

#: small enough for a model of 32,000 tokens with its answer
_WINDOW_PAGES = 4
_IMAGE = LongestSide(pixels=1568)
#: how soon a canceled window is given up
_LOOK_EVERY_S = 0.25
_VERSION = "1"

_Result = TypeVar("_Result")


class RemoteReader:
    """Reads with a model behind OpenAI-compatible servers."""

    name = "remote"
    window_pages = _WINDOW_PAGES

    def __init__(self, config: RemoteConfig, *, servers: Servers | None = None) -> None:
        if not config.endpoints:
            raise ReaderUnavailableError("The remote reader needs a server: set DOCPROC_REMOTE_ENDPOINTS.")
        self._config = config
        self._servers = servers or servers_of(config)
        self._model = config.model
        self._naming = threading.Lock()

    @property
    def version(self) -> str:
        """Of all that an answer depends on. Raises ReaderUnavailableError when a server does not say its model."""
        return f"{_VERSION}+{PROMPT_VERSION}+{self._config.route}+{self.model}"

    @property
    def model(self) -> str:
        """The one that was named, or the only one that the server has. Raises ReaderUnavailableError."""
        with self._naming:
            if self._model is None:
                names = asyncio.run(self._servers.models())
                if len(names) != 1:
                    raise ReaderUnavailableError(
                        f"The server has {len(names)} models: name one with --model or DOCPROC_REMOTE_MODEL."
                    )
                self._model = names[0]
            return self._model

    @property
    def image(self) -> PageImageSpec | None:
        return None if self._config.route is Route.TEXT else _IMAGE

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises DocumentError of the kind that fits: unreachable, timeout, too_large, invalid_answer."""
        if not window.pages:
            raise UnsupportedError("A document without pages is no work for a model: use the reader auto.")
        try:
            form = served_form(schema)
        except ConstraintRefusedError as exc:
            raise ReaderUnavailableError(f"The schema cannot be asked of a model: {exc.message}") from exc
        began, version, model = monotonic(), self.version, self.model
        sheet = asyncio.run(_watched(self._filled(window, schema, form, model), window.checkpoint))
        return Reading(
            reader=self.name,
            reader_version=version,
            record=sheet.record,
            hints=sheet.hints,
            issues=tuple(sheet.issues),
            usage=Usage(
                seconds=monotonic() - began,
                prompt_tokens=sum(answer.prompt_tokens for answer in sheet.answers),
                output_tokens=sum(answer.output_tokens for answer in sheet.answers),
            ),
            attempts=len(sheet.answers),
        )

    async def _filled(
        self, window: Window, schema: ExtractionSchema, form: Mapping[str, Any], model: str
    ) -> "_AnswerSheet":
        async with self._servers.open() as conversation:
            sheet = _AnswerSheet(conversation, model, schema, form)
            await sheet.fill(messages_of(window, schema, self._config.route))
        return sheet


class _AnswerSheet:
    """The answers to one window and the record that they come to."""

    def __init__(
        self, conversation: Conversation, model: str, schema: ExtractionSchema, form: Mapping[str, Any]
    ) -> None:
        self._conversation = conversation
        self._model = model
        self._schema = schema
        self._form = form
        self.answers: list[Answer] = []
        self.record: Record = {}
        self.hints: Mapping[str, FieldHint] = {}
        self.issues: list[Issue] = []

    async def fill(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Ask, and ask once more where the answer is wrong. Raises DocumentError."""
        answer, checked = await self._ask(messages)
        findings = [*map(str, checked.findings), *self._shape(checked)]
        if findings:
            again, second = await self._ask(asked_again(messages, answer.text, findings))
            checked = self._joined((answer, checked), (again, second))
        else:
            self.hints = self._hints(answer, checked)
        if checked.record is None:
            raise InvalidAnswerError(f"The model's answer is no record, twice: {checked.findings[0].said}.")
        self.record, issues = without(checked.record, checked.findings)
        self.issues += issues
        if left := findings_of(self.record, self._form):
            raise InvalidAnswerError(f"The model's answer is no record, twice: {left[0]}.")

    async def _ask(self, messages: Sequence[Mapping[str, Any]]) -> tuple[Answer, Checked]:
        answer = await self._conversation.ask(self._model, messages, self._form)
        self.answers.append(answer)
        if answer.ending is Ending.REFUSED:
            raise InvalidAnswerError("The server refused to answer.")
        checked = check(answer.text, self._schema, self._form)
        if answer.ending is Ending.LENGTH:
            if checked.record is None:
                raise TooLargeError("The model's answer was cut off at its limit of tokens.")
            message = "The model went on behind the record until its limit of tokens."
            self.issues.append(Issue(code=IssueCode.TRUNCATED, message=message))
        return answer, checked

    def _shape(self, checked: Checked) -> list[str]:
        if checked.record is None or checked.findings:
            return []
        return [issue.message for issue in shape_findings(checked.record, self._schema)]

    def _joined(self, first: tuple[Answer, Checked], second: tuple[Answer, Checked]) -> Checked:
        """Only what was wrong is taken from the second answer, where the first has a record at all."""
        one, other = first[1], second[1]
        if one.record is None or other.record is None:
            best = second if one.record is None else first
            self.hints = self._hints(*best)
            return best[1]
        places = [finding.place for finding in one.findings] or _places(shape_findings(one.record, self._schema))
        record = mended(one.record, other.record, places)
        paths = {Finding(tuple(place), "").path for place in places}
        said_again = {path: hint for path, hint in self._hints(*second).items() if path in paths}
        self.hints = {**self._hints(*first), **said_again}
        return Checked(record=record, findings=findings_of(record, self._form))

    def _hints(self, answer: Answer, checked: Checked) -> Mapping[str, FieldHint]:
        return {} if checked.record is None else hints_of(answer, checked.record, self._schema.fields)


def _places(issues: Sequence[Issue]) -> list[tuple[str | int, ...]]:
    return [_place(path) for issue in issues for path in issue.fields]


def _place(path: str) -> tuple[str | int, ...]:
    """`line_items[0].amount` as steps."""
    steps: list[str | int] = []
    for part in path.split("."):
        name, *rows = part.split("[")
        steps += [name, *(int(row.rstrip("]")) for row in rows)]
    return tuple(steps)


async def _watched(work: Awaitable[_Result], checkpoint: Callable[[], None]) -> _Result:
    """The result of `work`; given up, with its connection, as soon as the checkpoint raises."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_EVERY_S))[0]:
            checkpoint()
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
