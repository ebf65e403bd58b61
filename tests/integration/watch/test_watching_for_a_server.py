"""A server as whoever reads: what a watcher asks of it, after a crash, without an answer, and when it refuses."""

import hashlib
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from doubles.command import write_pdf
from doubles.face import BILL, Place, alone, until
from doubles.ports import free_port
from doubles.watching import Watched

from docproc.client import Attempts, Client
from docproc.domain.errors import ChangedError, NotFoundError, UsageError
from docproc.services.key_records import Scope
from docproc.services.ledger_records import EntryState
from docproc.watch.ports import RefusedFileError, Ticket, VanishedError
from docproc.watch.rules import Rule
from docproc.watch.server_jobs import ServerGoneError, ServerJobs, rehearse

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with alone(tmp_path_factory.mktemp("server")) as place:
        yield place


@pytest.fixture
def client(server: Place) -> Iterator[Client]:
    key = server.key(server.tenant(), Scope.SUBMIT, Scope.READ)
    with Client(server.addresses[0], key=key, attempts=Attempts(most=1)) as client:
        yield client


@pytest.fixture
def jobs(client: Client) -> ServerJobs:
    return ServerJobs(client, place="/srv/scans")


def ticket_for(file: Path, *, metadata: Mapping[str, Any] | None = None) -> Ticket:
    return Ticket(
        id=uuid.uuid4(),
        file=file,
        name=f"sub/{file.name}",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        rule=Rule(schema="invoice"),
        external_id=None,
        metadata=metadata or {},
    )


@pytest.fixture
def ticket(tmp_path: Path) -> Ticket:
    return ticket_for(write_pdf(tmp_path / "a.pdf", BILL.format(number="S-1")))


def forget_keys(server: Place) -> None:
    """As the server does when they are a day old."""
    engine = sqlalchemy.create_engine(server.desk.settings.database)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM idempotency_keys"))
    engine.dispose()


def test_what_was_submitted_is_found_by_the_row_of_the_ledger_also_when_its_key_is_forgotten(
    server: Place, client: Client, jobs: ServerJobs, ticket: Ticket
) -> None:
    assert jobs.find(ticket.id) is None
    job_id = jobs.submit(ticket)
    assert jobs.submit(ticket) == job_id, "sent again it is the same job"
    forget_keys(server)

    assert jobs.find(ticket.id) == job_id
    assert jobs.find(uuid.uuid4()) is None
    assert len(list(client.jobs())) == 1


def test_a_job_has_ended_when_its_documents_have_or_when_somebody_deleted_it(jobs: ServerJobs, ticket: Ticket) -> None:
    job_id, unknown = jobs.submit(ticket), uuid.uuid4()
    assert jobs.finished([unknown]) == {unknown}
    until(lambda: jobs.finished([job_id, unknown]) == {job_id, unknown})

    outcome = jobs.outcome(job_id)
    (record,) = outcome.records
    assert outcome.usable
    assert record.name.startswith("a.pdf-")
    assert '"invoice_number": "S-1"' in "".join(record.pieces)
    with pytest.raises(NotFoundError):
        jobs.outcome(unknown)


def test_a_file_that_changed_or_vanished_is_never_sent(client: Client, jobs: ServerJobs, ticket: Ticket) -> None:
    ticket.file.write_bytes(b"%PDF-1.7 other")
    with pytest.raises(ChangedError):
        jobs.submit(ticket)
    ticket.file.unlink()
    with pytest.raises(VanishedError):
        jobs.submit(ticket)
    assert list(client.jobs()) == []


def test_without_an_answer_or_a_valid_key_it_is_tried_again_later(server: Place, ticket: Ticket) -> None:
    for address, key in ((f"http://127.0.0.1:{free_port()}", "docproc_x"), (server.addresses[0], "docproc_x")):
        with Client(address, key=key, attempts=Attempts(most=1)) as client:
            jobs = ServerJobs(client, place="/srv/scans")
            for ask in (lambda: jobs.submit(ticket), lambda: jobs.find(ticket.id), lambda: jobs.outcome(ticket.id)):  # noqa: B023 called at once
                with pytest.raises(ServerGoneError):
                    ask()


class Between(BaseHTTPRequestHandler):
    """A proxy that has lost its server."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is http.server's
        """Tell no request."""


@pytest.fixture
def proxy() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Between) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_a_proxy_does_not_find_is_asked_for_again_later(proxy: str, ticket: Ticket) -> None:
    with Client(proxy, key="docproc_x", attempts=Attempts(most=1)) as client:
        jobs = ServerJobs(client, place="/srv/scans")
        for ask in (jobs.find, jobs.outcome, lambda job_id: jobs.finished([job_id])):
            with pytest.raises(ServerGoneError):
                ask(ticket.id)


def test_a_file_that_the_server_will_never_take_is_put_away_with_its_reason(
    jobs: ServerJobs, ticket: Ticket, watched: Watched
) -> None:
    with pytest.raises(RefusedFileError) as caught:
        jobs.submit(replace(ticket, metadata={"too": "x" * 20_000}))
    assert caught.value.code == "invalid_request"

    watched.jobs.on_submit = lambda _: (_ for _ in ()).throw(caught.value)
    watched.drop("a.pdf")
    assert watched.watch_once().ended == {EntryState.FAILED: 1}
    assert watched.lying() == ["failed/a.pdf", "failed/a.pdf.error.json"]
    assert '"code": "invalid_request"' in (watched.root / "failed/a.pdf.error.json").read_text()


def test_what_the_server_does_not_have_is_said_before_anything_is_taken(client: Client) -> None:
    rehearse(client, [Rule(schema="invoice@1", passwords=("one",))])
    with pytest.raises(UsageError, match="nobody"):
        rehearse(client, [Rule(schema="invoice", reader="nobody")])
    with pytest.raises(UsageError, match="one password"):
        rehearse(client, [Rule(schema="invoice", passwords=("one", "two"))])


def test_an_unfinished_submission_of_a_file_that_is_gone_is_given_up(
    server: Place, client: Client, jobs: ServerJobs, ticket: Ticket
) -> None:
    job_id = jobs.submit(ticket)
    engine = sqlalchemy.create_engine(server.desk.settings.database)
    with closing(engine.connect()) as connection:
        connection.execute(sqlalchemy.text("UPDATE jobs SET submitted_at = NULL WHERE id = :id"), {"id": job_id.hex})
        connection.commit()
    engine.dispose()
    assert jobs.find(ticket.id) is None

    jobs.forget(ticket.id)

    assert client.job(job_id).facts.cancel_requested_at is not None
