"""Dead pages and documents: found, and given back to be worked on. Knows no database and no output."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from docproc.domain.errors import ConflictError, NotFoundError, UsageError
from docproc.services.upkeep_ports import DeadStore
from docproc.services.upkeep_records import DeadEnd, DeadFilter, DeadPlace

_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was given back."""

    documents: int = 0
    pages: int = 0
    #: of canceled jobs, or in somebody's hands by now
    left: int = 0


def place_of(name: str) -> DeadPlace:
    """`DOCUMENT` or `DOCUMENT/PAGE`, as the list writes them. Raises UsageError."""
    document, slash, page = name.partition("/")
    try:
        place = DeadPlace(UUID(document), int(page) if slash else 0)
    except ValueError as exc:
        raise UsageError(f"{name!r} names nothing dead: write DOCUMENT or DOCUMENT/PAGE, as docproc dead list") from exc
    if slash and place.page < 1:
        raise UsageError(f"{name!r}: pages count from 1")
    return place


def all_dead(dead: DeadStore, tenant: str, *, wanted: DeadFilter, after: DeadPlace | None = None) -> Iterator[DeadEnd]:
    """Every dead page and document, however many; what dies meanwhile may be among them."""
    while batch := dead.page_through(tenant, wanted=wanted, after=after, limit=_BATCH):
        yield from batch
        after = batch[-1].place


def replay(dead: DeadStore, tenant: str, place: DeadPlace, *, by: str) -> Replayed:
    """One page or one document. Raises NotFoundError or ConflictError."""
    pages = dead.replay(tenant, place, by=by)
    return Replayed(documents=0 if place.page else 1, pages=pages)


def replay_all(dead: DeadStore, tenant: str, *, wanted: DeadFilter, by: str) -> Replayed:
    """Everything that is wanted, once: what dies again stays dead."""
    documents = pages = left = 0
    for each in all_dead(dead, tenant, wanted=wanted):
        try:
            done = replay(dead, tenant, each.place, by=by)
        except (ConflictError, NotFoundError):
            left += 1
            continue
        documents, pages = documents + done.documents, pages + done.pages
    return Replayed(documents=documents, pages=pages, left=left)
