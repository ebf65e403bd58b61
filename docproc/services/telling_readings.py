"""Events of readings: what was read or asked again and what it cost. Knows no store."""

import logging
from typing import TypedDict
from uuid import UUID

from docproc.domain.reading import Spent, Usage
from docproc.observability import event
from docproc.services.records import Document, StoredReading

logger = logging.getLogger(__name__)


def tell_read(stored: StoredReading, before: Document, after: Document, *, reused: bool) -> None:
    # a complete reading accounts for pages beyond its window
    pages = after.pages.read - before.pages.read if stored.complete else len(stored.pages)
    event(
        logger,
        "window_read",
        document_id=str(after.id),
        page=stored.pages[0] if stored.pages else 0,
        pages=pages,
        reader=stored.reader,
        reused=reused,
        **_cost(stored.usage),
    )


def tell_mended(stored: StoredReading, document_id: UUID) -> None:
    event(
        logger,
        "window_mended",
        document_id=str(document_id),
        page=stored.pages[0],
        reader=stored.reader,
        **_cost(stored.usage),
    )


def tell_spent(spent: Spent, document_id: UUID) -> None:
    event(logger, "asked_in_vain", document_id=str(document_id), reader=spent.reader, **_cost(spent.usage))


class _Cost(TypedDict):
    reader_seconds: float
    prompt_tokens: int
    output_tokens: int
    tiles: int


def _cost(usage: Usage) -> _Cost:
    return _Cost(
        reader_seconds=round(usage.seconds, 4),
        prompt_tokens=usage.prompt_tokens,
        output_tokens=usage.output_tokens,
        tiles=usage.tiles,
    )
