"""Which state may follow which: one table a noun, enforced here and nowhere else."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError
from docproc.domain.page import PageState

S = TypeVar("S", bound=StrEnum)

PAGE_TRANSITIONS: Mapping[PageState, frozenset[PageState]] = {
    PageState.WAITING: frozenset(
        {PageState.QUEUED, PageState.LEASED, PageState.BLANK, PageState.FAILED, PageState.CANCELED}
    ),
    PageState.QUEUED: frozenset({PageState.LEASED, PageState.WAITING, PageState.FAILED, PageState.CANCELED}),
    PageState.LEASED: frozenset({PageState.READ, PageState.FAILED, PageState.WAITING, PageState.CANCELED}),
    # read again: a finding on the whole document concerns it
    PageState.READ: frozenset({PageState.WAITING}),
    PageState.BLANK: frozenset(),
    PageState.FAILED: frozenset({PageState.WAITING}),
    PageState.CANCELED: frozenset(),
}

DOCUMENT_TRANSITIONS: Mapping[DocumentState, frozenset[DocumentState]] = {
    DocumentState.RECEIVED: frozenset({DocumentState.PREPARING, DocumentState.FAILED, DocumentState.CANCELED}),
    DocumentState.PREPARING: frozenset(
        {DocumentState.READING, DocumentState.RECEIVED, DocumentState.FAILED, DocumentState.CANCELED}
    ),
    DocumentState.READING: frozenset(
        {DocumentState.ASSEMBLING, DocumentState.RECEIVED, DocumentState.FAILED, DocumentState.CANCELED}
    ),
    DocumentState.ASSEMBLING: frozenset(
        {
            DocumentState.READING,
            DocumentState.SUCCEEDED,
            DocumentState.NEEDS_REVIEW,
            DocumentState.RECEIVED,
            DocumentState.FAILED,
            DocumentState.CANCELED,
        }
    ),
    DocumentState.SUCCEEDED: frozenset(),
    # received again: pages that failed are tried again
    DocumentState.NEEDS_REVIEW: frozenset({DocumentState.SUCCEEDED, DocumentState.RECEIVED}),
    DocumentState.FAILED: frozenset({DocumentState.RECEIVED}),
    DocumentState.CANCELED: frozenset(),
}

FINAL_DOCUMENT_STATES = frozenset(
    {DocumentState.SUCCEEDED, DocumentState.NEEDS_REVIEW, DocumentState.FAILED, DocumentState.CANCELED}
)


def require_transition(table: Mapping[S, frozenset[S]], before: S, after: S) -> None:
    """Raise ConflictError unless `table` lets `after` follow `before`."""
    if after not in table[before]:
        raise ConflictError(f"a {type(before).__name__} cannot go from {before} to {after}")


def job_state(documents: Iterable[DocumentState]) -> JobState:
    """The state of a job, derived from those of its documents."""
    states = set(documents)
    if not states or states == {DocumentState.RECEIVED}:
        return JobState.QUEUED
    if states - FINAL_DOCUMENT_STATES:
        return JobState.RUNNING
    usable = states & {DocumentState.SUCCEEDED, DocumentState.NEEDS_REVIEW}
    if usable == states:
        return JobState.SUCCEEDED
    if usable:
        return JobState.PARTIAL
    return JobState.FAILED if DocumentState.FAILED in states else JobState.CANCELED
