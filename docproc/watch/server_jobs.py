"""Jobs of a docproc server that is asked over HTTP, with the key of a tenant. Knows no place, no ledger and no desk.

Whether a file was submitted is asked of the server, by the ledger's id in the metadata of its job: the server forgets
an idempotency key after a day, and the metadata of a job never.
"""

import hashlib
import logging
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel

from docproc.client import Client, RefusedByServerError, ServerError, ServerUnreachableError
from docproc.client.types import JobFacts, Listed
from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ChangedError, NotFoundError, StorageError, UsageError
from docproc.domain.extraction import Extraction
from docproc.exports.json_text import indented
from docproc.observability import event
from docproc.services.names import readable
from docproc.watch.outbox import record_name
from docproc.watch.ports import FailedDocument, Outcome, RecordText, RefusedFileError, Ticket, VanishedError
from docproc.watch.rules import Rule
from schemas import schema_to_send

if TYPE_CHECKING:
    from docproc.client.submission import DocumentAsk, Options

logger = logging.getLogger(__name__)

#: in the metadata of each job: the place, and the row of the ledger
_PLACE, _ENTRY = "watched_place", "watched_file"
#: what the form calls the file; its name may hold what no form carries
_FILE = "file"
_LONGEST_NAME = 255
#: most that a server lists at once
_LISTED = 200
_UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
#: it is the file, or what lies beside it, that the server will not have
_OF_THE_FILE = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})


class ServerGoneError(StorageError):
    """The server does not answer, or does not let us in."""


class _Reader(BaseModel):
    """What a server says of a reader."""

    name: str


class ServerJobs:
    """Jobs over a client. What the server refuses for now is a StorageError, so that it is tried again."""

    def __init__(self, client: Client, *, place: str) -> None:
        self._client = client
        # a path is nobody else's business, and may hold what no URL carries
        self._place = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:16]
        self._schema = cache(schema_to_send)

    def find(self, entry_id: UUID) -> UUID | None:
        return next((facts.id for facts in self._of(entry_id) if facts.submitted_at is not None), None)

    def submit(self, ticket: Ticket) -> UUID:
        with TemporaryDirectory(prefix="docproc-watch-") as folder, _answered():
            file = _copied(ticket, Path(folder))
            try:
                return self._client.submit(
                    [(file, _FILE)],
                    schema=self._schema(ticket.rule.schema),
                    idempotency_key=str(ticket.id),
                    **self._options(ticket),
                ).id
            except RefusedByServerError as exc:
                if exc.status in _OF_THE_FILE:
                    raise RefusedFileError(exc.message, code=exc.problem.code) from exc
                raise

    def forget(self, entry_id: UUID) -> None:
        for facts in self._of(entry_id):
            if facts.submitted_at is None:
                with _answered(), suppress(NotFoundError):
                    self._client.request("POST", f"/v1/jobs/{facts.id}/cancel", repeatable=True)

    def work(self, job_id: UUID, rule: Rule) -> None:
        """The server does, from the moment that it has the file."""

    def finished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        open_ids = {facts.id for state in _UNFINISHED for facts in self._listed({_PLACE: self._place}, state=state)}
        # between two lists a job may go from one to the other: what is on neither is looked at by itself
        return frozenset(job_id for job_id in job_ids if job_id not in open_ids and self._has_ended(job_id))

    def outcome(self, job_id: UUID) -> Outcome:
        with _answered():
            job = self._client.job(job_id)
            counts = job.facts.documents
            failed = list(job.documents(state=DocumentState.FAILED)) if counts.failed else []
        return Outcome(
            usable=counts.succeeded + counts.needs_review > 0,
            records=self._records(job_id),
            failures=tuple(
                FailedDocument(file=document.file, failure=document.failure)
                for document in failed
                if document.failure is not None
            ),
        )

    def _records(self, job_id: UUID) -> Iterator[RecordText]:
        with _answered():
            for line in self._client.job(job_id).result_lines():
                name = record_name(Extraction.model_validate_json(line))
                yield RecordText(name=name, pieces=iter((indented(line), "\n")))

    def _options(self, ticket: Ticket) -> "Options":
        rule = ticket.rule
        asked: DocumentAsk = {"file": _FILE, "name": readable(ticket.name)[-_LONGEST_NAME:]}
        asked["metadata"] = ticket.metadata
        if ticket.external_id is not None:
            asked["external_id"] = ticket.external_id
        options: Options = {"reader": rule.reader, "documents": [asked]}
        options["metadata"] = {_PLACE: self._place, _ENTRY: str(ticket.id)}
        if rule.day_first is not None:
            options["date_order"] = "dmy" if rule.day_first else "mdy"
        if rule.passwords:
            options["password"] = rule.passwords[0]
        if ticket.external_id is not None:
            options["external_id"] = ticket.external_id
        return options

    def _of(self, entry_id: UUID) -> Sequence[JobFacts]:
        """Jobs of a row of the ledger: one, or besides it some whose submission broke off."""
        return self._listed({_ENTRY: str(entry_id)})

    def _listed(self, metadata: Mapping[str, str], **filters: str) -> Sequence[JobFacts]:
        words = [f"{name}:{value}" for name, value in metadata.items()]
        with _answered():
            return list(
                self._client.items("/v1/jobs", JobFacts, query={"metadata": words, "limit": _LISTED, **filters})
            )

    def _has_ended(self, job_id: UUID) -> bool:
        try:
            with _answered():
                return self._client.job(job_id).is_final
        except NotFoundError:
            return True


def rehearse(client: Client, rules: Collection[Rule]) -> None:
    """Before anything is taken: the server answers, knows the key, and has the readers and the schemas that are named.

    Raises UsageError, ServerError, ServerUnreachableError.
    """
    readers = {reader.name for reader in client.get("/v1/readers", Listed[_Reader]).items}
    for rule in rules:
        if rule.reader not in readers:
            raise UsageError(f"the server has no reader called {rule.reader!r}")
        if len(rule.passwords) > 1:
            raise UsageError("password_file: a server takes one password")
        if isinstance(schema := schema_to_send(rule.schema), str):
            client.request("GET", f"/v1/schemas/{schema.partition('@')[0]}")


def _copied(ticket: Ticket, folder: Path) -> Path:
    """The bytes of the ticket, which nobody else writes to: a file may change while it is sent, or be sent twice.

    Raises VanishedError, ChangedError, OSError.
    """
    copy = folder / _FILE
    try:
        shutil.copyfile(ticket.file, copy)
    except FileNotFoundError as exc:
        raise VanishedError from exc
    with copy.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != ticket.sha256:
            raise ChangedError("the file changed while it was submitted")
    return copy


@contextmanager
def _answered() -> Iterator[None]:
    """What a server answers with, in the words of this port. Raises NotFoundError, ServerGoneError."""
    try:
        yield
    except ServerUnreachableError as exc:
        raise ServerGoneError(exc.message) from exc
    except ServerError as exc:
        # of something in between, which may pass, a 404 says nothing
        if exc.problem.code == NotFoundError.code:
            raise NotFoundError(exc.message) from exc
        event(logger, "server_refused", status=exc.status, code=exc.problem.code)
        raise ServerGoneError(exc.message) from exc
