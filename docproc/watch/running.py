"""Opens what a watcher needs over a desk: the place, the ledger, who reads, the outbox. Nothing else wires them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docproc.bootstrap import Desk, choose_reader, make_reader, model_for, require_readable
from docproc.domain.errors import UsageError
from docproc.pages.pool import ChildPool
from docproc.queueing.local import StopSignal
from docproc.services.ledger_ports import Ledger
from docproc.services.passwords import require_reach
from docproc.watch.config import WatchPlan, WatchSettings
from docproc.watch.desk_jobs import DeskJobs
from docproc.watch.folder import FolderInPlace, FolderPlace, Whereabouts
from docproc.watch.hands import HandTerms, LocalHands, local_hands
from docproc.watch.news import News, NoNews
from docproc.watch.outbox import Outbox
from docproc.watch.ports import Jobs, Place
from docproc.watch.rules import Rules
from docproc.watch.steps import Steps
from docproc.watch.watcher import Watcher, WatchPace
from schemas import load_schema

if TYPE_CHECKING:
    from docproc.client import Client

#: for each reader of our own so many files on their way: enough that none ever waits for the disk
_IN_HAND_EACH = 8
#: a service's workers are many, and a look for finished jobs asks for all of them at once
_IN_HAND_OF_OTHERS = 256
#: between looks for finished jobs
_LOOK_AT_STORES_S, _LOOK_AT_SERVER_S = 0.1, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTerms:
    """On whose behalf, and who reads."""

    tenant: str
    #: the workers of a service read
    by_service: bool = False
    #: a server reads; without either this process does
    server: "Client | None" = None
    workers: int
    lease_s: float

    @property
    def by_others(self) -> bool:
        return self.by_service or self.server is not None


@contextmanager
def open_watcher(desk: Desk, plan: WatchPlan, terms: WatchTerms, stop: StopSignal) -> Iterator[Watcher]:
    """A watcher, ready to run. Raises UsageError, StorageError, OSError."""
    _check(desk, plan, terms)
    outbox = Outbox(plan.outbox)
    outbox.rehearse()
    ledger = desk.ledger_of(terms.tenant, plan.place)
    # a server has limits of its own
    most_bytes = desk.settings.max_bytes if terms.server is None else None
    place = _place(plan, ledger, most_bytes=most_bytes)
    with ExitStack() as closing:
        owner = closing.enter_context(desk.owners.enter())
        hands = None
        if not terms.by_others:
            of_hands = HandTerms(workers=terms.workers, lease_s=terms.lease_s)
            hands = closing.enter_context(local_hands(desk, owner, stop=stop, terms=of_hands))
        steps = Steps(
            place=place,
            ledger=ledger,
            jobs=closing.enter_context(_jobs(desk, plan, terms, hands)),
            outbox=outbox,
            rules=plan.rules,
            duplicates=plan.settings.duplicates,
        )
        pace = WatchPace(
            settle_s=plan.settings.settle_seconds,
            rescan_s=plan.settings.rescan_seconds,
            lease_s=terms.lease_s,
            in_hand=_IN_HAND_OF_OTHERS if hands is None else _IN_HAND_EACH * terms.workers,
            look_every_s=_LOOK_AT_STORES_S if terms.server is None else _LOOK_AT_SERVER_S,
        )
        yield Watcher(steps, owner=owner.name, dead=desk.owners.dead, news=_news(plan), pace=pace)


@contextmanager
def _jobs(desk: Desk, plan: WatchPlan, terms: WatchTerms, hands: LocalHands | None) -> Iterator[Jobs]:
    if terms.server is None:
        # a container may take all that a child may have: one at a time, however many files are taken at once
        with ChildPool(size=1, limits=desk.settings.limits) as children:
            yield DeskJobs(desk, tenant=terms.tenant, children=children, hands=hands)
        return
    from docproc.watch.server_jobs import ServerJobs  # noqa: PLC0415 a client of HTTP, which few need

    yield ServerJobs(terms.server, place=plan.place)


def _news(plan: WatchPlan) -> News:
    return NoNews() if plan.root is None else News(plan.root)


def _bucket(url: str, settings: WatchSettings, rules: Rules, *, most_bytes: int | None) -> Place:
    try:
        from docproc.storage.s3_objects import open_objects  # noqa: PLC0415 boto3 is in an extra, and takes long
        from docproc.watch.s3 import BucketPlace, EndPrefixes  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise UsageError("a bucket needs boto3: pip install 'docproc[service]'") from exc
    objects = open_objects(url)
    objects.require()
    ends = None
    if not settings.in_place:
        ends = EndPrefixes(done=settings.done.as_posix(), failed=settings.failed.as_posix())
    return BucketPlace(objects, rules, ends=ends, ignore=settings.ignore, most_bytes=most_bytes)


def _place(plan: WatchPlan, ledger: Ledger, *, most_bytes: int | None) -> Place:
    settings = plan.settings
    if plan.root is None:
        return _bucket(plan.bucket or "", settings, plan.rules, most_bytes=most_bytes)
    if settings.in_place:
        return FolderInPlace(plan.root, plan.rules, ignore=settings.ignore)
    folders = Whereabouts(
        root=plan.root,
        processing=plan.below(settings.processing),
        done=plan.below(settings.done),
        failed=plan.below(settings.failed),
    )
    place = FolderPlace(folders, plan.rules, ignore=settings.ignore)
    place.prepare(is_new=not ledger.counts().states)
    return place


def _check(desk: Desk, plan: WatchPlan, terms: WatchTerms) -> None:
    """Before anything is taken: every schema loads and every reader is there. Raises UsageError, ServerError."""
    if terms.server is not None:
        from docproc.watch.server_jobs import rehearse  # noqa: PLC0415

        rehearse(terms.server, plan.rules.by_folder.values())
        return
    for rule in plan.rules.by_folder.values():
        schema = load_schema(rule.schema)
        if not terms.by_service:
            require_readable(schema, rule.reader, desk.settings)
            for name in filter(None, (rule.reader, model_for(schema, rule.reader, desk.settings))):
                make_reader(name, desk.settings)
            continue
        if rule.passwords:
            require_reach(desk.stores.passwords)
        choose_reader(rule.reader, schema, settings=desk.settings, work=desk.work)
