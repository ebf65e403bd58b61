"""A docproc server from a program's side, for threads. Made by scripts/make_sync_client.py."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar
from uuid import UUID

import httpx2
from pydantic import BaseModel
from typing_extensions import Unpack

from docproc.client.attempts import Attempts, is_repeatable
from docproc.client.connection import READ_S, address, headers, timeouts, unreachable
from docproc.client.errors import RefusedByServerError, ServerError, ServerUnreachableError, checked
from docproc.client.listing import JobFilters, Query, job_query
from docproc.client.submission import (
    FileToSend,
    FormPart,
    OnSent,
    Options,
    form_fields,
    named,
    new_key,
    opened,
    opened_alone,
    sha256_of,
)
from docproc.client.sync_job import Job
from docproc.client.types import DocumentFacts, JobDetail, JobFacts, Listed, PageDetail, SubmittedJob, UploadPlace
from docproc.domain.extraction import Extraction

S = TypeVar("S", bound=BaseModel)

_PIECE_BYTES = 1 << 16


class Client:
    """A connection to a server, with the key of a tenant. What passes (429, 502-504, no answer) is tried again.

    `http` carries the requests where a proxy, certificates or a test need a transport of their own.
    """

    def __init__(
        self, server: str, *, key: str, attempts: Attempts | None = None, http: httpx2.Client | None = None
    ) -> None:
        """Raises UsageError for an address or a key that cannot be one."""
        self._server = address(server)
        self._headers = headers(key)
        self.attempts = attempts or Attempts()
        self._http = http or httpx2.Client(timeout=timeouts())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def submit(
        self,
        files: Sequence[FileToSend] = (),
        *,
        schema: str | Mapping[str, Any],
        wait_s: float = 0.0,
        idempotency_key: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[Options],
    ) -> Job:
        """Hand over documents; sent again after a broken connection, it is still one job.

        `wait_s` (up to 60) lets the server answer with the records when they are ready by then: `job.extractions`.
        Without a key of your own a new one is made for each call. Raises ServerError, ServerUnreachableError, OSError.
        """
        to_send = named(files)
        fields = form_fields(schema, options)
        once = {"Idempotency-Key": idempotency_key or new_key()}

        def send() -> httpx2.Response:
            with opened(to_send, on_sent=on_sent) as parts:
                # fields go as parts too: a form without a file is then no other kind of form
                form: list[FormPart] = [*((name, (None, text)) for name, text in fields.items()), *parts]
                answer = self._http.post(
                    f"{self._server}/v1/jobs", params={"wait": wait_s}, files=form, headers={**self._headers, **once}
                )
                return checked(answer)

        answer = self._tried(send)
        return Job(self, SubmittedJob.model_validate_json(answer.content))

    def upload(self, path: Path | str, *, on_sent: OnSent | None = None) -> str:
        """Send a file ahead, straight into the server's store where that has links; what is there is not sent again.

        The answer names it in `documents` of `submit`: `documents=[{"upload_id": …, "name": …}]`, within a day.
        Raises ServerError, ServerUnreachableError, OSError.
        """
        path = Path(path)
        announced = {"sha256": sha256_of(path), "byte_count": path.stat().st_size}
        answer = self.request("POST", "/v1/uploads", body=announced, repeatable=True)
        place = UploadPlace.model_validate_json(answer.content)
        if place.url is None:
            return place.upload_id
        own = place.url.startswith("/")
        url = f"{self._server}{place.url}" if own else place.url
        sent_along = {"Content-Length": str(announced["byte_count"]), **place.headers, **(self._headers if own else {})}

        def send() -> httpx2.Response:
            with opened_alone(path, on_sent=on_sent) as stream:
                return checked(self._http.put(url, content=_pieces(stream), headers=sent_along))

        try:
            self._tried(send)
        except RefusedByServerError as exc:
            if exc.status != HTTPStatus.PRECONDITION_FAILED:  # it is there: an answer before this one was lost
                raise
        return place.upload_id

    def job(self, job_id: UUID | str) -> Job:
        """A job of this tenant. Raises RefusedByServerError when there is none."""
        return Job(self, self.get(f"/v1/jobs/{UUID(str(job_id))}", JobDetail))

    def jobs(self, **filters: Unpack[JobFilters]) -> Iterator[Job]:
        """Jobs, newest first."""
        for facts in self.items("/v1/jobs", JobFacts, query=job_query(filters)):
            yield Job(self, facts)

    def document(self, document_id: UUID) -> DocumentFacts:
        """A document as it stands."""
        return self.get(f"/v1/documents/{document_id}", DocumentFacts)

    def pages(self, document_id: UUID) -> Sequence[PageDetail]:
        """Every page of a document that was asked for, and how it ended."""
        return (self.get(f"/v1/documents/{document_id}/pages", Listed[PageDetail])).items

    def extraction(self, document_id: UUID) -> Extraction:
        """The record of a document with its evidence, or why it failed."""
        return self.get(f"/v1/documents/{document_id}/extraction", Extraction)

    def page_image(self, document_id: UUID, number: int, *, dpi: int = 100) -> bytes:
        """A page as PNG, upright."""
        answer = self.request("GET", f"/v1/documents/{document_id}/pages/{number}/image", query={"dpi": dpi})
        return answer.content

    def get(self, path: str, kind: type[S], *, query: Query | None = None) -> S:
        """What a path of the API answers with."""
        return kind.model_validate_json((self.request("GET", path, query=query)).content)

    def items(self, path: str, kind: type[S], *, query: Query | None = None) -> Iterator[S]:
        """Everything that a path lists, page by page."""
        asked: Query = dict(query or {})
        while True:
            page = self.get(path, Listed[kind], query=asked)  # type: ignore[valid-type]  # a type at run time
            yield from page.items
            if page.next_cursor is None:
                return
            asked["cursor"] = page.next_cursor

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> httpx2.Response:
        """One request, tried again while it can be. Raises ServerError, ServerUnreachableError.

        `repeatable`: done twice it does no harm, so it is sent again also when its answer was lost. By default that is
        said of every method but POST and PATCH, which are then sent again only if they did not arrive or were limited.
        """

        def send() -> httpx2.Response:
            return self._http.request(method, f"{self._server}{path}", params=query, json=body, headers=self._headers)

        return self._tried(send, repeatable=is_repeatable(method) if repeatable is None else repeatable)

    def chunks(self, path: str) -> Iterator[bytes]:
        """The body of an answer, as it arrives."""
        with self.stream(path) as answer:
            yield from answer.iter_bytes()

    @contextmanager
    def stream(
        self, path: str, *, more_headers: Mapping[str, str] | None = None, read_s: float = READ_S
    ) -> Iterator[httpx2.Response]:
        """An answer that is read as it arrives; once it began, nothing is tried again.

        `read_s` is the longest silence. Raises ServerError, ServerUnreachableError.
        """
        asked = self._http.build_request(
            "GET",
            f"{self._server}{path}",
            headers={**self._headers, **(more_headers or {})},
            timeout=timeouts(read_s),
        )

        def send() -> httpx2.Response:
            answer = self._http.send(asked, stream=True)
            if answer.is_error:
                answer.read()
                answer.close()
            return answer

        answer = self._tried(send)
        try:
            yield answer
        except httpx2.TransportError as exc:
            raise unreachable(self._server, exc) from exc
        finally:
            answer.close()

    def _tried(self, send: Callable[[], httpx2.Response], *, repeatable: bool = True) -> httpx2.Response:
        attempt = 0
        while True:
            attempt += 1
            try:
                return checked(send())
            except httpx2.TransportError as exc:
                error: ServerError | ServerUnreachableError = unreachable(self._server, exc)
                error.__cause__ = exc
            except ServerError as exc:
                error = exc
            pause_s = self.attempts.pause_s(error, attempt=attempt, repeatable=repeatable)
            if pause_s is None:
                raise error
            sleep(pause_s)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece
