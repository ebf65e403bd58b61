"""The workbench of a process that works: a worker's, and that of a service alone. Knows neither Celery nor threads."""

import time
from collections.abc import Mapping

from docproc.bootstrap import Desk, Service
from docproc.bootstrap.contexts import contexts_of, schema_of
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import Reader
from docproc.services.report_images import ReportImages
from docproc.services.workbench import InHand, Workbench
from docproc.sinks.webhooks import GuardedSender


def workbench_over(
    service: Service | Desk, source: DocprocPages, in_hand: InHand, *, hosted: Mapping[str, Reader] | None = None
) -> Workbench:
    """Everything that the steps need.

    Args:
        service: whose jobs.
        source: takes documents apart, and draws the pages of reports.
        in_hand: looks after the leases of this process.
        hosted: models in this process, by their names.
    """
    return Workbench(
        stores=service.stores,
        work=service.work,
        in_hand=in_hand,
        context_of=contexts_of(service, source, hosted=hosted),
        errands=service.errands,
        names=service.names,
        census=service.census,
        schema_of=lambda job: schema_of(job.schema),
        sender=GuardedSender(inside=service.settings.webhook_hosts),
        pause=time.sleep,
        open_images=lambda checkpoint: ReportImages(
            service.stores, source, accept=service.accept, checkpoint=checkpoint
        ),
    )
