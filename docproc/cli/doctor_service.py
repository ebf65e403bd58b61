"""`docproc doctor --service`: does every part of a service answer, do the clocks agree, is somebody there to work."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from docproc import __version__
from docproc.cli.finding import Finding
from docproc.domain.errors import DocprocError
from docproc.services.work_records import CPU_QUEUE, MODEL_QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from docproc.bootstrap import Desk
    from docproc.settings import Settings

#: leases go by the database's clock alone; but people compare times, and S3 refuses a clock that is far off
_SKEW = timedelta(seconds=30)
_NTP = "let all machines follow one time server; S3 refuses requests from 15 minutes on"

_SEALING = "set DOCPROC_SEALING_KEY for every process of the service: docs/operate.md says what to do when it is lost"


def look_at_service() -> list[Finding]:
    """Everything that a service needs, tried for real."""
    from docproc.bootstrap import load_settings, open_service_desk

    settings = load_settings()
    findings = [
        _tried("revision", _revision, advice="run docproc db upgrade, with the settings of the service"),
        _tried("broker", lambda: _broker(settings), advice="check DOCPROC_BROKER_URL, and that the broker runs"),
        _tried("blobs", lambda: _blobs(settings), advice="check DOCPROC_BLOB_URL and its credentials: docs/storage.md"),
        _tried("clock of blobs", lambda: _clock_of_blobs(settings), advice=_NTP),
    ]
    try:
        desk = open_service_desk(settings)
    except DocprocError as error:
        return [*findings, Finding(what="service", good=False, detail=error.message)]
    return [*findings, *_in_database(desk)]


def _in_database(desk: "Desk") -> list[Finding]:
    start = "start one: docproc worker --queues …"
    return [
        _tried("clock of database", lambda: _skew(desk.upkeep.census.now()), advice=_NTP),
        _tried("workers", lambda: _workers(desk), advice="start one: docproc worker"),
        _tried("models", lambda: _models(desk), advice=""),
        _tried("queues", lambda: _queues(desk), advice=start),
        _tried("paused", lambda: _paused(desk), advice=""),
        _tried("sealed passwords", lambda: _sealed(desk), advice=_SEALING),
    ]


def _tried(what: str, look: "Callable[[], tuple[bool, str]]", *, advice: str) -> Finding:
    try:
        good, detail = look()
    except DocprocError as error:
        good, detail = False, error.message
    return Finding(what=what, good=good, detail=detail, advice="" if good else advice)


def _revision() -> tuple[bool, str]:
    from docproc.bootstrap import database_facts

    found = database_facts()
    return found.is_newest, f"{found.place}: {found.state}"


def _broker(settings: "Settings") -> tuple[bool, str]:
    if not settings.broker:
        return False, "DOCPROC_BROKER_URL is not set"
    from docproc.queueing.round_trip import check_broker

    return True, f"a message there and back in {1000 * check_broker(settings.broker):.0f} ms"


def _blobs(settings: "Settings") -> tuple[bool, str]:
    from docproc.storage.blob_stores import check_round_trip, open_blob_store

    seconds = check_round_trip(open_blob_store(settings.blobs))
    where = "a bucket" if str(settings.blobs).startswith("s3:") else "a folder, which all machines must share"
    return True, f"{where}: written, listed, read and deleted in {1000 * seconds:.0f} ms"


def _clock_of_blobs(settings: "Settings") -> tuple[bool, str]:
    from docproc.storage.store_clock import store_clock

    moment = store_clock(settings.blobs)
    return (True, "does not tell") if moment is None else _skew(moment)


def _skew(moment: datetime) -> tuple[bool, str]:
    """Of a clock that was asked this instant."""
    skew = moment - datetime.now(UTC)
    return abs(skew) <= _SKEW, f"{skew.total_seconds():+.1f} s from this machine's"


def _workers(desk: "Desk") -> tuple[bool, str]:
    from docproc.services.dispatching import Supply

    workers = desk.work.workers.living(alive_s=Supply().alive_s)
    others = sorted({worker.version for worker in workers} - {__version__})
    versions = f"; of other versions than {__version__}: {', '.join(others)}" if others else ""
    slots = sum(worker.slots for worker in workers)
    return bool(workers) and not others, f"{len(workers)} alive with {slots} slots{versions}"


def _models(desk: "Desk") -> tuple[bool, str]:
    from docproc.services.dispatching import Supply

    queues = desk.work.tasks.capacity(alive_s=Supply().alive_s)
    served = [queue.removeprefix(MODEL_QUEUE) for queue in sorted(queues) if queue.startswith(MODEL_QUEUE)]
    models = [name for name in served if f"{MODEL_QUEUE}{name}" != CPU_QUEUE]
    return True, f"served: {', '.join(models)}" if models else "none served; readers without a model need none"


def _queues(desk: "Desk") -> tuple[bool, str]:
    from docproc.services.queue_counts import count_queues

    counts = count_queues(desk.work, desk.upkeep.census)
    stuck = [f"{each.queue} ({each.due + each.queued} waiting)" for each in counts if each.is_stuck]
    total = sum(each.due for each in counts)
    return not stuck, f"without a worker: {', '.join(stuck)}" if stuck else f"{total} due, every queue has a worker"


def _paused(desk: "Desk") -> tuple[bool, str]:
    pauses = desk.work.tenants.pauses()
    names = [
        *(f"queue {name}" for name in sorted(pauses.queues)),
        *(f"tenant {name}" for name in sorted(pauses.tenants)),
    ]
    return True, ", ".join(names) or "nothing"


def _sealed(desk: "Desk") -> tuple[bool, str]:
    """Whether what is sealed can be opened with the keys of this machine, which are to be those of all."""
    have, counts = desk.upkeep.sealed.key_ids, desk.upkeep.sealed.counts()
    missing = [f"{key_id} ({jobs} jobs)" for key_id, jobs in counts.items() if key_id not in have]
    if missing:
        return False, f"no key here opens what is sealed with {', '.join(missing)}"
    if not have:
        return True, "no sealing key: passwords of encrypted documents are refused"
    older = sum(jobs for key_id, jobs in counts.items() if key_id != have[0])
    renew = f"; {older} jobs with an older key: docproc sealing renew" if older else ""
    desk.upkeep.sealed.try_it()
    return True, f"{sum(counts.values())} jobs, sealed with {have[0]}{renew}"
