"""What a job is read with, put together again wherever it is worked on: its schema, its readers. Opens no store."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from docproc.bootstrap.readers import CPU_READERS, make_reader, model_for, queue_of
from docproc.domain.errors import ConflictError, ReaderUnavailableError, UsageError

if TYPE_CHECKING:
    from uuid import UUID

    from docproc.bootstrap import Desk, Service
    from docproc.domain.schema import ExtractionSchema
    from docproc.pipeline.ports import DrawingSource, Reader
    from docproc.services.records import Document, SchemaVersion
    from docproc.services.workbench import ContextOf
    from docproc.settings import Settings

#: contexts of the jobs that were seen last
_KEPT = 64


def contexts_of(
    service: "Service | Desk", source: "DrawingSource", *, hosted: "Mapping[str, Reader] | None" = None
) -> "ContextOf":
    """The context of a document's job, kept for the jobs that it saw last.

    Args:
        service: whose jobs.
        source: takes documents apart.
        hosted: models in this process, by their names.

    What it returns may be called by several threads, and raises ReaderUnavailableError when this worker does not
    have the reader or the schema of the job.
    """
    models = {} if hosted is None else hosted
    return _contexts(service, source, lambda name: models.get(name) or _reader_of_worker(name, service))


@contextmanager
def open_contexts(desk: "Desk", source: "DrawingSource") -> Iterator["ContextOf"]:
    """The same where this process reads every page itself; at the end its readers let go of their models."""
    with ExitStack() as closing:
        yield _contexts(desk, source, lambda name: closing.enter_context(opened_reader(name, desk.settings)))


def _contexts(service: "Service | Desk", source: "DrawingSource", make: "Callable[[str], Reader]") -> "ContextOf":
    from docproc.pages.version import source_version  # noqa: PLC0415
    from docproc.services.job_context import JobContext  # noqa: PLC0415

    readers = lru_cache(maxsize=None)(make)
    # a reader may load a model for minutes, and two threads that ask for it must not both do so
    turn = threading.Lock()

    @lru_cache(maxsize=_KEPT)
    def made(job_id: "UUID", tenant: str) -> JobContext:
        job = service.stores.jobs.get(job_id, tenant=tenant)
        try:
            schema, reader = schema_of(job.schema), readers(job.options.reader)
            named = job.options.model or model_for(schema, job.options.reader, service.settings)
            model = readers(named) if named else None
        except UsageError as exc:
            raise ReaderUnavailableError(f"this worker cannot read for the job: {exc.message}") from exc
        return JobContext(
            job=job,
            schema=schema,
            reader=reader,
            model=model,
            model_queue=queue_of(named) if named else "",
            source=source,
            source_version=source_version(),
            accept=service.accept,
            stores=service.stores,
        )

    def context(document: "Document") -> JobContext:
        with turn:
            return made(document.job_id, document.tenant)

    return context


@contextmanager
def opened_reader(name: str, settings: "Settings") -> Iterator["Reader"]:
    """The reader; one that holds a model lets go of it at the end."""
    reader = make_reader(name, settings)
    with ExitStack() as stack:
        if callable(close := getattr(reader, "close", None)):
            stack.callback(close)
        yield reader


def _reader_of_worker(name: str, service: "Service | Desk") -> "Reader":
    """The reader, or what stands for a model that other workers host. Raises UsageError."""
    from docproc.services.served_models import ModelElsewhere  # noqa: PLC0415

    models = service.work.models
    if name not in {*CPU_READERS, "remote", *service.settings.readers} and models.find(name) is not None:
        return ModelElsewhere(name, models)
    return make_reader(name, service.settings)


def schema_of(version: "SchemaVersion") -> "ExtractionSchema":
    """A job's schema on another machine than where it was submitted: of its stored text, or by its name.

    Raises SchemaError or NotFoundError when there is none, ConflictError when it is another one here.
    """
    from docproc.services.job_context import schema_version  # noqa: PLC0415
    from schemas.loading import load_stored_schema  # noqa: PLC0415

    schema = load_stored_schema(version.reference, version.json_schema)
    if schema_version(schema).sha256 != version.sha256:
        raise ConflictError(f"the schema {version.label} is another one on this machine than where it was submitted")
    return schema
