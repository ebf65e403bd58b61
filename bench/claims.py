"""How fast the database alone claims and finishes pages: a worker's own transactions, with nothing between them."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))
from running import Stack
from waiting_pages import add_backlog

from docproc.bootstrap import open_service
from docproc.services.records import Body, StoredReading

_DOCUMENT_PAGES = 10


def claims_per_s(stack: Stack, *, pages: int = 2000, processes: int = 4) -> float:
    """Pages a second that `processes` claim and finish, each in two transactions, with a body as short as can be."""
    documents = add_backlog(stack, pages=pages, paused=True, document_pages=_DOCUMENT_PAGES)
    shares = [documents[number::processes] for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(_claim_and_finish, [[] for _ in range(processes)]))  # they start and connect
        began = time.perf_counter()
        done = sum(pool.map(_claim_and_finish, shares))
        return done / (time.perf_counter() - began)


def _claim_and_finish(documents: Sequence[UUID]) -> int:
    service = open_service()
    done = 0
    for document_id in documents:
        for number in range(1, _DOCUMENT_PAGES + 1):
            owner = f"bench/{os.getpid()}"
            claim = service.work.leases.claim_window(document_id, number, owner=owner, lease_s=60)
            if claim is None:
                raise SystemExit("a page of the backlog was claimed by somebody else")
            reading = StoredReading(
                reading_key=f"{document_id.hex}{number:032}",
                reader="bench",
                reader_version="1",
                pages=(number,),
                complete=False,
                body=Body(text="{}"),
            )
            service.stores.readings.save(claim, reading, seconds=0.0)
            done += 1
    return done
