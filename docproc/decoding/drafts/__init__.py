"""Guesses at how an answer goes on, from what a reader without a model found and from the words of the pages."""

from docproc.decoding.drafts.record_draft import RecordDrafter

__all__ = ["RecordDrafter"]
