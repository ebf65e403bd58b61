"""What the routes work with: stores, a folder for what arrives, who is told of new work. Made at the edge, once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docproc.api.counting import RequestCounters
from docproc.api.incoming import forget_old
from docproc.api.lookout import Lookout
from docproc.api.parsing import PATIENCE_S, ParsingTurns
from docproc.bootstrap import CPU_READERS, READERS, Desk, open_pages, require_readable, schema_of
from docproc.bootstrap.choosing import ChosenReader, choose_reader
from docproc.domain.errors import UsageError
from docproc.services.served_models import COUNTED_ON_S

if TYPE_CHECKING:
    from docproc.domain.schema import ExtractionSchema
    from docproc.pages.pool import ChildPool
    from docproc.pipeline.ports import DrawingSource
    from docproc.services.records import Job
    from docproc.services.unpack import Unpacker
    from docproc.settings import Settings
    from docproc.storage.s3_links import S3Links


#: MiB of address space of a replica's parsing children: recognising the largest page that is taken in needs 1.4 GiB
_REPLICA_CHILD_MB = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Everything that routes need."""

    desk: Desk
    #: its pages are read by a service's workers, not by this process
    is_service: bool
    lookout: Lookout
    #: tells whoever works in this process that there is something to do
    wake: Callable[[], None] = lambda: None
    #: for looking at single pages
    source: "Callable[[], DrawingSource]"
    #: open the containers that are submitted; they start with the first one
    children: "ChildPool"
    #: of submissions that need a child
    turns: ParsingTurns
    #: None: the blob store has no links
    links: "S3Links | None" = None
    counters: RequestCounters = field(default_factory=RequestCounters)

    @property
    def webhook_hosts(self) -> frozenset[str]:
        """Of the own network, which webhooks may lead to."""
        return frozenset(host.lower() for host in self.desk.settings.webhook_hosts)

    @property
    def incoming(self) -> Path:
        """Where files lie while a request is received."""
        return self.desk.settings.data_dir / "incoming"

    def unpacker(self, passwords: Sequence[str]) -> "Unpacker":
        """For one submission: requests share the children, and none its passwords."""
        from docproc.pages.unpack import ChildContainers  # noqa: PLC0415
        from docproc.services.unpack import Unpacker  # noqa: PLC0415

        containers = ChildContainers(self.children, passwords=passwords)
        return Unpacker(containers=containers, limits=self.children.limits)

    def schema_of(self, job: "Job") -> "ExtractionSchema":
        """The schema of a job's records: what the job kept of it where it is not to be had here, or is another now."""
        from schemas.json_schema import compile_json_schema  # noqa: PLC0415

        try:
            return schema_of(job.schema)
        except UsageError:
            kept = compile_json_schema(dict(job.schema.json_schema), reference=job.schema.reference)
            return replace(kept, name=job.schema.name, version=job.schema.version)

    def chosen_reader(self, reader: str, schema: "ExtractionSchema") -> ChosenReader | None:
        """Where pages are read for `reader`; None: in this process.

        Raises UsageError for a reader that nobody knows, SchemaError when nothing would hold it to the schema.
        """
        settings = self.desk.settings
        if self.is_service:
            return choose_reader(reader, schema, settings=settings, work=self.desk.work)
        known = (*READERS, *settings.readers)
        if reader not in known:
            raise UsageError(f"there is no reader called {reader!r}; there are {', '.join(known)}")
        require_readable(schema, reader, settings)
        return None

    @property
    def readers(self) -> tuple[str, ...]:
        own = tuple(self.desk.settings.readers)
        remote = ("remote",) if self.desk.settings.remote_endpoints or self.is_service else ()
        return (*CPU_READERS, *remote, *own, *self.desk.work.models.names(seen_s=COUNTED_ON_S))


@contextmanager
def open_face(desk: Desk, *, is_service: bool) -> Iterator[Face]:
    """The face over a desk, with whoever works behind it: threads of this process, unless it is a service's.

    Raises UsageError or StorageError.
    """
    from docproc.pages.pool import ChildPool  # noqa: PLC0415
    from docproc.storage.blob_stores import open_blob_links  # noqa: PLC0415

    parsing = _of_a_replica(desk.settings) if is_service else desk.settings
    with ExitStack() as ended:
        children = ChildPool(size=parsing.workers, limits=parsing.limits, patience_s=PATIENCE_S)
        turns = ParsingTurns(places=parsing.workers)
        ended.callback(turns.close)
        face = Face(
            desk=desk,
            is_service=is_service,
            lookout=Lookout(desk.front.catalog),
            source=_opened_once(lambda: open_pages(parsing, workers=1, patience_s=PATIENCE_S), ended),
            children=ended.enter_context(children),
            turns=turns,
            links=open_blob_links(desk.settings.blobs),
        )
        forget_old(face.incoming)
        if not is_service:
            face = replace(face, wake=ended.enter_context(_working_here(desk)))
        yield face


def _of_a_replica(settings: "Settings") -> "Settings":
    """One child for containers beside the one for single pages: their limits together are what a deployment allows."""
    child_mb = min(settings.child_memory_mb, _REPLICA_CHILD_MB)
    return settings.model_copy(update={"workers": 1, "child_memory_mb": child_mb})


def _opened_once(
    opening: "Callable[[], AbstractContextManager[DrawingSource]]", ended: ExitStack
) -> "Callable[[], DrawingSource]":
    """Opened when it is first asked for, closed with `ended`."""
    import threading  # noqa: PLC0415

    turn = threading.Lock()
    found: list[DrawingSource] = []

    def source() -> "DrawingSource":
        with turn:
            if not found:
                found.append(ended.enter_context(opening()))
            return found[0]

    return source


@contextmanager
def _working_here(desk: Desk) -> Iterator[Callable[[], None]]:
    from docproc.bootstrap.workbench import workbench_over  # noqa: PLC0415
    from docproc.queueing.in_hand import Beat, LeasesInHand  # noqa: PLC0415
    from docproc.queueing.local_service import LocalService  # noqa: PLC0415

    settings = desk.settings
    hand = LeasesInHand(desk.work.leases, beat=Beat(lease_s=settings.lease_seconds, longest_s=settings.task_seconds))
    # one more than documents are worked on at a time: a report draws its pages meanwhile
    with open_pages(settings, workers=settings.workers + 1) as source:
        bench = workbench_over(desk, source, hand)
        with LocalService(desk.front.backlog, bench, owners=desk.owners, threads=settings.workers) as service:
            try:
                yield service.wake
            finally:
                hand.close()
