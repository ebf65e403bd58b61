"""`docproc submit`: files into a service's database and blob store; its workers read them."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.asking import CallbackUrl, Candidates, Metadata, SecretFile, asked_of
from docproc.cli.at_server import ServerName, Where, one_password
from docproc.cli.exit_codes import ExitCode
from docproc.cli.extract import DateOrder
from docproc.cli.job_arguments import TenantName, brief, say_job
from docproc.domain.errors import UsageError
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docproc.bootstrap import Desk
    from docproc.client.submission import Options
    from docproc.domain.document import Accepted
    from docproc.services.job_context import Accept
    from docproc.services.records import Job, NewJob
    from docproc.services.submit import SubmittedFile

_LONGEST_KEY = 255


def submit(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)],
    schema: Annotated[str, typer.Option("--schema", "-s", help="NAME, FILE.json, module:Class, or auto.")],
    reader: Annotated[
        str, typer.Option(help="auto, einvoice, layout, vlm, remote, or a model by the name it is served under.")
    ] = "auto",
    priority: Annotated[int, typer.Option(min=-100, max=100, help="Higher comes first, over all tenants.")] = 0,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Sent again with it within a day, it is the same job.")
    ] = None,
    tenant: TenantName = LOCAL_TENANT,
    pages: Annotated[str | None, typer.Option(metavar="1-3,7", help="Only these pages of each document.")] = None,
    external_id: Annotated[str | None, typer.Option(metavar="ID", help="What you call the job.")] = None,
    metadata: Metadata = None,
    candidates: Candidates = None,
    callback: CallbackUrl = None,
    callback_secret_file: SecretFile = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter sub-folders.")] = False,
    date_order: Annotated[DateOrder | None, typer.Option(help="Order of dates such as 03/04/2025.")] = None,
    no_reuse: Annotated[bool, typer.Option("--no-reuse", help="Read again what an earlier job read already.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Watch until the job is done; exit codes as extract.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --wait: exit code 4 when a person should look.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object about the job.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The id only.")] = False,
    server: ServerName = None,
    password_file: Annotated[
        Path | None, typer.Option(help="One password a line, sealed for the workers; a server takes one.")
    ] = None,
) -> None:
    """Hand files to the service. Example: `docproc submit inbox/ --schema invoice --idempotency-key monday --wait`."""
    from docproc.bootstrap import checked_broker, choose_reader, load_settings, open_service_desk
    from docproc.cli.following import follow, say_end
    from docproc.cli.passwords import read_passwords
    from docproc.cli.submit_to_server import Wanted, say_sent, submitted_to
    from docproc.domain.ids import new_id
    from docproc.observability.tracing import begin_traces
    from docproc.services.job_context import schema_version
    from docproc.services.page_ranges import parse_ranges
    from docproc.services.passwords import require_reach
    from docproc.services.records import JobOptions, NewJob

    told = asked_of(
        schema, candidates=candidates, metadata=metadata, callback=callback, secret_file=callback_secret_file
    )
    if server is not None:
        _check_key(idempotency_key)
        said = _options(
            reader, priority, pages=pages, external_id=external_id, date_order=date_order, reuse=not no_reuse
        )
        wanted = Wanted(
            where=Where(server, tenant),
            schema=told.schema,
            idempotency_key=idempotency_key,
            options={**_with_password(said, password_file), **told.options},
        )
        with submitted_to(_files(paths, recursive=recursive), wanted) as sent:
            say_sent(sent, wait=wait, strict=strict, as_json=as_json, quiet=quiet)
        return
    _check_key(idempotency_key)
    passwords = read_passwords(password_file)
    settings = load_settings()
    checked_broker(settings)  # nothing is sent to it from here, but the workers of these settings would not start
    begin_traces(settings.trace_endpoint, part="submit")
    day_first = settings.day_first if date_order is None else {"dmy": True, "mdy": False}.get(date_order.value)
    files = _files(paths, recursive=recursive)
    named = told.here(files, settings, passwords=passwords)
    desk = open_service_desk(settings)
    if passwords:
        require_reach(desk.stores.passwords)
    chosen = choose_reader(reader, named, settings=settings, work=desk.work)
    options = JobOptions(
        reader=reader,
        model=chosen.model,
        pages=parse_ranges(pages),
        day_first=day_first,
        keep_originals=True,
        passwords=bool(passwords),
        reuse=not no_reuse,
    )
    asked = NewJob(
        id=new_id(),
        schema=schema_version(named),
        options=options,
        inputs=tuple(str(path.absolute()) for path in paths),
        recursive=recursive,
        tenant=tenant,
        queue=chosen.queue,
        priority=priority,
        external_id=external_id,
        metadata=told.metadata,
        callback=told.callback,
        passwords=passwords,
    )
    job = _submitted(desk, asked, files, key=idempotency_key)
    if not wait or not as_json:
        _say(job, is_earlier=job.id != asked.id, as_json=as_json, quiet=quiet)
    if wait:
        job = follow(desk, job)
        if as_json:
            typer.echo(json.dumps(brief(job)))
        say_end(desk, job, strict=strict)


def _options(
    reader: str, priority: int, *, pages: str | None, external_id: str | None, date_order: DateOrder | None, reuse: bool
) -> "Options":
    """What a server is told; what nobody said it decides."""
    said: Options = {"reader": reader, "priority": priority, "reuse": reuse}
    if pages is not None:
        said["pages"] = pages
    if external_id is not None:
        said["external_id"] = external_id
    if date_order is not None:
        said["date_order"] = date_order.value
    return said


def _with_password(said: "Options", file: Path | None) -> "Options":
    password = one_password(file)
    return said if password is None else {**said, "password": password}


def _say(job: "Job", *, is_earlier: bool, as_json: bool, quiet: bool) -> None:
    earlier = " (the job that this key made before)" if is_earlier else ""
    say_job(job, f"{job.id}: {job.documents.total} documents{earlier}", as_json=as_json, quiet=quiet)


def _check_key(key: str | None) -> None:
    if key is not None and not (key.strip() and len(key) <= _LONGEST_KEY):
        raise UsageError(f"--idempotency-key: a key has 1 to {_LONGEST_KEY} characters")


def _files(paths: list[Path], *, recursive: bool) -> "list[SubmittedFile]":
    from docproc.cli.files import find_files
    from docproc.services.submit import SubmittedFile

    found = [SubmittedFile(path=file.path, name=file.name) for file in find_files(paths, recursive=recursive)]
    if not found:
        raise UsageError(f"no file in {', '.join(map(str, paths))}; sub-folders are entered with --recursive")
    return found


def _submitted(desk: "Desk", asked: "NewJob", files: "Sequence[SubmittedFile]", *, key: str | None) -> "Job":
    """Record it with a bar; Ctrl-C leaves what is recorded, and says how to go on."""
    from docproc.pages.unpack import open_unpacker
    from docproc.services.submit_once import submit_once

    try:
        with (
            _counting(desk.accept, len(files)) as accept,
            open_unpacker(desk.settings.limits, passwords=asked.passwords) as unpacker,
        ):
            return submit_once(desk.stores, asked, files, accept=accept, key=key, unpacker=unpacker)
    except KeyboardInterrupt:
        how = "send the same again with the same key"
        if key is None:
            how = f"docproc jobs resume {asked.id} --tenant {asked.tenant}"
        typer.echo(f"stopped while submitting; what is recorded is read; go on with: {how}", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


@contextmanager
def _counting(accept: "Accept", total: int) -> "Iterator[Accept]":
    """Intake that moves a bar with every file it looks at."""
    from rich.progress import Progress

    from docproc.cli.console import for_people

    console = for_people()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("submitting", total=total)

        def counted(path: Path) -> "Accepted":
            bar.advance(task)
            return accept(path)

        yield counted
