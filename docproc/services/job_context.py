"""What the steps of a job's documents need, in one place; knows no step."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TypeAlias

import docproc
from docproc.domain.document import Accepted
from docproc.domain.errors import ConflictError, ReaderUnavailableError
from docproc.domain.image import PageImageSpec
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import DrawingSource, Mender, Reader
from docproc.services.canonical import canonical
from docproc.services.ports import Clock, Stores
from docproc.services.records import OPEN_PAGE_STATES, Job, PreparedPage, SchemaVersion

#: intake: looks at a file without parsing it; raises DocumentError
Accept: TypeAlias = Callable[[Path], Accepted]


class SystemClock:
    """This machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """A job and everything its documents are worked on with."""

    job: Job
    schema: ExtractionSchema
    reader: Reader
    source: DrawingSource
    #: changes when the source would make other pages or words of the same bytes
    source_version: str
    accept: Accept
    stores: Stores
    #: given by whoever works on the job here, instead of what is kept with it
    passwords: Sequence[str] = ()
    clock: Clock = field(default_factory=SystemClock)
    #: reads the pages that `reader` is not sure of
    model: Reader | None = None
    #: where workers read those pages
    model_queue: str = ""

    def to_open(self) -> Sequence[str]:
        """The passwords to try on a document, asked for only when one is opened: who reads pages needs none.

        Raises SealedError.
        """
        if self.passwords or not self.job.options.passwords:
            return self.passwords
        return self.stores.passwords.of(self.job.id)

    @property
    def has_passwords(self) -> bool:
        return bool(self.passwords) or self.job.options.passwords

    @property
    def takes_over(self) -> bool:
        """What another document of the same bytes came to may stand for this one."""
        # whether this job's password opens the document is known only once the document itself was opened with it
        return self.job.options.reuse and not self.has_passwords

    @property
    def image(self) -> PageImageSpec | None:
        """The page image that somebody may look at: a reader that hands pages to a model needs none itself."""
        return self.reader.image or (None if self.model is None else self.model.image)

    def reader_of(self, page: PreparedPage) -> Reader:
        """Who is to read a page. Raises ReaderUnavailableError when it was handed to a model that is not here."""
        if page.state not in OPEN_PAGE_STATES or page.facts.reader in {None, self.reader.name}:
            return self.reader
        if self.model is None or self.model.name != page.facts.reader:
            raise ReaderUnavailableError(
                f"The page waits for the reader {page.facts.reader}, which is not set up here."
            )
        return self.model

    def mender(self, name: str) -> Mender | None:
        """The reader of that name, if it can be asked again for single values."""
        readers: tuple[object, ...] = (self.model, self.reader)
        return next((one for one in readers if isinstance(one, Mender) and getattr(one, "name", "") == name), None)

    @property
    def preparation_fingerprint(self) -> str:
        """What a preparation depends on besides the bytes."""
        # a preparation made with a password must not be reused by a job that was given none
        facts = [docproc.__version__, self.source_version, self.job.options.pages, self.has_passwords]
        return hashlib.sha256(canonical(facts)).hexdigest()


def schema_version(schema: ExtractionSchema) -> SchemaVersion:
    """A schema as it is kept with a job."""
    facts = {
        "name": schema.name,
        "version": schema.version,
        "day_first": schema.day_first,
        "fields": [asdict(spec) for spec in schema.fields],
        "json_schema": schema.json_schema,
    }
    return SchemaVersion(
        name=schema.name,
        version=schema.version,
        sha256=hashlib.sha256(canonical(facts)).hexdigest(),
        reference=schema.reference or schema.label,
        json_schema=schema.json_schema if schema.source is None else schema.source,
    )


def require_same_schema(job: Job, schema: ExtractionSchema) -> None:
    """Raises ConflictError when `schema` is not what the job was submitted with."""
    if schema_version(schema).sha256 != job.schema.sha256:
        raise ConflictError(f"the schema {job.schema.label} changed since the job was submitted: submit a new job")
