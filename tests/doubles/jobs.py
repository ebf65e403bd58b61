"""Builders of jobs over any stores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema
from docproc.queueing.local import StopSignal, run_job
from docproc.queueing.owners import LocalOwners
from docproc.services.job_context import JobContext, schema_version
from docproc.services.ports import Stores
from docproc.services.records import Claim, Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, submit
from doubles.documents import FirstWordReader, TextPages, accept_text, text_schema


@dataclass
class Workplace:
    """Stores, a folder of documents and everything that a job needs."""

    stores: Stores
    folder: Path
    schema: ExtractionSchema = field(default_factory=text_schema)
    reader: FirstWordReader = field(default_factory=FirstWordReader)
    source: TextPages = field(default_factory=TextPages)
    model: FirstWordReader | None = None

    @property
    def owners(self) -> LocalOwners:
        return LocalOwners(self.folder / "owners")

    def write(self, files: Mapping[str, str]) -> list[SubmittedFile]:
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        for name, text in files.items():
            (inbox / name).write_text(text)
        return [SubmittedFile(path=inbox / name, name=name) for name in files]

    def new_job(self, options: JobOptions | None = None) -> NewJob:
        return NewJob(id=new_id(), schema=schema_version(self.schema), options=options or JobOptions())

    def submit(self, files: Mapping[str, str], options: JobOptions | None = None) -> Job:
        return self.submit_files(self.write(files), options)

    def submit_files(self, files: Iterable[SubmittedFile], options: JobOptions | None = None) -> Job:
        return submit(self.stores, self.new_job(options), files, accept=accept_text)

    def context(self, job: Job, *, passwords: tuple[str, ...] = ()) -> JobContext:
        return JobContext(
            job=job,
            schema=self.schema,
            reader=self.reader,
            source=self.source,
            source_version="text/1",
            accept=accept_text,
            stores=self.stores,
            passwords=passwords,
            model=self.model,
            model_queue="read.model",
        )

    def run(
        self, job: Job, *, workers: int = 1, passwords: tuple[str, ...] = (), stop: StopSignal | None = None
    ) -> Job:
        context = self.context(job, passwords=passwords)
        return run_job(context, owners=self.owners, workers=workers, stop=stop)

    def claim(self, job: Job, *, owner: str = "me", lease_s: float = 60.0) -> Claim:
        claim = self.stores.documents.claim(job.id, owner=owner, lease_s=lease_s)
        assert claim is not None
        return claim
