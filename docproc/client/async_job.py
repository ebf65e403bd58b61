"""A job in the hands of a program, for asyncio. `sync_job.py` is made of this file: edit this one."""

from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from docproc.client.connection import READ_S
from docproc.client.errors import ServerUnreachableError
from docproc.client.lines import Lines
from docproc.client.messages import Message, Messages
from docproc.client.placing import beside, format_of, place
from docproc.client.types import (
    DocumentFacts,
    ExportFacts,
    JobDetail,
    JobEvent,
    JobFacts,
    Progress,
    Removed,
    RetriedJob,
    SubmittedJob,
)
from docproc.domain.document import DocumentState
from docproc.domain.errand import ErrandState
from docproc.domain.errors import ConflictError
from docproc.domain.extraction import Extraction

if TYPE_CHECKING:
    from docproc.client.async_client import AsyncClient
    from docproc.client.listing import Query

#: tells that the job was deleted, and nothing else; whoever asks again is told so
_GONE = "gone"
#: before a line is taken up that was not broken
_AGAIN_S = 0.1
#: a wait with a time limit may end so much later
_LATE_S = 5.0
_EXPORT_LOOK_S, _EXPORT_LOOK_SELDOM_S = 0.1, 2.0


class AsyncJob:
    """A job of a server: what was last seen of it, and what can be done with it."""

    def __init__(self, client: "AsyncClient", facts: JobFacts) -> None:
        self._client = client
        self.facts = facts

    @property
    def id(self) -> UUID:
        return self.facts.id

    @property
    def is_final(self) -> bool:
        """Every document has ended, by what was last seen."""
        return self.facts.documents.done == self.facts.documents.total

    @property
    def extractions(self) -> list[Extraction] | None:
        """What `submit(wait_s=…)` was answered with; None when the records were not ready by then."""
        return self.facts.extractions if isinstance(self.facts, SubmittedJob) else None

    async def refresh(self) -> JobDetail:
        """Look at it again."""
        detail = await self._client.get(self._path, JobDetail)
        self.facts = detail
        return detail

    async def wait(
        self, *, timeout_s: float | None = None, on_progress: Callable[[Progress], None] | None = None
    ) -> JobFacts:
        """Until every document has ended. Raises TimeoutError, ServerError, ServerUnreachableError."""
        async for news in self._news(after=0, until=None if timeout_s is None else monotonic() + timeout_s):
            if isinstance(news, Progress) and on_progress is not None:
                on_progress(news)
        return await self.refresh()

    async def events(self, *, after: int = 0) -> AsyncIterator[JobEvent | Progress]:
        """What happens to it, from event number `after` on; a broken line is taken up where it broke."""
        async for news in self._news(after=after, until=None):
            yield news

    async def _news(self, *, after: int, until: float | None) -> AsyncIterator[JobEvent | Progress]:
        """Line after line, until the server says that there is nothing more. Raises TimeoutError past `until`."""
        broken = 0
        while True:
            broken += 1
            try:
                async for news in self._line(after=after, until=until):
                    if news is None:
                        return
                    broken = 0
                    after = news.number if isinstance(news, JobEvent) else after
                    yield news
                await sleep(_AGAIN_S)  # the server ended the line: it is about to end itself, or lost its store
            except ServerUnreachableError as exc:
                pause_s = self._client.attempts.pause_s(exc, attempt=max(1, broken))
                if pause_s is None and until is None:
                    raise
                await sleep(pause_s or 0.0)
            if until is not None and monotonic() >= until:
                raise TimeoutError(f"job {self.id} has not ended")

    async def _line(self, *, after: int, until: float | None) -> AsyncIterator[JobEvent | Progress | None]:
        """One connection; None: there is nothing more. It is left early rather than be silent long past `until`."""
        read_s = _read_s(until)
        headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
        async with self._client.stream(f"{self._path}/events", more_headers=headers, read_s=read_s) as answer:
            if answer.status_code == HTTPStatus.NO_CONTENT:
                yield None
            messages = Messages()
            async for chunk in answer.aiter_bytes():
                for message in messages.feed(chunk):
                    if message.data and message.event != _GONE:
                        yield _news_of(message)
                if until is not None and monotonic() + read_s > until + _LATE_S:
                    return

    async def documents(self, *, state: DocumentState | None = None) -> AsyncIterator[DocumentFacts]:
        """Its documents, in the order of submission."""
        query: Query = {} if state is None else {"state": str(state)}
        async for document in self._client.items(f"{self._path}/documents", DocumentFacts, query=query):
            yield document

    async def results(self) -> AsyncIterator[Extraction]:
        """One extraction for each document that has ended, as they arrive: memory holds one at a time."""
        async for line in self.result_lines():
            yield Extraction.model_validate_json(line)

    async def result_lines(self) -> AsyncIterator[bytes]:
        """The same as JSON text, byte for byte what an export holds."""
        lines = Lines()
        async for chunk in self._client.chunks(f"{self._path}/results"):
            for line in lines.feed(chunk):
                yield line

    async def export(
        self,
        to: Path | str,
        *,
        dialect: Literal["rfc4180", "european"] = "rfc4180",
        overwrite: bool = True,
        timeout_s: float = 3600.0,
    ) -> Path:
        """The records as files, named by `to`: .jsonl, .csv, .xlsx, .html (the report), or a folder of JSON (DIR/).

        Of .csv each list of objects is a second file beside it. All is there whole or not at all. Raises UsageError for
        another ending, TimeoutError, ConflictError when it cannot be made, or is there and `overwrite` is false.
        """
        file_format, to = format_of(to), Path(to)
        asked = {"format": file_format.value, "dialect": dialect}
        answer = await self._client.request("POST", f"{self._path}/exports", body=asked, repeatable=True)
        export = await self._made(ExportFacts.model_validate_json(answer.content), until=monotonic() + timeout_s)
        with beside(to) as scratch:
            fetched = scratch / "fetched"
            with fetched.open("wb") as stream:
                async for chunk in self._client.chunks(f"/v1/exports/{export.id}/download"):
                    stream.write(chunk)
            place(fetched, to, file_format=file_format, overwrite=overwrite)
        return to

    async def _made(self, export: ExportFacts, *, until: float) -> ExportFacts:
        pause_s = _EXPORT_LOOK_S
        while export.state is not ErrandState.SUCCEEDED:
            if export.state is ErrandState.FAILED:
                why = "" if export.failure is None else f": {export.failure.message}"
                raise ConflictError(f"export {export.id} failed{why}")
            if monotonic() >= until:
                raise TimeoutError(f"export {export.id} is not made yet")
            await sleep(pause_s)
            pause_s = min(1.5 * pause_s, _EXPORT_LOOK_SELDOM_S)
            export = await self._client.get(f"/v1/exports/{export.id}", ExportFacts)
        return export

    async def cancel(self) -> JobFacts:
        """What waits ends at once, what is worked on at its next page."""
        answer = await self._client.request("POST", f"{self._path}/cancel", repeatable=True)
        self.facts = JobFacts.model_validate_json(answer.content)
        return self.facts

    async def retry(self, *, password: str | None = None) -> RetriedJob:
        """Read failed documents again, and those of which pages failed."""
        body = None if password is None else {"password": password}
        answer = await self._client.request("POST", f"{self._path}/retry", body=body)
        retried = RetriedJob.model_validate_json(answer.content)
        self.facts = retried
        return retried

    async def delete(self) -> Removed:
        """Delete it with everything kept of its documents; the answer is the receipt."""
        return Removed.model_validate_json((await self._client.request("DELETE", self._path)).content)

    @property
    def _path(self) -> str:
        return f"/v1/jobs/{self.facts.id}"


def _news_of(message: Message) -> JobEvent | Progress:
    return (Progress if message.event == "progress" else JobEvent).model_validate_json(message.text)


def _read_s(until: float | None) -> float:
    """How long to wait for the next sign of life."""
    return READ_S if until is None else max(0.01, min(READ_S, until - monotonic()))
