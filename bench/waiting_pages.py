"""Pages of another tenant that wait to be read: what a service carries while it works for others."""

import sys
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))
from running import QUEUE, Stack

from docproc.domain.document import MediaType
from docproc.domain.ids import new_id
from docproc.domain.page import PageContent, TextSource, Word
from docproc.services.job_context import schema_version
from docproc.services.prepare import in_windows
from docproc.services.records import JobOptions, NewDocument, NewJob, Original, Preparation
from docproc.services.words import WordSpill
from schemas import load_schema

TENANT = "patient"


def add_backlog(stack: Stack, *, pages: int, paused: bool, document_pages: int = 500) -> list[UUID]:
    """Documents of another tenant whose pages wait to be read."""
    stores, work = stack.service.stores, stack.service.work
    if TENANT not in work.tenants.names():
        work.tenants.create(TENANT)
    work.tenants.pause_tenant(TENANT, paused=True)
    job = NewJob(
        id=new_id(),
        schema=schema_version(load_schema("key_value")),
        options=JobOptions(reader="instant", keep_originals=True),
        queue=QUEUE,
        tenant=TENANT,
    )
    stores.jobs.create(job)
    documents = [_document(number) for number in range(pages // document_pages)]
    stores.jobs.add_documents(job.id, documents)
    stores.jobs.mark_submitted(job.id)
    for document in documents:
        _prepare(stack, document.id, pages=document_pages)
    work.tenants.pause_tenant(TENANT, paused=paused)
    return [document.id for document in documents]


def _document(number: int) -> NewDocument:
    sha256 = f"{number:064x}"
    key = f"{TENANT}/original/{sha256}"
    path = f"/waiting/{number}"
    original = Original(path=path, sha256=sha256, media_type=MediaType.PDF, byte_count=1, blob_key=key)
    return NewDocument(id=new_id(), file=f"{number}.pdf", original=original)


def _prepare(stack: Stack, document_id: UUID, *, pages: int) -> None:
    stores = stack.service.stores
    claim = stack.service.work.leases.claim_document(document_id, owner="bench", lease_s=60)
    if claim is None:
        raise SystemExit("a document of the backlog is worked on by somebody else")
    spill, key = WordSpill(), f"{TENANT}/words/{document_id.hex}.1"
    stores.blobs.put(key, spill.lines((), map(_page, range(1, pages + 1))))
    preparation = Preparation(
        fingerprint="bench",
        page_count=pages,
        words_key=key,
        attachments=(),
        pages=in_windows(spill.pages, window_pages=1),
    )
    stores.pages.save_preparation(claim, preparation, seconds=0.0)


def _page(number: int) -> PageContent:
    words = (Word(f"page{number}", 60.0, 60.0, 90.0, 70.0, 0),)
    return PageContent(number=number, width=595.0, height=842.0, rotation=0, source=TextSource.TEXT_LAYER, words=words)
