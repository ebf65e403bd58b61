"""The composition root: settings in, a workplace with stores, pages and readers out. Nothing else wires parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from docproc.bootstrap.choosing import ChosenReader, choose_reader
from docproc.bootstrap.contexts import contexts_of, open_contexts, opened_reader, schema_of
from docproc.bootstrap.readers import (
    CPU_READERS,
    READERS,
    hosted_reader,
    is_one_a_process,
    make_reader,
    model_for,
    model_of,
    queue_of,
    reads_at_once,
    remote_config,
    remote_health,
    require_readable,
    vlm_config,
)
from docproc.domain.errors import UsageError
from docproc.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from docproc.domain.schema import ExtractionSchema
    from docproc.pages.source import DocprocPages
    from docproc.queueing.owners import LocalOwners
    from docproc.services.errand_ports import ErrandStores
    from docproc.services.front_ports import FrontStores
    from docproc.services.job_context import Accept, JobContext
    from docproc.services.ledger_ports import Ledger
    from docproc.services.ports import Stores
    from docproc.services.records import Job
    from docproc.services.review import ReviewRoom
    from docproc.services.upkeep_ports import BlobNames, Census, UpkeepStores
    from docproc.services.work_ports import Alarm, WorkStores
    from docproc.storage.database import Database

#: made in a module of their own, and asked for here
__all__ = [
    "CPU_READERS",
    "READERS",
    "ChosenReader",
    "choose_reader",
    "contexts_of",
    "hosted_reader",
    "is_one_a_process",
    "load_settings",
    "make_reader",
    "model_for",
    "model_of",
    "open_contexts",
    "queue_of",
    "reads_at_once",
    "remote_config",
    "remote_health",
    "require_readable",
    "schema_of",
    "vlm_config",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that the use cases need on this machine: over one data folder, or over a service's stores."""

    settings: Settings
    stores: "Stores"
    work: "WorkStores"
    upkeep: "UpkeepStores"
    errands: "ErrandStores"
    front: "FrontStores"
    owners: "LocalOwners"
    accept: "Accept"
    #: what was taken from a watched place, by tenant and place
    ledger_of: "Callable[[str, str], Ledger]"

    @property
    def names(self) -> "BlobNames":
        return self.upkeep.names

    @property
    def census(self) -> "Census":
        return self.upkeep.census


def open_desk(settings: Settings | None = None) -> Desk:
    """Open the data folder and the database, making it or, when it is a file, bringing it to the newest revision.

    Raises UsageError or StorageError.
    """
    from docproc.storage.stores import open_own_database  # noqa: PLC0415 such imports take most of a start

    settings = settings or load_settings()
    if settings.database_url is None or settings.blob_url is None:
        _make_data_folder(settings)
    return _desk_over(open_own_database(settings.database), settings)


def _make_data_folder(settings: Settings) -> None:
    try:
        # only its owner may look into a folder of records; one that exists keeps the mode it was given
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"data folder {settings.data_dir}: {exc.strerror}; set DOCPROC_DATA_DIR") from exc


def open_service_desk(settings: Settings | None = None) -> Desk:
    """Where a service is asked for things: over its database, which is not ours to change.

    Raises UsageError when the settings name no service, StorageError when its database is of another revision.
    """
    from docproc.storage.stores import open_service_database  # noqa: PLC0415

    settings = settings or load_settings()
    return _desk_over(open_service_database(_service_database_url(settings)), settings)


def checked_broker(settings: Settings) -> str | None:
    """The URL of the service's broker, if it is set. Raises UsageError when it is not the URL of a broker."""
    from docproc.queueing.broker_url import scheme_of  # noqa: PLC0415

    if settings.broker:
        scheme_of(settings.broker)
    return settings.broker


def export_link(desk: Desk, export_id: "UUID", *, tenant: str, expires_s: int) -> str:
    """Where others fetch an export. Raises UsageError when there is no such link, or nothing that it could lead to."""
    from docproc.services.link_export import link_export  # noqa: PLC0415
    from docproc.storage.blob_stores import open_blob_links  # noqa: PLC0415

    open_links = partial(open_blob_links, desk.settings.blobs)
    return link_export(desk.errands.exports, export_id, tenant=tenant, expires_s=expires_s, open_links=open_links)


def _desk_over(database: "Database", settings: Settings) -> Desk:
    from docproc.intake import accept  # noqa: PLC0415
    from docproc.queueing.owners import LocalOwners  # noqa: PLC0415
    from docproc.storage import stores  # noqa: PLC0415

    return Desk(
        settings=settings,
        stores=stores.stores_over(database, settings.blobs, sealing_keys=settings.sealing_keys),
        work=stores.work_stores_over(database),
        upkeep=stores.upkeep_stores_over(database, sealing_keys=settings.sealing_keys),
        errands=stores.errand_stores_over(database),
        front=stores.front_stores_over(database),
        owners=LocalOwners(settings.data_dir / "owners"),
        accept=partial(accept, limits=settings.limits),
        ledger_of=lambda tenant, place: stores.ledger_over(database, tenant=tenant, place=place),
    )


def _service_database_url(settings: Settings) -> str:
    if settings.database_url is None or settings.database.startswith("sqlite"):
        raise UsageError("a service keeps its rows in Postgres: set DOCPROC_DATABASE_URL=postgresql+psycopg://…")
    return settings.database


@contextmanager
def open_pages(
    settings: Settings, *, workers: int, ocr: bool = True, patience_s: float | None = None
) -> Iterator["DocprocPages"]:
    """Parsing children for as many documents at a time as `workers`; they end with the context."""
    from docproc.pages.pool import ChildPool  # noqa: PLC0415
    from docproc.pages.source import DocprocPages  # noqa: PLC0415

    with ChildPool(size=workers, limits=settings.limits, patience_s=patience_s) as pool:
        yield DocprocPages(pool, ocr=ocr)


@contextmanager
def open_job(
    desk: Desk, job_id: "UUID", *, schema: "ExtractionSchema", workers: int, passwords: Sequence[str] = ()
) -> Iterator["JobContext"]:
    """A job with its reader and parsing children, ready to be run.

    Raises ConflictError when `schema` is not what the job was submitted with.
    """
    from docproc.pages.version import source_version  # noqa: PLC0415
    from docproc.services.job_context import JobContext, require_same_schema  # noqa: PLC0415

    job = desk.stores.jobs.get(job_id)
    require_same_schema(job, schema)
    named = model_for(schema, job.options.reader, desk.settings)
    with (
        open_pages(desk.settings, workers=workers) as source,
        opened_reader(job.options.reader, desk.settings) as reader,
        opened_reader(named, desk.settings) if named else nullcontext() as model,
    ):
        yield JobContext(
            job=job,
            schema=schema,
            reader=reader,
            model=model,
            source=source,
            source_version=source_version(),
            accept=desk.accept,
            stores=desk.stores,
            passwords=passwords,
        )


#: of one statement of a worker; what looks at everything takes its time
STATEMENT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the processes of a service share: the stores, the backlog, the broker."""

    settings: Settings
    stores: "Stores"
    work: "WorkStores"
    errands: "ErrandStores"
    census: "Census"
    names: "BlobNames"
    broker_url: str
    open_alarm: "Callable[[], Alarm]"
    accept: "Accept"


def open_service(settings: Settings | None = None, *, migrate: bool = False) -> Service:
    """Raises UsageError when the settings describe no service, StorageError when the database is not ready for it."""
    from docproc.storage.alarm import PostgresAlarm  # noqa: PLC0415
    from docproc.storage.stores import open_service_database  # noqa: PLC0415

    settings = settings or load_settings()
    broker_url = checked_broker(settings)
    if not broker_url:
        raise UsageError("a service needs a broker: set DOCPROC_BROKER_URL, for example redis://127.0.0.1:6379/0")
    database = open_service_database(_service_database_url(settings), migrate_first=migrate, statement_s=STATEMENT_S)
    desk = _desk_over(database, settings)
    return Service(
        settings=settings,
        stores=desk.stores,
        work=desk.work,
        errands=desk.errands,
        census=desk.census,
        names=desk.names,
        broker_url=broker_url,
        open_alarm=lambda: PostgresAlarm(database),
        accept=desk.accept,
    )


def open_review(desk: Desk) -> "ReviewRoom":
    """Where people look at records and correct them."""
    from docproc.services.review import ReviewRoom  # noqa: PLC0415

    return ReviewRoom(stores=desk.stores, reviews=desk.front.reviews, schema_of=lambda job: schema_of(job.schema))


def load_job_schema(job: "Job") -> "ExtractionSchema":
    """The schema of a job, loaded again from where it came."""
    from schemas import load_schema  # noqa: PLC0415

    return load_schema(job.schema.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """Kind, place and revision of the database, without a secret."""

    place: str
    revision: str | None
    #: what this docproc needs
    newest: str

    @property
    def is_newest(self) -> bool:
        return self.revision == self.newest

    @property
    def state(self) -> str:
        if self.revision is None:
            return "new"
        return f"revision {self.revision}" + ("" if self.is_newest else f", newest is {self.newest}")


def database_facts() -> DatabaseFacts:
    """Raises StorageError when the database cannot be reached."""
    from docproc.storage.database import Database  # noqa: PLC0415
    from docproc.storage.migrate import HEAD, revision  # noqa: PLC0415
    from docproc.storage.troubles import place_of  # noqa: PLC0415

    database = Database.open(load_settings().database)
    url = database.engine.url
    place = f"{url.get_backend_name()} {place_of(url)}"  # no option of a URL: drivers take secrets there as well
    return DatabaseFacts(place=place, revision=revision(database), newest=HEAD)


def upgrade_database(*, patience_s: float) -> bool:
    """Whether there was anything to do. Raises StorageError, with nothing changed."""
    from docproc.storage.database import Database  # noqa: PLC0415
    from docproc.storage.migrate import migrate  # noqa: PLC0415

    return migrate(Database.open(load_settings().database), patience_s=patience_s)


def database_differences() -> list[str]:
    """How the tables differ from those that this docproc knows, in words."""
    from docproc.storage.database import Database  # noqa: PLC0415
    from docproc.storage.differences import differences  # noqa: PLC0415

    return differences(Database.open(load_settings().database))
