"""A service's face as clients meet it: servers on ports of their own, alone on one machine or in front of workers."""

import asyncio
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from docproc.api.app import create_app
from docproc.api.counting import RequestCounters
from docproc.api.serving import listen
from docproc.api.wiring import Face, open_face
from docproc.bootstrap import Desk, _desk_over
from docproc.services.key_records import KeyTerms, Scope
from docproc.services.keys import create_key
from docproc.settings import Settings
from docproc.storage.database import Database
from docproc.storage.stores import open_own_database
from doubles import waiting
from doubles.command import write_pdf
from doubles.postgres import empty_database
from doubles.valkey import running_valkey
from doubles.waiting import PATIENCE_S
from doubles.worker import WorkerProcess, running_worker

#: those who use the face wait for it
until = waiting.until
#: where webhooks of tests may lead to
RECEIVERS = "localhost"
BILL = "Invoice\nInvoice number: {number}\nInvoice date: 2026-03-01\nTotal: 120.00 EUR"


@dataclass(frozen=True)
class Place:
    """A running service: its desk, and where its replicas answer."""

    desk: Desk
    addresses: Sequence[str]
    folder: Path
    is_service: bool
    #: of its workers
    broker_url: str = ""

    def tenant(self) -> str:
        """A new one."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.desk.work.tenants.create(name)
        return name

    def key(self, tenant: str, *scopes: Scope) -> str:
        terms = KeyTerms(name="test", scopes=frozenset(scopes or (Scope.ADMIN,)))
        return create_key(self.desk.front.keys, terms, tenant=tenant, by="test", audit=self.desk.upkeep.audit).token

    @contextmanager
    def client(self, token: str | None, *, replica: int = 0) -> Iterator[httpx2.Client]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        address = self.addresses[replica % len(self.addresses)]
        with httpx2.Client(base_url=address, headers=headers, timeout=PATIENCE_S) as client:
            yield client

    def bill(self, number: str = "A-1", *, pages: int = 1) -> bytes:
        """A PDF of its own bytes."""
        path = self.folder / f"{uuid.uuid4().hex}.pdf"
        return write_pdf(path, *[BILL.format(number=number)] * pages).read_bytes()


def submit(client: httpx2.Client, content: bytes, *, wait: float = 30, **fields: str) -> dict[str, Any]:
    """The answer to one document."""
    answer = client.post(
        "/v1/jobs",
        params={"wait": wait},
        data={"schema": "key_value", **fields},
        files=[("files", ("bill.pdf", content, "application/pdf"))],
    )
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


class _NoFace:
    """Enough to describe an app."""

    counters = RequestCounters()


def described_app() -> FastAPI:
    """An app to be looked at, not to be asked."""
    return create_app(_NoFace())  # type: ignore[arg-type]


class _Server(uvicorn.Server):
    """Says when it answers, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready.set()


@contextmanager
def answering(face: Face) -> Iterator[str]:
    """The address of a server in threads of this process."""
    listener = listen("127.0.0.1", 0)
    ready = threading.Event()
    server = _Server(
        uvicorn.Config(
            create_app(face), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        ),
        ready,
    )

    async def run() -> None:
        await server.serve(sockets=[listener])
        await face.lookout.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def alone(folder: Path) -> Iterator[Place]:
    """As `docproc serve` without settings."""
    settings = Settings(data_dir=folder / "data", workers=2, webhook_hosts=[RECEIVERS])
    settings.data_dir.mkdir()
    database = open_own_database(settings.database)
    desk = _desk_over(database, settings)
    with open_face(desk, is_service=False) as face, answering(face) as address:
        yield Place(desk=desk, addresses=[address], folder=folder, is_service=False)
    database.close()


@contextmanager
def service(
    folder: Path,
    *,
    server_url: str,
    template: str,
    blobs: str,
    environment: Mapping[str, str],
    sealing_key: str | None = None,
) -> Iterator[Place]:
    """Two replicas in front of Postgres, an S3 server and a worker."""
    with ExitStack() as ended:
        url = ended.enter_context(empty_database(server_url, template=template))
        valkey = ended.enter_context(running_valkey())
        variables = {
            "DOCPROC_DATABASE_URL": url,
            "DOCPROC_BROKER_URL": valkey.url,
            "DOCPROC_BLOB_URL": blobs,
            "DOCPROC_WEBHOOK_HOSTS": f'["{RECEIVERS}"]',
            **environment,
            **({} if sealing_key is None else {"DOCPROC_SEALING_KEY": sealing_key}),
        }
        queues = ("prepare", "read.cpu", "assemble", "export", "deliver")
        worker = WorkerProcess(environment=variables, queues=queues, log=folder / "worker.log", pool="threads", slots=3)
        ended.enter_context(running_worker(worker))
        addresses, desks = [], []
        for replica in range(2):
            settings = Settings(
                database_url=SecretStr(url),
                blob_url=SecretStr(blobs),
                data_dir=folder / f"replica-{replica}",
                webhook_hosts=[RECEIVERS],
                sealing_key=None if sealing_key is None else SecretStr(sealing_key),
            )
            database = Database.open(url)
            ended.callback(database.close)
            desks.append(_desk_over(database, settings))
            face = ended.enter_context(open_face(desks[-1], is_service=True))
            addresses.append(ended.enter_context(answering(face)))
        yield Place(desk=desks[0], addresses=addresses, folder=folder, is_service=True, broker_url=valkey.url)
