"""The composition root: settings in, a workplace with stores, pages and readers out. Nothing else wires parts."""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import ValidationError

from docproc.domain.errors import UsageError
from docproc.settings import Settings, settings_files

if TYPE_CHECKING:
    from uuid import UUID

    from docproc.domain.schema import ExtractionSchema
    from docproc.pages.source import DocprocPages
    from docproc.pipeline.ports import Reader
    from docproc.queueing.owners import LocalOwners
    from docproc.services.job_context import Accept, JobContext
    from docproc.services.ports import Stores

READERS = ("auto", "einvoice", "layout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that the use cases need on this machine, over one data folder."""

    settings: Settings
    stores: "Stores"
    owners: "LocalOwners"
    accept: "Accept"


def load_settings() -> Settings:
    """Raises UsageError that names the setting that is wrong, and not its value."""
    try:
        return Settings()
    except ValidationError as exc:
        found = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors())
        raise UsageError(f"settings: {found}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        files = " or ".join(map(str, settings_files()))
        raise UsageError(f"settings: {files} cannot be read: {exc}") from exc


def open_desk(settings: Settings | None = None) -> Desk:
    """Open the data folder and the database, bringing it to the newest revision.

    Raises UsageError or StorageError.
    """
    from docproc.intake import accept  # noqa: PLC0415 the storage imports below take most of a start
    from docproc.queueing.owners import LocalOwners  # noqa: PLC0415
    from docproc.storage.stores import open_stores  # noqa: PLC0415

    settings = settings or load_settings()
    try:
        # only its owner may look into a folder of records; one that exists keeps the mode it was given
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"data folder {settings.data_dir}: {exc.strerror}; set DOCPROC_DATA_DIR") from exc
    return Desk(
        settings=settings,
        stores=open_stores(settings.database, settings.blob_dir),
        owners=LocalOwners(settings.data_dir / "owners"),
        accept=partial(accept, limits=settings.limits),
    )


@contextmanager
def open_pages(settings: Settings, *, workers: int, ocr: bool = True) -> Iterator["DocprocPages"]:
    """Parsing children for as many documents at a time as `workers`; they end with the context."""
    from docproc.pages.pool import ChildPool  # noqa: PLC0415
    from docproc.pages.source import DocprocPages  # noqa: PLC0415

    with ChildPool(size=workers, limits=settings.limits) as pool:
        yield DocprocPages(pool, ocr=ocr)


def make_reader(name: str) -> "Reader":
    """The reader called `name`. Raises UsageError for another name."""
    from docproc.readers.auto import AutoReader  # noqa: PLC0415
    from docproc.readers.einvoice import EinvoiceReader  # noqa: PLC0415
    from docproc.readers.layout.reader import LayoutReader  # noqa: PLC0415

    if name == "einvoice":
        return EinvoiceReader()
    if name == "layout":
        return LayoutReader()
    if name == "auto":
        return AutoReader(einvoice=EinvoiceReader(), pages=LayoutReader())
    raise UsageError(f"there is no reader called {name!r}; there are {', '.join(READERS)}")


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
    with open_pages(desk.settings, workers=workers) as source:
        yield JobContext(
            job=job,
            schema=schema,
            reader=make_reader(job.options.reader),
            source=source,
            source_version=source_version(),
            accept=desk.accept,
            stores=desk.stores,
            passwords=passwords,
        )


def load_job_schema(desk: Desk, job_id: "UUID") -> "ExtractionSchema":
    """The schema of a job, loaded again from where it came."""
    from schemas import load_schema  # noqa: PLC0415

    return load_schema(desk.stores.jobs.get(job_id).schema.reference)


def database_facts() -> str:
    """Kind, place and revision of the database, without a secret."""
    from docproc.storage.database import Database  # noqa: PLC0415
    from docproc.storage.migrate import HEAD, revision  # noqa: PLC0415

    database = Database.open(load_settings().database)
    found = revision(database)
    state = "new" if found is None else f"revision {found}" + ("" if found == HEAD else f", newest is {HEAD}")
    return f"{database.engine.url.render_as_string(hide_password=True)}: {state}"
