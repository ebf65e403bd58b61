"""The face of a service in a run: replicas of the API, keys, and who is told by webhook. Knows no client."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doubles.ports import free_port

from chaos.processes import Program
from docproc.bootstrap import Desk
from docproc.services.add_webhook import add_webhook
from docproc.services.key_records import KeyTerms, Scope
from docproc.services.keys import create_key

_REPLICAS = 2
_BY = "chaos"
#: what each tenant wants to be told of, in turn; nothing named: of everything
_KINDS = ((), ("document.succeeded", "document.needs_review", "job.succeeded"), ("job.succeeded", "job.partial"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """Where replicas answer, and with what their clients ask."""

    ports: Sequence[int]
    #: by tenant
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Programs to be kept running: replicas, and the receiver of webhooks."""

    door: FrontDoor
    replicas: Sequence[Program]
    receiver: Program


def make_face(desk: Desk, tenants: Sequence[str], environment: Mapping[str, str], folder: Path) -> Face:
    """Keys and webhooks in the database; the programs are not started yet."""
    audit, receiver_port = desk.upkeep.audit, free_port()
    terms = KeyTerms(name=_BY, scopes=frozenset({Scope.SUBMIT, Scope.READ}))
    keys, secrets = {}, {}
    for place, tenant in enumerate(tenants):
        keys[tenant] = create_key(desk.front.keys, terms, tenant=tenant, by=_BY, audit=audit).token
        made = add_webhook(
            desk.errands.deliveries,
            tenant=tenant,
            url=f"http://127.0.0.1:{receiver_port}/{tenant}",
            kinds=_KINDS[place % len(_KINDS)],
            by=_BY,
            audit=audit,
        )
        secrets[tenant] = made.secret
    ports = [free_port() for _ in range(_REPLICAS)]
    received = str(folder / "received.jsonl")
    return Face(
        door=FrontDoor(ports=ports, keys=keys),
        replicas=[_replica(number, port, environment, folder) for number, port in enumerate(ports)],
        receiver=Program(
            command=[sys.executable, str(Path(__file__).with_name("receiver.py")), str(receiver_port), received],
            environment={"PATH": "/usr/bin:/bin", "SECRETS": json.dumps(secrets)},
            log=folder / "receiver.log",
        ),
    )


def _replica(number: int, port: int, environment: Mapping[str, str], folder: Path) -> Program:
    own = {"PATH": "/usr/bin:/bin", "DOCPROC_DATA_DIR": str(folder / f"replica-{number}")}
    return Program(
        command=[str(Path(sys.executable).with_name("docproc")), "serve", "--port", str(port)],
        environment={**environment, **own},
        log=folder / f"replica-{number}.log",
    )
