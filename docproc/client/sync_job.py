"""A job in the hands of a program, for threads. Made by scripts/make_sync_client.py."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
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
    from docproc.client.listing import Query
    from docproc.client.sync_client import Client

#: tells that the job was deleted, and nothing else; whoever asks again is told so
_GONE = "gone"
#: before a line is taken up that was not broken
_AGAIN_S = 0.1
#: a wait with a time limit may end so much later
_LATE_S = 5.0
_EXPORT_LOOK_S, _EXPORT_LOOK_SELDOM_S = 0.1, 2.0


class Job:
    """A job of a server: what was last seen of it, and what can be done with it."""

    def __init__(self, client: "Client", facts: JobFacts) -> None:
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

    def refresh(self) -> JobDetail:
        """Look at it again."""
        detail = self._client.get(self._path, JobDetail)
        self.facts = detail
        return detail

    def wait(
        self, *, timeout_s: float | None = None, on_progress: Callable[[Progress], None] | None = None
    ) -> JobFacts:
        """Until every document has ended. Raises TimeoutError, ServerError, ServerUnreachableError."""
        for news in self._news(after=0, until=None if timeout_s is None else monotonic() + timeout_s):
            if isinstance(news, Progress) and on_progress is not None:
                on_progress(news)
        return self.refresh()

    def events(self, *, after: int = 0) -> Iterator[JobEvent | Progress]:
        """What happens to it, from event number `after` on; a broken line is taken up where it broke."""
        yield from self._news(after=after, until=None)

    def _news(self, *, after: int, until: float | None) -> Iterator[JobEvent | Progress]:
        """Line after line, until the server says that there is nothing more. Raises TimeoutError past `until`."""
        broken = 0
        while True:
            broken += 1
            try:
                for news in self._line(after=after, until=until):
                    if news is None:
                        return
                    broken = 0
                    after = news.number if isinstance(news, JobEvent) else after
                    yield news
                sleep(_AGAIN_S)  # the server ended the line: it is about to end itself, or lost its store
            except ServerUnreachableError as exc:
                pause_s = self._client.attempts.pause_s(exc, attempt=max(1, broken))
                if pause_s is None and until is None:
                    raise
                sleep(pause_s or 0.0)
            if until is not None and monotonic() >= until:
                raise TimeoutError(f"job {self.id} has not ended")

    def _line(self, *, after: int, until: float | None) -> Iterator[JobEvent | Progress | None]:
        """One connection; None: there is nothing more. It is left early rather than be silent long past `until`."""
        read_s = _read_s(until)
        headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
        with self._client.stream(f"{self._path}/events", more_headers=headers, read_s=read_s) as answer:
            if answer.status_code == HTTPStatus.NO_CONTENT:
                yield None
            messages = Messages()
            for chunk in answer.iter_bytes():
                for message in messages.feed(chunk):
                    if message.data and message.event != _GONE:
                        yield _news_of(message)
                if until is not None and monotonic() + read_s > until + _LATE_S:
                    return

    def documents(self, *, state: DocumentState | None = None) -> Iterator[DocumentFacts]:
        """Its documents, in the order of submission."""
        query: Query = {} if state is None else {"state": str(state)}
        yield from self._client.items(f"{self._path}/documents", DocumentFacts, query=query)

    def results(self) -> Iterator[Extraction]:
        """One extraction for each document that has ended, as they arrive: memory holds one at a time."""
        for line in self.result_lines():
            yield Extraction.model_validate_json(line)

    def result_lines(self) -> Iterator[bytes]:
        """The same as JSON text, byte for byte what an export holds."""
        lines = Lines()
        for chunk in self._client.chunks(f"{self._path}/results"):
            yield from lines.feed(chunk)

    def export(
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
        answer = self._client.request("POST", f"{self._path}/exports", body=asked, repeatable=True)
        export = self._made(ExportFacts.model_validate_json(answer.content), until=monotonic() + timeout_s)
        with beside(to) as scratch:
            fetched = scratch / "fetched"
            with fetched.open("wb") as stream:
                for chunk in self._client.chunks(f"/v1/exports/{export.id}/download"):
                    stream.write(chunk)
            place(fetched, to, file_format=file_format, overwrite=overwrite)
        return to

    def _made(self, export: ExportFacts, *, until: float) -> ExportFacts:
        pause_s = _EXPORT_LOOK_S
        while export.state is not ErrandState.SUCCEEDED:
            if export.state is ErrandState.FAILED:
                why = "" if export.failure is None else f": {export.failure.message}"
                raise ConflictError(f"export {export.id} failed{why}")
            if monotonic() >= until:
                raise TimeoutError(f"export {export.id} is not made yet")
            sleep(pause_s)
            pause_s = min(1.5 * pause_s, _EXPORT_LOOK_SELDOM_S)
            export = self._client.get(f"/v1/exports/{export.id}", ExportFacts)
        return export

    def cancel(self) -> JobFacts:
        """What waits ends at once, what is worked on at its next page."""
        answer = self._client.request("POST", f"{self._path}/cancel", repeatable=True)
        self.facts = JobFacts.model_validate_json(answer.content)
        return self.facts

    def retry(self, *, password: str | None = None) -> RetriedJob:
        """Read failed documents again, and those of which pages failed."""
        body = None if password is None else {"password": password}
        answer = self._client.request("POST", f"{self._path}/retry", body=body)
        retried = RetriedJob.model_validate_json(answer.content)
        self.facts = retried
        return retried

    def delete(self) -> Removed:
        """Delete it with everything kept of its documents; the answer is the receipt."""
        return Removed.model_validate_json((self._client.request("DELETE", self._path)).content)

    @property
    def _path(self) -> str:
        return f"/v1/jobs/{self.facts.id}"


def _news_of(message: Message) -> JobEvent | Progress:
    return (Progress if message.event == "progress" else JobEvent).model_validate_json(message.text)


def _read_s(until: float | None) -> float:
    """How long to wait for the next sign of life."""
    return READ_S if until is None else max(0.01, min(READ_S, until - monotonic()))
