"""Guesses at how an answer goes on, from what a reader without a model found and from the words of the pages."""

from docproc.decoding.drafts.page_print import PagePrint
from docproc.decoding.drafts.record_draft import RecordDrafter
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema, Record

__all__ = ["PagePrint", "RecordDrafter", "window_drafter"]


def window_drafter(window: Window, schema: ExtractionSchema, *, draft: Record | None = None) -> RecordDrafter:
    """A drafter for one answer about `window`; `draft` is another reader's record of it, if there is one."""
    day_first = window.day_first if window.day_first is not None else schema.day_first
    return RecordDrafter(schema.fields, PagePrint(window.pages, day_first=day_first), draft=draft)
