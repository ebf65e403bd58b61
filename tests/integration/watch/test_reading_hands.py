"""Two watchers with a data folder each over one database: what one of them leaves behind, the other one reads."""

import hashlib
import time
import uuid
from pathlib import Path

import pytest
from doubles.command import write_pdf
from doubles.watch_page import BILL
from doubles.watching import until

from docproc.bootstrap import Desk, open_desk
from docproc.domain.document import DocumentState
from docproc.queueing.local import StopSignal
from docproc.services.records import LOCAL_TENANT
from docproc.settings import Settings
from docproc.watch.desk_jobs import DeskJobs
from docproc.watch.hands import HandTerms, local_hands
from docproc.watch.ports import Ticket
from docproc.watch.rules import Rule

pytestmark = pytest.mark.integration

RULE = Rule(schema="invoice")


@pytest.fixture
def desks(tmp_path: Path, migrated_file: Path) -> tuple[Desk, Desk]:
    (tmp_path / "shared.db").write_bytes(migrated_file.read_bytes())
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    first, second = (
        open_desk(Settings(data_dir=tmp_path / name, database_url=url, blob_url=str(tmp_path / "blobs")))
        for name in ("first", "second")
    )
    return first, second


class Idle:
    """Hands that are somewhere else."""

    def work(self, job_id: uuid.UUID, rule: Rule) -> None:
        """Not here."""


def submitted(desk: Desk, file: Path) -> uuid.UUID:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    jobs = DeskJobs(desk, tenant=LOCAL_TENANT, hands=Idle())
    ticket = Ticket(id=uuid.uuid4(), file=file, name=file.name, sha256=sha256, rule=RULE, external_id=None, metadata={})
    return jobs.submit(ticket)


def test_what_a_dead_watcher_of_another_machine_had_begun_is_read_once_its_lease_is_over(
    desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    dead, alive = desks
    job_id = submitted(dead, write_pdf(tmp_path / "a.pdf", BILL.format(1)))
    # as after kill -9: the lease stands, and nobody renews it
    assert dead.stores.documents.claim(job_id, owner="of another machine", lease_s=2.5) is not None
    began = time.monotonic()

    stop = StopSignal()
    terms = HandTerms(tenant=LOCAL_TENANT, workers=1, lease_s=30)
    with alive.owners.enter() as owner, local_hands(alive, owner, stop=stop, terms=terms) as hands:
        hands.work(job_id, RULE)
        hands.work(uuid.uuid4(), RULE)  # one that somebody deleted meanwhile
        until(lambda: not alive.stores.jobs.unfinished([job_id]))
        assert time.monotonic() - began > 2

    job = alive.stores.jobs.get(job_id, tenant=LOCAL_TENANT)
    assert job.documents.of(DocumentState.FAILED) == 0
