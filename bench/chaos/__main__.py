"""Chaos: clients have a service read some thousand pages while whatever it consists of is killed or taken away.

PYTHONPATH=bench:tests python -m chaos --seed 1 [--profile short] [--reader vlm] [--documents 200 --pages 2000]
                                        [--clients 20]

The reader `quick` takes 10 ms a page; `vlm` is a tiny random NVLM-D that two workers host, with fewer pages.

The last line is one JSON object. What was submitted, what went wrong, the logs, the database and the exports stay in
build/chaos-SEED, with another reader than quick in build/chaos-READER-SEED; `python bench/chaos/account.py FOLDER`
counts them again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
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
from chaos.papers import Paper, Pile, write_papers
from chaos.servers import Servers, running_servers
from docproc.bootstrap import Service, open_service, open_service_desk
from docproc.domain.errors import ConflictError
from docproc.services.check_store import StoreCheck
from docproc.services.orphans import remove_old_images

_TENANTS = ("ada", "grace", "local")
_LEASE_S = 5
_CLIENTS = 20
#: what it is given beside what goes wrong; then it counts as stuck
_LIMIT_S = 1500.0
#: once all is read, and a message that nobody took waits for half a minute before it is sent a third time
_TELLING_S = 120.0
_SHORT = Plan(kills=6, dispatcher_kills=1, flushes=1, replica_kills=2, replica_ends=1, outage_s=8)
#: documents, pages and what goes wrong, by reader and profile
_PROFILES = {
    ("quick", "full"): (200, 2000, Plan()),
    ("quick", "short"): (40, 300, _SHORT),
    ("vlm", "full"): (60, 400, Plan(kills=12, outage_s=12)),
    ("vlm", "short"): (20, 80, _SHORT),
}
#: to import torch and load a model takes a machine under load its time
_LOADING_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done, and by how many."""

    documents: int
    pages: int
    clients: int


class Run:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, *, seed: int, plan: Plan, reader: str) -> None:
        self.folder = folder
        self.plan = plan
        self.reader = reader
        self.source = random.Random(seed)  # noqa: S311 no secret

    def go(self, size: Size) -> dict[str, object]:
        """Everything from the first file to the count."""
        pile = Pile(documents=size.documents, pages=size.pages, tenants=_TENANTS, reader=self.reader)
        papers = write_papers(self.folder / "papers", pile, source=self.source)
        model = _tiny_model(self.folder / "model") if self.reader == "vlm" else None
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
            clock_off_s = self.source.choice((-3600, 3600))
            with running_crew(environment, self.folder, face=face, clock_off_s=clock_off_s, model=model) as crew:
                if model is not None:
                    _wait_for_model(service)
                began = time.monotonic()
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
        images = sum(_images_removed(service, tenant) for tenant in _TENANTS)
        keys = [key for tenant in _TENANTS for key in _blobs_of(service, tenant)]
        (self.folder / "blobs.txt").write_text("".join(f"{key}\n" for key in keys))
        servers.dump(self.folder)
        return {**account(self.folder).to_json(), "blobs": len(keys), "swept_blobs": in_vain, "images": images}


def _create_tenant(service: Service, name: str) -> None:
    try:
        service.work.tenants.create(name)
    except ConflictError:  # one comes with the database
        return


def _tiny_model(folder: Path) -> Path:
    """In a process of its own: this one needs no torch."""
    subprocess.run([sys.executable, "-m", "docproc", "models", "tiny", str(folder)], check=True)  # noqa: S603 our own
    return folder


def _wait_for_model(service: Service) -> None:
    """Until a worker has announced it: before that a submission for it would be refused."""
    deadline = time.monotonic() + _LOADING_S
    while service.work.models.find("vlm") is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"no worker has announced its model within {_LOADING_S:.0f} s: see worker-model.log")
        time.sleep(0.5)


def _images_removed(service: Service, tenant: str) -> int:
    """What upkeep deletes of page images once they are old."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return remove_old_images(service.stores, tenant=tenant, before=soon, checkpoint=lambda: None).blobs


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


def _folder_name(arguments: argparse.Namespace) -> str:
    reader = "" if arguments.reader == "quick" else f"-{arguments.reader}"
    return f"chaos{reader}-{arguments.seed}"


def main() -> None:
    """Exit code 1 when anything was lost, doubled, left behind or told wrong, or failed for no reason of the run's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # servers and workers end too
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=("full", "short"), default="full")
    parser.add_argument("--reader", choices=("quick", "vlm"), default="quick")
    parser.add_argument("--documents", type=int)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--clients", type=int, default=_CLIENTS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    documents, pages, plan = _PROFILES[arguments.reader, arguments.profile]
    documents = arguments.documents or documents
    folder = (arguments.folder or Path("build") / _folder_name(arguments)).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = arguments.pages or (documents * 10 if arguments.documents else pages)
    size = Size(documents=documents, pages=pages, clients=arguments.clients)
    result = Run(folder, seed=arguments.seed, plan=plan, reader=arguments.reader).go(size)
    about = {"seed": arguments.seed, "profile": arguments.profile, "reader": arguments.reader}
    told = {**about, **asdict(size), **result}
    (folder / "result.json").write_text(json.dumps(told) + "\n")
    print(json.dumps(told))
    sys.exit(any(told[name] for name in (*FAULTS, "clients_failed")))


if __name__ == "__main__":
    main()
