"""What 100,000 waiting pages cost those that are read: pages a second with and without them, in turn, in one run.

The waiting pages are those of a tenant who is paused, in the same queue. How much memory the broker takes is told too.

python bench/backlog.py [--waiting 100000] [--runs 5] [--documents 15] [--pages 10]
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from uuid import UUID

import psycopg
import redis

sys.path.insert(0, str(Path(__file__).parent))
from running import QUEUE, Stack, running_stack
from service import throughput

from docproc.domain.document import MediaType
from docproc.domain.ids import new_id
from docproc.domain.page import PageContent, TextSource, Word
from docproc.services.job_context import schema_version
from docproc.services.prepare import in_windows
from docproc.services.records import JobOptions, NewDocument, NewJob, Original, Preparation
from docproc.services.words import WordSpill
from schemas import load_schema

TENANT = "patient"
_DOCUMENT_PAGES = 500
_PARKED = "read.parked"


def add_backlog(stack: Stack, *, pages: int, paused: bool) -> None:
    """Documents of another tenant whose pages wait to be read."""
    stores, work = stack.service.stores, stack.service.work
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
    documents = [_document(number) for number in range(pages // _DOCUMENT_PAGES)]
    stores.jobs.add_documents(job.id, documents)
    stores.jobs.mark_submitted(job.id)
    for document in documents:
        _prepare(stack, document.id)
    work.tenants.pause_tenant(TENANT, paused=paused)


def _document(number: int) -> NewDocument:
    sha256 = f"{number:064x}"
    key = f"{TENANT}/original/{sha256}"
    path = f"/waiting/{number}"
    original = Original(path=path, sha256=sha256, media_type=MediaType.PDF, byte_count=1, blob_key=key)
    return NewDocument(id=new_id(), file=f"{number}.pdf", original=original)


def _prepare(stack: Stack, document_id: UUID) -> None:
    stores = stack.service.stores
    claim = stack.service.work.leases.claim_document(document_id, owner="bench", lease_s=60)
    if claim is None:
        raise SystemExit("a document of the backlog is worked on by somebody else")
    spill, key = WordSpill(), f"{TENANT}/words/{document_id.hex}.1"
    stores.blobs.put(key, spill.lines((), map(_page, range(1, _DOCUMENT_PAGES + 1))))
    preparation = Preparation(
        fingerprint="bench",
        page_count=_DOCUMENT_PAGES,
        words_key=key,
        attachments=(),
        pages=in_windows(spill.pages, window_pages=1),
    )
    stores.pages.save_preparation(claim, preparation, seconds=0.0)


def _page(number: int) -> PageContent:
    words = (Word(f"page{number}", 60.0, 60.0, 90.0, 70.0, 0),)
    return PageContent(number=number, width=595.0, height=842.0, rotation=0, source=TextSource.TEXT_LAYER, words=words)


def show_backlog(url: str, *, shown: bool) -> None:
    """Put the waiting pages into the queue that is measured, or out of it."""
    queue = QUEUE if shown else _PARKED
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE pages SET queue = %s WHERE tenant = %s", [queue, TENANT])
        connection.execute("VACUUM ANALYZE pages")


def main() -> None:
    """Print one line a run and one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, default=15)
    parser.add_argument("--pages", type=int, default=10)
    arguments = parser.parse_args()
    with running_stack() as stack:
        url = stack.service.settings.database.replace("postgresql+psycopg://", "postgresql://")
        throughput(stack, documents=2, pages=2)  # processes start and connect
        add_backlog(stack, pages=arguments.waiting, paused=True)
        broker = redis.Redis.from_url(stack.service.broker_url)
        rates: dict[bool, list[float]] = {False: [], True: []}
        memory = 0
        for run in range(arguments.runs):
            for shown in (False, True):
                show_backlog(url, shown=shown)
                rates[shown].append(throughput(stack, documents=arguments.documents, pages=arguments.pages))
                memory = max(memory, int(broker.info("memory")["used_memory"]))
            print(f"run {run + 1}: {rates[False][-1]:.1f} pages/s alone, {rates[True][-1]:.1f} with the backlog")
        alone, behind = (statistics.median(rates[shown]) for shown in (False, True))
        print(
            json.dumps(
                {
                    "waiting": arguments.waiting,
                    "pages_per_s_alone": round(alone, 1),
                    "pages_per_s_with_backlog": round(behind, 1),
                    "ratio": round(behind / alone, 3),
                    "broker_memory_mib": round(memory / 1024**2, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
