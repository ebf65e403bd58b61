"""What goes wrong during a run, when and to whom: drawn from a seed, done, and written down. Knows no page."""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from doubles.worker import kill_process

from chaos.crew import Crew
from chaos.servers import Servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much goes wrong."""

    kills: int = 20
    dispatcher_kills: int = 3
    replica_kills: int = 5
    #: asked to end, as a deployment does
    replica_ends: int = 2
    receiver_kills: int = 1
    flushes: int = 3
    restarts: int = 1
    outage_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Blow:
    """One thing that goes wrong once that share of the pages has ended."""

    at: float
    kind: str


def drawn(plan: Plan, source: random.Random) -> list[Blow]:
    """All that goes wrong, in its order."""
    kinds = [source.choice(("kill_main", "kill_child")) for _ in range(plan.kills)]
    kinds += ["kill_dispatcher"] * plan.dispatcher_kills + ["flush_broker"] * plan.flushes
    kinds += ["kill_replica"] * plan.replica_kills + ["end_replica"] * plan.replica_ends
    kinds += ["kill_receiver"] * plan.receiver_kills
    kinds += ["restart_postgres"] * plan.restarts + ["stop_broker", "refuse_store"]
    return sorted(Blow(at=source.uniform(0.02, 0.9), kind=kind) for kind in kinds)


class Mischief:
    """Does what was drawn, while the work goes on."""

    def __init__(self, servers: Servers, crew: Crew, plan: Plan, *, source: random.Random, log: Path) -> None:
        self.done: list[str] = []
        self._servers = servers
        self._crew = crew
        self._plan = plan
        self._source = source
        self._log = log
        self._began = time.monotonic()
        self._outages: list[threading.Timer] = []
        self._kinds: Mapping[str, Callable[[], object]] = {
            "kill_main": self._kill_main,
            "kill_child": self._kill_child,
            "kill_dispatcher": self._kill_dispatcher,
            "kill_replica": lambda: self._source.choice(self._crew.face.replicas).kill(),
            "end_replica": lambda: self._source.choice(self._crew.face.replicas).ask_to_end(),
            "kill_receiver": self._crew.face.receiver.kill,
            "flush_broker": self._flush_broker,
            "stop_broker": self._stop_broker,
            "restart_postgres": self._restart_postgres,
            "refuse_store": self._refuse_store,
        }

    @property
    def kills(self) -> int:
        return sum(kind.startswith("kill") for kind in self.done)

    def strike(self, blow: Blow) -> bool:
        """False when there was nobody to strike: try again."""
        victim = self._kinds[blow.kind]()
        if victim is None:
            return False
        self.done.append(blow.kind)
        self._note(blow.kind, victim, at=blow.at)
        return True

    def end(self) -> None:
        """Wait until every server is back."""
        for outage in self._outages:
            outage.join()

    def _note(self, kind: str, victim: object, **facts: object) -> None:
        line = {"seconds": round(time.monotonic() - self._began, 2), "kind": kind, "victim": str(victim), **facts}
        with self._log.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _kill_main(self) -> int | None:
        running = [worker.pid for worker in self._crew.workers if worker.running]
        return self._killed(running)

    def _kill_child(self) -> int | None:
        return self._killed([child for worker in self._crew.workers if worker.running for child in worker.children()])

    def _kill_dispatcher(self) -> int | None:
        """The main process of the worker that hands out work now."""
        plain = self._servers.postgres.url.replace("postgresql+psycopg://", "postgresql://")
        try:
            with psycopg.connect(plain, connect_timeout=3) as connection:
                row = connection.execute(
                    "SELECT pid FROM roles JOIN workers ON holder = workers.id WHERE name = 'dispatch'"
                ).fetchone()
        except psycopg.OperationalError:
            return None
        worker = None if row is None else self._crew.of_pid(row[0])
        return None if worker is None else self._killed([worker.pid])

    def _killed(self, pids: list[int]) -> int | None:
        if not pids:
            return None
        victim = self._source.choice(sorted(pids))
        kill_process(victim)
        return victim

    def _flush_broker(self) -> int | None:
        try:
            self._servers.valkey.flush()
        except OSError:  # it is away
            return None
        return self._servers.valkey.pid

    def _stop_broker(self) -> int | None:
        victim = self._servers.valkey.pid
        if victim is not None:
            self._servers.valkey.kill()
            self._later(self._servers.valkey.start, kind="broker_back")
        return victim

    def _restart_postgres(self) -> int | None:
        self._servers.postgres.stop()
        self._servers.postgres.start()
        return self._servers.postgres.pid

    def _refuse_store(self) -> int | None:
        self._servers.store.refuse()
        self._later(self._servers.store.forward, kind="store_back")
        return self._servers.store.port

    def _later(self, undo: Callable[[], None], *, kind: str) -> None:
        def back() -> None:
            undo()
            self._note(kind, "")

        outage = threading.Timer(self._plan.outage_s, back)
        outage.start()
        self._outages.append(outage)
