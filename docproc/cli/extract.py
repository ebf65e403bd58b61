"""`docproc extract`: files in, records out; every extract is a job that can be resumed."""

import contextlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.cli.model_options import RouteName

if TYPE_CHECKING:
    from docproc.bootstrap import Desk
    from docproc.domain.schema import ExtractionSchema
    from docproc.services.records import Job, JobOptions
    from docproc.services.unpack import Unpacker


class ReaderName(StrEnum):
    """Who reads the pages."""

    AUTO = "auto"
    EINVOICE = "einvoice"
    LAYOUT = "layout"
    VLM = "vlm"
    REMOTE = "remote"


class DateOrder(StrEnum):
    """Order of numeric dates."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class CsvDialect(StrEnum):
    """How a CSV is spelled."""

    RFC4180 = "rfc4180"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where records go: a file or folder, or (None) the terminal or the pipe."""

    target: str | None = None
    overwrite: bool = False
    dialect: str = CsvDialect.RFC4180.value
    #: a table for a person, also when standard output is a pipe
    table: bool = False


def extract(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)],
    schema: Annotated[
        str | None, typer.Option("--schema", "-s", help="NAME, FILE.json or module:Class.", show_default=False)
    ] = None,
    reader: Annotated[
        ReaderName, typer.Option(help="auto reads embedded invoices, else looks on the pages.")
    ] = ReaderName.AUTO,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="With --reader remote: an OpenAI-compatible server; one or several."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="DIR|NAME", help="With vlm: the model's folder; with remote: its name.")
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --reader vlm: what fine-tuning made.")
    ] = None,
    route: Annotated[
        RouteName | None, typer.Option(help="What of a page a model is shown; auto: words where somebody typed them.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="F.jsonl|F.csv|F.xlsx|DIR/", help="Where the records go.")
    ] = None,
    table: Annotated[bool, typer.Option("--table", help="A table also into a pipe.")] = False,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter sub-folders.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Documents at a time; by default one a processor.")
    ] = None,
    pages: Annotated[str | None, typer.Option(metavar="1-3,7", help="Only these pages of each document.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="One password a line, tried in this order.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="Order of dates such as 03/04/2025.")] = None,
    keep_originals: Annotated[
        bool, typer.Option("--keep-originals", help="Copy the files into the data folder.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
    csv_dialect: Annotated[
        CsvDialect, typer.Option(help="european: semicolons and decimal commas.")
    ] = CsvDialect.RFC4180,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 4 when a person should look.")] = False,
    no_reuse: Annotated[bool, typer.Option("--no-reuse", help="Read again what an earlier job read already.")] = False,
    questions: Annotated[
        Path | None, typer.Option(metavar="F.jsonl", help="What to ask of each document, with --schema qa.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Print candidates and scores of one field instead.")
    ] = None,
) -> None:
    """Extract records from files. Example: `docproc extract invoices/ --schema invoice --out records.xlsx`."""
    from docproc.bootstrap import load_settings, open_desk, require_readable
    from docproc.cli.model_options import ModelOptions, for_readers
    from docproc.cli.passwords import read_passwords
    from docproc.cli.running import check_target, finish, run_visibly
    from docproc.domain.errors import UsageError
    from docproc.pages.unpack import open_unpacker
    from docproc.services.page_ranges import parse_ranges
    from docproc.services.records import JobOptions

    chosen = _schema_or_list(schema)
    output = Output(target=out, overwrite=overwrite, dialect=csv_dialect.value, table=table)
    check_target(output, chosen)
    told = ModelOptions(endpoint=endpoint, model=model, adapter=adapter, route=route)
    settings = for_readers(load_settings(), [reader.value], told)
    require_readable(chosen, reader.value, settings)
    day_first = settings.day_first if date_order is None else {"dmy": True, "mdy": False}.get(date_order.value)
    options = JobOptions(
        reader=reader.value,
        pages=parse_ranges(pages),
        day_first=day_first,
        keep_originals=keep_originals,
        passwords=password_file is not None,
        reuse=not no_reuse,
        workers=workers,
    )
    passwords = read_passwords(password_file)
    if explain is not None:
        from docproc.cli.explain import explain_files

        if out is not None:
            raise UsageError("--explain prints to the terminal and makes no job: leave --out away")
        explain_files(
            paths, chosen, explain, options=options, passwords=passwords, settings=settings, recursive=recursive
        )
        return
    desk = open_desk(settings)
    with open_unpacker(settings.limits, passwords=passwords) as unpacker:
        job = _submit(desk, chosen, paths, options=options, recursive=recursive, questions=questions, unpacker=unpacker)
    job = run_visibly(desk, job, chosen, passwords=passwords)
    finish(desk, job, chosen, output=output, strict=strict)


def _schema_or_list(reference: str | None) -> "ExtractionSchema":
    """The schema; without one the list of those there are, and exit code 2."""
    if reference is None:
        from docproc.cli.schema_commands import list_schemas

        typer.echo("docproc extract needs --schema: one of these, a JSON Schema file or module:Class", err=True)
        list_schemas()
        raise typer.Exit(ExitCode.USAGE)
    from schemas import load_schema

    return load_schema(absolute_reference(reference))


def absolute_reference(reference: str) -> str:
    """A schema file by its absolute path, so that the job can be resumed from any folder."""
    with contextlib.suppress(OSError):
        path = Path(reference)
        if path.is_file():
            return str(path.resolve())
    return reference


def _submit(
    desk: "Desk",
    schema: "ExtractionSchema",
    paths: list[Path],
    *,
    options: "JobOptions",
    recursive: bool,
    questions: Path | None,
    unpacker: "Unpacker",
) -> "Job":
    from docproc.cli.files import find_files
    from docproc.cli.questions import QUESTIONS, asked, load_questions, require_answer
    from docproc.domain.errors import UsageError
    from docproc.domain.ids import new_id
    from docproc.services.job_context import schema_version
    from docproc.services.records import NewJob
    from docproc.services.submit import submit

    told = {} if questions is None else load_questions(questions)
    if questions is not None:
        require_answer(schema)
    found = list(find_files(paths, recursive=recursive))
    if not found:
        raise UsageError(f"no file in {', '.join(map(str, paths))}; sub-folders are entered with --recursive")
    job = NewJob(
        id=new_id(),
        schema=schema_version(schema),
        options=options,
        inputs=tuple(str(path.absolute()) for path in paths),
        recursive=recursive,
        metadata={} if questions is None else {QUESTIONS: str(questions.absolute())},
    )
    try:
        return submit(desk.stores, job, asked(found, told), accept=desk.accept, unpacker=unpacker)
    except KeyboardInterrupt:
        recorded = desk.stores.jobs.get(job.id).documents.total
        typer.echo(f"stopped while recording: {recorded} of {len(found)} files are; go on with:", err=True)
        typer.echo(f"docproc jobs resume {job.id}", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
