"""Read the documents of a truth set as a job, as `docproc extract` does, or take a job that was read before."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import typer

from docproc.bootstrap import Desk
from docproc.cli.console import for_people
from docproc.cli.eval_sets import TruthSet, by_name, is_admitted
from docproc.cli.exit_codes import ExitCode
from docproc.cli.files import FoundFile
from docproc.cli.questions import asked
from docproc.cli.running import run_visibly
from docproc.domain.document import JobState
from docproc.domain.errors import UsageError
from docproc.domain.extraction import FieldTree, record_of
from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema
from docproc.evaluation.given import Given, given_tree
from docproc.exports.export_item import ExportItem
from docproc.services.collect import collect
from docproc.services.delete import delete
from docproc.services.job_context import schema_version
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile, submit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out of one reader, job or file, by document name."""

    name: str
    documents: Mapping[str, Given]
    #: None: read at another time
    wall_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the documents are read."""

    desk: Desk
    schema: ExtractionSchema
    options: JobOptions
    #: by document name
    questions: Mapping[str, str] = field(default_factory=dict)
    #: leave the job in the data folder
    keep: bool = False


def read_set(course: Course, truth: TruthSet) -> Outcome:
    """Read every document that the truth names and that is there; Ctrl-C leaves a job that can be resumed.

    Raises UsageError when none is there, typer.Exit when interrupted.
    """
    files = list(_files(truth, course.questions))
    if not files:
        raise UsageError(f"{truth.docs}: none of the documents that the truth names is there; see --docs")
    desk = course.desk
    new = NewJob(
        id=new_id(),
        schema=schema_version(course.schema),
        options=course.options,
        inputs=tuple(str(file.path.absolute()) for file in files),
    )
    started = time.perf_counter()
    job = submit(desk.stores, new, files, accept=desk.accept)
    job = run_visibly(desk, job, course.schema)
    wall_seconds = time.perf_counter() - started
    if job.documents.open and job.state is not JobState.CANCELED:
        _stopped(job)
    documents = given_by(desk, job, course.schema)
    if not course.keep:
        delete(desk.stores, job.id, owners=desk.owners)
    return Outcome(name=course.options.reader, documents=documents, wall_seconds=wall_seconds)


def given_by(desk: Desk, job: Job, schema: ExtractionSchema) -> dict[str, Given]:
    """What a job made of its documents, by name."""
    return by_name(_given(item, schema) for item in collect(desk.stores, job.id))


def _files(truth: TruthSet, questions: Mapping[str, str]) -> Iterator[SubmittedFile]:
    told = {known.file: known.question for known in truth.truths if known.question}
    found = (FoundFile(path=truth.docs / known.file, name=known.file) for known in truth.truths)
    yield from asked((file for file in found if file.path.is_file()), {**told, **questions})


def _given(item: ExportItem, schema: ExtractionSchema) -> Given:
    extraction = item.extraction
    fields: dict[str, FieldTree] = dict(extraction.fields or {})
    for path, rows in item.tables.items():
        _put(fields, path.split("."), list(rows()))
    return Given(
        file=extraction.file,
        fields={name: given_tree(tree) for name, tree in fields.items()},
        valid=extraction.fields is not None and is_admitted(record_of(fields), schema),
        failure=extraction.failure.code.value if extraction.failure is not None else None,
        page_count=len(extraction.pages) or extraction.document.page_count or 0,
        model_pages=sum(page.route is not None for page in extraction.pages),
        seconds=extraction.seconds,
    )


def _put(fields: dict[str, FieldTree], path: list[str], rows: list[FieldTree]) -> None:
    """A long table lies outside its extraction: back to its place with it."""
    name, *rest = path
    if not rest:
        fields[name] = rows
        return
    below = fields.get(name)
    branch = dict(below) if isinstance(below, dict) else {}
    _put(branch, rest, rows)
    fields[name] = branch


def _stopped(job: Job) -> None:
    for_people().print(
        f"[yellow]stopped[/] with {job.documents.done} of {job.documents.total} documents done; go on with: "
        f"[bold]docproc jobs resume {job.id}[/], then docproc eval … --job {job.id}",
        soft_wrap=True,
    )
    raise typer.Exit(ExitCode.INTERRUPTED)
