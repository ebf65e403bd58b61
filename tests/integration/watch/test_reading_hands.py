"""Jobs that a watcher reads itself: with a model behind, as they were submitted, and what another one left behind."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.command import write_pdf
from doubles.held_reader import HeldReader, LateReader
from doubles.openai_server import openai_server, said
from doubles.watch_page import BILL
from doubles.watching import until

from docproc.bootstrap import Desk, open_desk
from docproc.domain.document import DocumentState
from docproc.domain.failure import FailureCode
from docproc.pages.pool import ChildPool
from docproc.queueing.local import StopSignal
from docproc.services.collect import collect
from docproc.services.records import LOCAL_TENANT
from docproc.services.show import documents_of
from docproc.settings import Settings
from docproc.watch.desk_jobs import DeskJobs
from docproc.watch.hands import HandTerms, LocalHands, local_hands
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


def submitted(desk: Desk, file: Path, rule: Rule = RULE) -> uuid.UUID:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    ticket = Ticket(id=uuid.uuid4(), file=file, name=file.name, sha256=sha256, rule=rule, external_id=None, metadata={})
    with ChildPool(size=1) as children:
        return DeskJobs(desk, tenant=LOCAL_TENANT, children=children, hands=Idle()).submit(ticket)


@contextmanager
def reading(desk: Desk) -> Iterator[LocalHands]:
    with (
        desk.owners.enter() as owner,
        local_hands(desk, owner, stop=StopSignal(), terms=HandTerms(workers=1, lease_s=30)) as hands,
    ):
        yield hands


def read(desk: Desk, job_id: uuid.UUID, rule: Rule) -> None:
    with reading(desk) as hands:
        hands.work(job_id, rule)
        until(lambda: not desk.stores.jobs.unfinished([job_id]))


def test_what_a_dead_watcher_of_another_machine_had_begun_is_read_once_its_lease_is_over(
    desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    dead, alive = desks
    job_id = submitted(dead, write_pdf(tmp_path / "a.pdf", BILL.format(1)))
    began = time.monotonic()
    # as after kill -9: the lease stands, and nobody renews it
    assert dead.stores.documents.claim(job_id, owner="of another machine", lease_s=2.5) is not None

    with reading(alive) as hands:
        hands.work(job_id, RULE)
        hands.work(uuid.uuid4(), RULE)  # one that somebody deleted meanwhile
        until(lambda: not alive.stores.jobs.unfinished([job_id]))
        assert time.monotonic() - began > 2

    job = alive.stores.jobs.get(job_id, tenant=LOCAL_TENANT)
    assert job.documents.of(DocumentState.FAILED) == 0


def test_pages_that_the_first_reader_is_not_sure_of_go_on_to_the_model(
    desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    schema = {"title": "bill", "type": "object", "properties": {"weight": {"type": "string"}}, "required": ["weight"]}
    (tmp_path / "bill.json").write_text(json.dumps(schema))
    rule = Rule(schema=str(tmp_path / "bill.json"))
    with openai_server() as server:
        server.replies(said(json.dumps({"weight": "12.5"}), logprob=-0.05))
        desk = replace(desks[0], settings=desks[0].settings.model_copy(update={"remote_endpoints": [server.url]}))
        job_id = submitted(desk, write_pdf(tmp_path / "a.pdf", "As heavy as 12.5 stones"), rule)
        read(desk, job_id, rule)

    (item,) = collect(desk.stores, job_id)
    assert [page.reader for page in item.extraction.pages] == ["remote"]
    assert item.extraction.record == {"weight": "12.5"}


def test_a_job_is_read_with_the_schema_that_it_was_submitted_with(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    """The file was edited while the watcher was away: a reading by another schema would be kept as one by this."""
    file = tmp_path / "bill.json"

    def schema_with(name: str) -> str:
        properties = {name: {"type": ["string", "null"]}}
        return json.dumps({"title": "bill", "type": "object", "properties": properties})

    file.write_text(schema_with("invoice_number"))
    rule = Rule(schema=str(file))
    job_id = submitted(desks[0], write_pdf(tmp_path / "a.pdf", BILL.format(1)), rule)
    file.write_text(schema_with("invoice_date"))

    read(desks[0], job_id, rule)

    (item,) = collect(desks[0].stores, job_id)
    assert item.extraction.record is not None
    assert list(item.extraction.record) == ["invoice_number"]


def test_what_cannot_be_read_here_any_more_fails_and_says_why(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    rule = replace(RULE, reader="remote")
    job_id = submitted(desks[0], write_pdf(tmp_path / "a.pdf", BILL.format(1)), rule)

    read(desks[0], job_id, rule)

    (document,) = documents_of(desks[0].stores, job_id)
    assert document.failure is not None
    assert document.failure.code is FailureCode.READER_UNAVAILABLE
    assert "DOCPROC_REMOTE_ENDPOINTS" in document.failure.message


def test_a_reader_that_cannot_be_made_at_first_is_made_again_and_lets_go_in_the_end(
    desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    own = {"own": f"{LateReader.__module__}:LateReader"}
    desk = replace(desks[0], settings=desks[0].settings.model_copy(update={"readers": own}))
    rule = replace(RULE, reader="own")
    job_id = submitted(desk, write_pdf(tmp_path / "a.pdf", BILL.format(1)), rule)

    with reading(desk) as hands:
        hands.work(job_id, rule)
        until(lambda: not desk.stores.jobs.unfinished([job_id]))
        assert not HeldReader.closed.is_set()

    assert HeldReader.closed.is_set()
    assert desk.stores.jobs.get(job_id, tenant=LOCAL_TENANT).documents.failed == 0
