"""Chaos: clients have a service read some thousand pages while whatever it consists of is killed or taken away.

PYTHONPATH=bench:tests python -m chaos --seed 1 [--profile short] [--documents 200 --pages 2000 --clients 20]

The last line is one JSON object. What was submitted, what went wrong, the logs, the database and the exports stay in
build/chaos-SEED; `python bench/chaos/account.py build/chaos-SEED` counts them again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chaos.account import FAULTS, account
from chaos.clients import Clients, batches_of
from chaos.crew import Crew, clock_can_be_off, running_crew
from chaos.face import make_face
from chaos.jobs import all_told, export_jobs, state_of
from chaos.mischief import Mischief, Plan, drawn
from chaos.papers import Paper, write_papers
from chaos.servers import Servers, running_servers
from docproc.bootstrap import Service, open_service, open_service_desk
from docproc.domain.errors import ConflictError
from docproc.services.check_store import StoreCheck

_TENANTS = ("ada", "grace", "local")
_LEASE_S = 5
_CLIENTS = 20
#: what it is given beside what goes wrong; then it counts as stuck
_LIMIT_S = 1500.0
#: once all is read, and a message that nobody took waits for half a minute before it is sent a third time
_TELLING_S = 120.0
_PROFILES = {
    "full": (200, 2000, Plan()),
    "short": (
        40,
        300,
        Plan(kills=6, dispatcher_kills=1, flushes=1, replica_kills=2, replica_ends=1, outage_s=8),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done, and by how many."""

    documents: int
    pages: int
    clients: int


class Run:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, *, seed: int, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.source = random.Random(seed)  # noqa: S311 no secret

    def go(self, size: Size) -> dict[str, object]:
        """Everything from the first file to the count."""
        papers = write_papers(
            self.folder / "papers", documents=size.documents, pages=size.pages, tenants=_TENANTS, source=self.source
        )
        with running_servers() as servers:
            environment = {
                **servers.environment,
                "DOCPROC_LEASE_SECONDS": str(_LEASE_S),
                "DOCPROC_READERS": json.dumps({"quick": "quick_reader:QuickReader"}),
                "DOCPROC_WEBHOOK_HOSTS": json.dumps(["127.0.0.1"]),
            }
            os.environ.update(environment)
            service = open_service(migrate=True)
            for tenant in _TENANTS:
                _create_tenant(service, tenant)
            face = make_face(open_service_desk(), _TENANTS, environment, self.folder)
            clients = Clients(face.door, batches_of(papers), count=size.clients, folder=self.folder)
            began = time.monotonic()
            clock_off_s = self.source.choice((-3600, 3600))
            with running_crew(environment, self.folder, face=face, clock_off_s=clock_off_s) as crew:
                mischief = Mischief(servers, crew, self.plan, source=self.source, log=self.folder / "kills.jsonl")
                self._under_fire(service, mischief, clients, papers)
                seconds = time.monotonic() - began
            told = {**_told(mischief, crew), "clients_failed": len(clients.failed), "seconds": round(seconds, 1)}
            return {**self._accounted(service, servers, clients), **told}

    def _under_fire(self, service: Service, mischief: Mischief, clients: Clients, papers: Sequence[Paper]) -> None:
        clients.start()
        blows = drawn(self.plan, self.source)
        total, deadline = sum(paper.pages for paper in papers), time.monotonic() + _LIMIT_S
        while time.monotonic() < deadline:
            jobs = state_of(service, [*clients.jobs])
            if jobs is not None:
                done = sum(job.pages.done for job in jobs)
                print(f"{done} of {total} pages, {len(mischief.done)} blows", file=sys.stderr)
                while blows and done >= blows[0].at * total and mischief.strike(blows[0]):
                    blows.pop(0)
                if not (clients.running or blows):
                    deadline = min(deadline, time.monotonic() + _TELLING_S)
                    if all_told(service, _TENANTS):
                        break
            time.sleep(0.5)
        mischief.end()
        for failed in clients.failed:
            print(f"a client gave up: {failed}", file=sys.stderr)

    def _accounted(self, service: Service, servers: Servers, clients: Clients) -> dict[str, object]:
        """After the workers have ended: the last sweep, then everything is written down and counted."""
        export_jobs(service, clients.jobs, self.folder / "exports")
        in_vain = sum(_swept(service, tenant) for tenant in _TENANTS)
        keys = [key for tenant in _TENANTS for key in _blobs_of(service, tenant)]
        (self.folder / "blobs.txt").write_text("".join(f"{key}\n" for key in keys))
        servers.dump(self.folder)
        return {**account(self.folder).to_json(), "blobs": len(keys), "swept_blobs": in_vain}


def _create_tenant(service: Service, name: str) -> None:
    try:
        service.work.tenants.create(name)
    except ConflictError:  # one comes with the database
        return


def _swept(service: Service, tenant: str) -> int:
    """What upkeep deletes once it is a day old: nobody writes any more, so it can be done now."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    check = StoreCheck(stores=service.stores, names=service.names, tenant=tenant, before=soon, delete_orphans=True)
    for finding in check.findings():
        print(finding, file=sys.stderr)
    return check.tally.deleted.blobs


def _blobs_of(service: Service, tenant: str) -> list[str]:
    kinds = ("original", "words", "reading", "extraction", "table", "export", "image")
    return [key for kind in kinds for key in service.stores.blobs.keys(f"{tenant}/{kind}/")]


def _told(mischief: Mischief, crew: Crew) -> dict[str, object]:
    return {
        "kills": mischief.kills,
        "blows": len(mischief.done),
        "restarts": crew.restarts,
        "clock_off": clock_can_be_off(),
    }


def main() -> None:
    """Exit code 1 when anything was lost, doubled, left behind or told wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # servers and workers end too
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=_PROFILES, default="full")
    parser.add_argument("--documents", type=int)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--clients", type=int, default=_CLIENTS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    documents, pages, plan = _PROFILES[arguments.profile]
    documents = arguments.documents or documents
    folder = (arguments.folder or Path("build") / f"chaos-{arguments.seed}").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = arguments.pages or (documents * 10 if arguments.documents else pages)
    size = Size(documents=documents, pages=pages, clients=arguments.clients)
    result = Run(folder, seed=arguments.seed, plan=plan).go(size)
    told = {"seed": arguments.seed, "profile": arguments.profile, **asdict(size), **result}
    (folder / "result.json").write_text(json.dumps(told) + "\n")
    print(json.dumps(told))
    sys.exit(any(told[name] for name in (*FAULTS, "clients_failed")))


if __name__ == "__main__":
    main()
