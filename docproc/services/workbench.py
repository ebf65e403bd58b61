"""Everything that the steps need in one process that works, with a broker or alone. Knows no step."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from docproc.domain.schema import ExtractionSchema
from docproc.exports.report.report_writer import no_page_image
from docproc.services.errand_ports import ErrandStores, WebhookSender
from docproc.services.export_job import OpenImages
from docproc.services.job_context import JobContext, SystemClock
from docproc.services.ports import Clock, Stores
from docproc.services.records import Document, Job
from docproc.services.upkeep_ports import BlobNames, Census
from docproc.services.work_on import Checkpoint
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import Held

#: the context of a document's job, which a worker keeps for further documents of the same job
ContextOf: TypeAlias = Callable[[Document], JobContext]


class InHand(Protocol):
    """What a worker has in hand: renews the leases, and notices when one no longer stands."""

    @property
    def owner(self) -> str: ...

    @property
    def lease_s(self) -> float: ...

    def holding(self, held: Held | None) -> AbstractContextManager[Checkpoint]:
        """While the context lasts the lease is renewed; the checkpoint raises LeaseLostError or LeaveWork.

        None: for work without a lease, which only has to stop when its worker leaves.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """One for a process: its threads share it."""

    stores: Stores
    work: WorkStores
    in_hand: InHand
    context_of: ContextOf
    errands: ErrandStores
    names: BlobNames
    census: Census
    schema_of: Callable[[Job], ExtractionSchema]
    sender: WebhookSender
    #: waits some seconds before work is handed back whose stores cannot be reached
    pause: Callable[[float], None]
    #: for reports; by default their pages are empty
    open_images: OpenImages = lambda _: nullcontext(no_page_image)
    clock: Clock = field(default_factory=SystemClock)
