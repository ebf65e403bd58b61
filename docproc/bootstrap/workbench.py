"""The workbench of a process that works: a worker's, and that of a service alone. Knows neither Celery nor threads."""

import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from docproc.bootstrap import CPU_READERS, Desk, Service, make_reader, model_for, queue_of, schema_of
from docproc.domain.errors import ReaderUnavailableError, UsageError
from docproc.pages.source import DocprocPages
from docproc.pages.version import source_version
from docproc.pipeline.ports import Reader
from docproc.services.job_context import JobContext
from docproc.services.records import Document
from docproc.services.report_images import ReportImages
from docproc.services.served_models import ModelElsewhere
from docproc.services.workbench import ContextOf, InHand, Workbench
from docproc.sinks.webhooks import GuardedSender

#: contexts of jobs that a process keeps
_KEPT = 64


def workbench_over(
    service: Service | Desk, source: DocprocPages, in_hand: InHand, *, hosted: Mapping[str, Reader] | None = None
) -> Workbench:
    """Everything that the steps need.

    Args:
        service: whose jobs.
        source: takes documents apart, and draws the pages of reports.
        in_hand: looks after the leases of this process.
        hosted: models in this process, by their names.
    """
    return Workbench(
        stores=service.stores,
        work=service.work,
        in_hand=in_hand,
        context_of=_contexts_of(service, source, hosted={} if hosted is None else hosted),
        errands=service.errands,
        names=service.names,
        census=service.census,
        schema_of=lambda job: schema_of(job.schema),
        sender=GuardedSender(inside=service.settings.webhook_hosts),
        pause=time.sleep,
        open_images=lambda checkpoint: ReportImages(
            service.stores, source, accept=service.accept, checkpoint=checkpoint
        ),
    )


def _contexts_of(service: Service | Desk, source: DocprocPages, *, hosted: Mapping[str, Reader]) -> ContextOf:
    """The context of a document's job, kept for the jobs that it saw last.

    What it returns raises ReaderUnavailableError when this process does not have the reader or the schema of the job.
    """
    readers = lru_cache(maxsize=None)(lambda name: hosted.get(name) or _reader_of(name, service))
    turn = threading.Lock()

    @lru_cache(maxsize=_KEPT)
    def context(job_id: UUID, tenant: str) -> JobContext:
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

    def context_of(document: Document) -> JobContext:
        with turn:  # a reader may load a model for minutes, and two threads that ask for it must not both do so
            return context(document.job_id, document.tenant)

    return context_of


def _reader_of(name: str, service: Service | Desk) -> Reader:
    """The reader, or what stands for a model that other workers host. Raises UsageError."""
    models = service.work.models
    if name not in {*CPU_READERS, "remote", *service.settings.readers} and models.find(name) is not None:
        return ModelElsewhere(name, models)
    return make_reader(name, service.settings)
