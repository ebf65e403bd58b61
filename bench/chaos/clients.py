"""Clients of a service under fire: they submit, watch and fetch, and write down what they are told. Knows no worker."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx2

from chaos.face import FrontDoor
from chaos.line import Line
from chaos.papers import Paper
from docproc.client import AsyncClient, AsyncJob, Attempts, ServerUnreachableError
from docproc.client.connection import timeouts
from docproc.client.types import JobEvent
from docproc.domain.errors import DocprocError

T = TypeVar("T")

SCHEMA = "key_value"
_PAPERS_A_JOB = 4
#: two outages one after the other, and a replica that starts on a machine that has much to do
_PATIENCE = Attempts(most=15)
#: one job in so many is handed in twice at once, and one in so many exported
_TWICE, _EXPORTED = 5, 4
_WATCHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Papers that become one job."""

    number: int
    papers: Sequence[Paper]

    @property
    def name(self) -> str:
        """By which the job is known to its client, before there is one."""
        return f"batch-{self.number:04}"

    @property
    def tenant(self) -> str:
        return self.papers[0].tenant

    @property
    def reader(self) -> str:
        return self.papers[0].reader


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A job that the service took."""

    id: UUID
    tenant: str


def batches_of(papers: Sequence[Paper]) -> list[Batch]:
    """Each of papers that have tenant and reader in common."""
    alike: dict[tuple[str, str], list[Paper]] = {}
    for paper in papers:
        alike.setdefault((paper.tenant, paper.reader), []).append(paper)
    groups = (
        group[start : start + _PAPERS_A_JOB]
        for group in alike.values()
        for start in range(0, len(group), _PAPERS_A_JOB)
    )
    return [Batch(number=number, papers=group) for number, group in enumerate(groups)]


class Clients:
    """So many clients at once, in a thread, each of one tenant; they end when every batch has become records."""

    def __init__(self, door: FrontDoor, batches: Sequence[Batch], *, count: int, folder: Path) -> None:
        self.jobs: list[HandedIn] = []
        #: what a client could not do, however often it tried
        self.failed: list[str] = []
        self._door = door
        self._count = count
        self._folder = folder
        self._waiting: dict[str, deque[Batch]] = {}
        for batch in batches:
            self._waiting.setdefault(batch.tenant, deque()).append(batch)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        for name in ("fetched", "exported"):
            (self._folder / name).mkdir()
        self._thread.start()

    async def _run(self) -> None:
        tenants = sorted(self._waiting)
        clients = (self._client(number, tenants[number % len(tenants)]) for number in range(self._count))
        await asyncio.gather(*clients)

    async def _client(self, number: int, tenant: str) -> None:
        line = Line(self._door.ports, first=number, record=self._folder / "answers.jsonl")
        http = httpx2.AsyncClient(transport=line, timeout=timeouts())
        somewhere = f"http://127.0.0.1:{self._door.ports[0]}"  # the line knows better
        async with AsyncClient(somewhere, key=self._door.keys[tenant], attempts=_PATIENCE, http=http) as docproc:
            while self._waiting[tenant]:
                batch = self._waiting[tenant].popleft()
                try:
                    await self._all_of(batch, docproc)
                except DocprocError as error:
                    self.failed.append(f"{batch.name}: {error.message}")

    async def _all_of(self, batch: Batch, docproc: AsyncClient) -> None:
        for paper in batch.papers:
            self._note("submitted", replace(paper, job=batch.name).to_json())
        jobs = await asyncio.gather(*(_submit(batch, docproc) for _ in range(1 + (batch.number % _TWICE == 0))))
        self.jobs += {HandedIn(id=job.id, tenant=batch.tenant) for job in jobs}
        watching = [await docproc.job(jobs[0].id) for _ in range(_WATCHERS)]
        await asyncio.gather(*(self._watch(job) for job in watching))
        fetched = await _whole(lambda: _lines(jobs[0]))
        (self._folder / "fetched" / f"{batch.name}.jsonl").write_bytes(b"".join(line + b"\n" for line in fetched))
        if batch.number % _EXPORTED == 0:
            await _whole(lambda: jobs[0].export(self._folder / "exported" / f"{batch.name}.jsonl"))

    async def _watch(self, job: AsyncJob) -> None:
        events = [(news.number, news.kind) async for news in job.events() if isinstance(news, JobEvent)]
        self._note("watched", {"job_id": str(job.id), "events": events})

    def _note(self, name: str, line: dict[str, object]) -> None:
        with (self._folder / f"{name}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


async def _submit(batch: Batch, docproc: AsyncClient) -> AsyncJob:
    return await docproc.submit(
        [paper.path for paper in batch.papers],
        schema=SCHEMA,
        idempotency_key=batch.name,
        external_id=batch.name,
        reader=batch.reader,
    )


async def _lines(job: AsyncJob) -> list[bytes]:
    return [line async for line in job.result_lines()]


async def _whole(fetch: Callable[[], Awaitable[T]]) -> T:
    """What arrives in pieces, from its beginning when it broke off."""
    for _ in range(_PATIENCE.most):
        try:
            return await fetch()
        except ServerUnreachableError:
            await asyncio.sleep(1.0)
    return await fetch()
