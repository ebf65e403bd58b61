"""Jobs in the stores of this machine or of a service: submitted, asked for, read out. Knows no place."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from typing import Protocol
from uuid import UUID

from docproc.bootstrap import ChosenReader, Desk, choose_reader
from docproc.domain.document import DocumentState
from docproc.domain.errors import NotFoundError, UnreadableError
from docproc.domain.schema import ExtractionSchema
from docproc.exports.export_item import ExportItem
from docproc.exports.json_text import json_pieces
from docproc.pages.pool import ChildPool
from docproc.pages.unpack import ChildContainers
from docproc.services.collect import collect
from docproc.services.hand_in import HandedIn, find_handed_in, hand_in
from docproc.services.job_context import schema_version
from docproc.services.records import JobOptions, NewJob, SchemaVersion
from docproc.services.show import documents_of
from docproc.services.unpack import Unpacker
from docproc.watch.outbox import record_name
from docproc.watch.ports import FailedDocument, Outcome, RecordText, Ticket, VanishedError
from docproc.watch.rules import Rule
from schemas import load_schema
from schemas.loading import load_stored_schema

_USABLE = (DocumentState.SUCCEEDED, DocumentState.NEEDS_REVIEW)


class Hands(Protocol):
    """Who reads the jobs that no service's workers read."""

    def work(self, job_id: UUID, rule: Rule) -> None:
        """Returns at once."""
        ...


class DeskJobs:
    """Jobs over a desk; without hands of our own the workers of a service read them."""

    def __init__(self, desk: Desk, *, tenant: str, children: ChildPool, hands: Hands | None) -> None:
        """`children` open containers, as many at a time as there are."""
        self._desk = desk
        self._children = children
        self._tenant = tenant
        self._hands = hands
        self._schema_of = cache(_schema)

    def find(self, entry_id: UUID) -> UUID | None:
        return entry_id if find_handed_in(self._desk.stores, entry_id, tenant=self._tenant) else None

    def submit(self, ticket: Ticket) -> UUID:
        rule = ticket.rule
        schema, version = self._schema_of(rule.schema)
        chosen = None if self._hands is not None else self._chosen(rule, schema)
        job = NewJob(
            id=ticket.id,
            schema=version,
            options=JobOptions(
                reader=rule.reader,
                model=None if chosen is None else chosen.model,
                day_first=rule.day_first,
                keep_originals=True,
                passwords=bool(rule.passwords),
            ),
            inputs=(str(ticket.file),),
            tenant=self._tenant,
            queue=None if chosen is None else chosen.queue,
            external_id=ticket.external_id,
            # who reads here has those of the rule
            passwords=rule.passwords if self._hands is None else (),
        )
        file = HandedIn(
            path=ticket.file,
            name=ticket.name,
            sha256=ticket.sha256,
            external_id=ticket.external_id,
            metadata=ticket.metadata,
        )
        try:
            return hand_in(self._desk.stores, job, file, accept=self._desk.accept, unpacker=self._unpacker(rule))
        except UnreadableError as exc:
            if isinstance(exc.__cause__, FileNotFoundError):
                raise VanishedError from exc
            raise

    def _unpacker(self, rule: Rule) -> Unpacker:
        containers = ChildContainers(self._children, passwords=rule.passwords)
        return Unpacker(containers=containers, limits=self._children.limits)

    def _chosen(self, rule: Rule, schema: ExtractionSchema) -> ChosenReader:
        return choose_reader(rule.reader, schema, settings=self._desk.settings, work=self._desk.work)

    def forget(self, entry_id: UUID) -> None:
        with suppress(NotFoundError):
            self._desk.stores.jobs.cancel(entry_id)

    def work(self, job_id: UUID, rule: Rule) -> None:
        if self._hands is not None:
            self._hands.work(job_id, rule)

    def finished(self, job_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(job_ids) - self._desk.stores.jobs.unfinished(job_ids)

    def outcome(self, job_id: UUID) -> Outcome:
        stores = self._desk.stores
        job = stores.jobs.get(job_id, tenant=self._tenant)
        failed = documents_of(stores, job_id, state=DocumentState.FAILED) if job.documents.failed else iter(())
        return Outcome(
            usable=any(job.documents.of(state) for state in _USABLE),
            records=self._records(job_id, job.schema),
            failures=tuple(
                FailedDocument(file=document.file, failure=document.failure)
                for document in failed
                if document.failure is not None
            ),
        )

    def _records(self, job_id: UUID, version: SchemaVersion) -> Iterator[RecordText]:
        # as it was submitted: the file of that name may say something else by now
        schema = load_stored_schema(version.reference, version.json_schema)
        for item in collect(self._desk.stores, job_id, tenant=self._tenant):
            yield RecordText(name=record_name(item.extraction), pieces=_text(item, schema))


def _schema(reference: str) -> tuple[ExtractionSchema, SchemaVersion]:
    schema = load_schema(reference)
    return schema, schema_version(schema)


def _text(item: ExportItem, schema: ExtractionSchema) -> Iterator[str]:
    yield from json_pieces(item, schema, indent=2)
    yield "\n"
