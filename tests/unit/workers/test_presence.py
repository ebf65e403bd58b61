"""The signs of life of a worker: what could not be told while the database was away is told when it is back."""

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from doubles.waiting import PATIENCE_S

from docproc.domain.errors import StorageError
from docproc.services.work_records import Worker
from workers.worker import Presence, Stage

WORKER = Worker(id="w", host="here", pid=1, version="1", queues=("prepare",), slots=1)


@dataclass
class Workers:
    """The rows of workers, which for a while cannot be had."""

    away: bool = False
    refused: threading.Event = field(default_factory=threading.Event)
    draining: threading.Event = field(default_factory=threading.Event)

    def announce(self, worker: Worker) -> None:
        del worker
        self._answer()

    def drain(self, worker_id: str) -> None:
        self._answer()
        assert worker_id == WORKER.id
        self.draining.set()

    def leave(self, worker_id: str) -> None:
        del worker_id

    def _answer(self) -> None:
        if self.away:
            self.refused.set()
            raise StorageError


def test_a_worker_that_drains_while_the_database_is_away_says_so_when_it_is_back() -> None:
    rows = Workers()
    service = SimpleNamespace(work=SimpleNamespace(workers=rows, models=None))
    with Presence(cast("Any", service), WORKER, every_s=0.01) as presence:
        presence.serve()
        rows.away = True
        presence.drain()
        assert presence.stage is Stage.DRAINING
        assert rows.refused.wait(PATIENCE_S)
        assert not rows.draining.is_set()
        rows.away = False
        assert rows.draining.wait(PATIENCE_S)
