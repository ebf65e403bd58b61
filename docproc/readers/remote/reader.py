"""The remote reader: a window is asked of a server and the answer checked; single values can be asked again."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from docproc.decoding.profile import ConstraintRefusedError
from docproc.domain.errors import (
    DocumentError,
    InvalidAnswerError,
    ReaderUnavailableError,
    TooLargeError,
    UnsupportedError,
)
from docproc.domain.image import LongestSide, PageImageSpec
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import Attempt, FieldHint, Reading, Route, Spent, Usage, Window
from docproc.domain.schema import ExtractionSchema, Record
from docproc.readers.checking import Finding, check, findings_of, no_record, without, wrong_shape
from docproc.readers.prompts import PROMPT_VERSION
from docproc.readers.remote.config import RemoteConfig
from docproc.readers.remote.forms import mending_form, served_form
from docproc.readers.remote.hints import hints_of
from docproc.readers.remote.request import asked_again, image_count, messages_of
from docproc.readers.remote.servers import Conversation, Question, Servers, servers_of
from docproc.readers.remote.stream import Answer, Ending
from docproc.readers.routing import routes_of
from docproc.readers.shown_record import LONGEST_SHOWN, shown_record

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
        with _held(schema) as form:
            question = self._question(messages_of(window, schema, self._config.route), form)
        sheet = _AnswerSheet(schema, form)
        self._converse(sheet, window, lambda asked: sheet.fill(asked, question))
        return self._reading(sheet, routes_of(window, self._config.route))

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        """As `Mender` says. What was read as text is looked at now where the route leaves that open.

        Raises as `read` does.
        """
        open_paths = dict.fromkeys(path for issue in findings for path in issue.fields)
        route = Route.VISION if self._config.route is Route.AUTO else self._config.route
        with _held(schema) as form:
            fixed = mending_form(schema, reading.record, open_paths)
        told = [issue.message for issue in findings]
        messages = asked_again(messages_of(window, schema, route), shown_record(reading.record, open_paths), told)
        question = self._question(messages, fixed)._replace(is_usual=False)
        sheet = _AnswerSheet(schema, form)
        self._converse(sheet, window, lambda asked: sheet.mend(asked, question))
        return self._reading(sheet, routes_of(window, route))

    def _question(self, messages: Sequence[Mapping[str, Any]], form: Mapping[str, Any]) -> Question:
        return Question(self.model, messages, form)

    def _converse(
        self, sheet: "_AnswerSheet", window: Window, ask: Callable[[Conversation], Awaitable[object]]
    ) -> None:
        try:
            asyncio.run(_watched(self._in_conversation(ask), window.checkpoint))
        except DocumentError as error:
            error.spent = sheet.spent(self.name)
            raise
        except BaseException:
            if (spent := sheet.spent(self.name)) is not None:
                window.left(spent)
            raise

    async def _in_conversation(self, ask: Callable[[Conversation], Awaitable[object]]) -> None:
        async with self._servers.open() as conversation:
            await ask(conversation)

    def _reading(self, sheet: "_AnswerSheet", routes: Mapping[int, Route]) -> Reading:
        return Reading(
            reader=self.name,
            reader_version=self.version,
            record=sheet.record,
            hints=sheet.hints,
            issues=tuple(sheet.issues),
            usage=sheet.usage,
            attempts=len(sheet.answers),
            earlier=tuple(sheet.earlier),
            rejected=sheet.rejected,
            routes=routes,
        )


@contextmanager
def _held(schema: ExtractionSchema) -> Iterator[Mapping[str, Any]]:
    """The form that answers must have. Raises ReaderUnavailableError where no form can be made."""
    try:
        yield served_form(schema)
    except ConstraintRefusedError as exc:
        raise ReaderUnavailableError(f"The schema cannot be asked of a model: {exc.message}") from exc


class _AnswerSheet:
    """The answers to one window and the record that they come to."""

    def __init__(self, schema: ExtractionSchema, form: Mapping[str, Any]) -> None:
        self._schema = schema
        self._form = form
        self._began = monotonic()
        self._images = 0
        self.answers: list[Answer] = []
        #: of the answers those that were no record
        self.earlier: list[Attempt] = []
        self.record: Record = {}
        self.hints: Mapping[str, FieldHint] = {}
        self.rejected: Mapping[str, Any] = {}
        self.issues: list[Issue] = []

    @property
    def usage(self) -> Usage:
        """Of all answers so far, those that were no record too."""
        return Usage(
            seconds=monotonic() - self._began,
            prompt_tokens=sum(answer.prompt_tokens for answer in self.answers),
            output_tokens=sum(answer.output_tokens for answer in self.answers),
            tiles=self._images,
        )

    def spent(self, reader: str) -> Spent | None:
        """None before the first answer: nobody pays for a server that does not answer."""
        if not self.answers:
            return None
        return Spent(reader=reader, usage=self.usage, attempts=len(self.answers), earlier=tuple(self.earlier))

    async def fill(self, conversation: Conversation, question: Question) -> None:
        """Ask, and ask once more where the answer is no record at all. Raises DocumentError."""
        findings = await self._ask(conversation, question)
        if findings:
            said = self.answers[-1].text[:LONGEST_SHOWN]
            messages = asked_again(question.messages, said, [str(finding) for finding in findings])
            findings = await self._ask(conversation, question._replace(messages=messages))
        if findings:
            raise InvalidAnswerError(f"The model's answer is no record, twice: {findings[0]}.")

    async def mend(self, conversation: Conversation, question: Question) -> None:
        """Ask once. Raises DocumentError."""
        if findings := await self._ask(conversation, question):
            raise InvalidAnswerError(f"The model's answer is no record: {findings[0]}.")

    async def _ask(self, conversation: Conversation, question: Question) -> Sequence[Finding]:
        """What keeps the answer from being a record, and then nothing is taken from it."""
        answer = await conversation.ask(question)
        self.answers.append(answer)
        self._images += image_count(question.messages)
        findings = self._taken(answer)
        if findings:
            is_cut_off = answer.ending is Ending.LENGTH and not findings[0].place
            self.earlier.append(no_record(answer.text, str(findings[0]), is_cut_off=is_cut_off))
            if answer.ending is Ending.REFUSED:
                raise InvalidAnswerError("The server refused to answer.")
            if is_cut_off:
                raise TooLargeError("The model's answer was cut off at its limit of tokens.")
        return findings

    def _taken(self, answer: Answer) -> Sequence[Finding]:
        """What keeps it from being a record; otherwise it is the sheet's now."""
        if answer.ending is Ending.REFUSED:
            return (Finding((), "the server refused to answer"),)
        checked = check(answer.text, self._schema, self._form)
        if checked.record is None:
            return checked.findings
        record, rejected = without(checked.record, checked.findings)
        if left := findings_of(record, self._form):
            return left
        self.record, self.rejected = record, rejected
        self.hints = hints_of(answer, checked.record, self._schema.fields)
        self.issues += map(wrong_shape, checked.findings)
        if answer.ending is Ending.LENGTH:
            message = "The model went on behind the record until its limit of tokens."
            self.issues.append(Issue(code=IssueCode.TRUNCATED, message=message))
        return ()


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
