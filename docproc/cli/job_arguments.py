"""What the commands about jobs share: their arguments, how a job is found, how it is told. Knows no command."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from docproc.cli.extract import CsvDialect
from docproc.domain.ids import LOCAL_TENANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from docproc.bootstrap import Desk
    from docproc.domain.schema import ExtractionSchema
    from docproc.services.records import Job

#: fewer characters name a job by accident, such as an unset variable in a script that deletes
_SHORTEST_ID = 8

JobArgument = Annotated[str, typer.Argument(help="Id of a job, its beginning, or `last`.", metavar="JOB")]
TenantName = Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose it is, in a service with several.")]
PasswordFile = Annotated[Path | None, typer.Option(help="One password a line, tried in this order.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The id only.")]
OutTarget = Annotated[str | None, typer.Option("--out", "-o", metavar="F.jsonl|F.csv|F.xlsx|DIR/")]
Dialect = Annotated[CsvDialect, typer.Option("--csv-dialect", help="european: semicolons and decimal commas.")]
Table = Annotated[bool, typer.Option("--table", help="A table also into a pipe.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 4 when a person should look.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]


class Removal(Protocol):
    """What went: of this machine, or as a server tells it."""

    @property
    def jobs(self) -> int: ...
    @property
    def documents(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def blobs(self) -> int: ...
    @property
    def byte_count(self) -> int: ...


def brief(job: "Job") -> dict[str, object]:
    return {
        "id": str(job.id),
        "state": job.state.value,
        "done": job.documents.done,
        "total": job.documents.total,
        "schema": job.schema.label,
        "created_at": job.created_at.isoformat(),
    }


def job_row(facts: "Mapping[str, object]", created_at: "datetime", *, state: str | None = None) -> list[str]:
    """The cells of a job in `print_jobs`; `facts` as `brief` gives them."""
    told = {**facts, "created_at": f"{created_at.astimezone():%Y-%m-%d %H:%M}"}
    return [str(state or value) if name == "state" else str(value) for name, value in told.items()]


def print_jobs(rows: "Iterable[Sequence[str]]") -> None:
    """A table of jobs on standard output."""
    from rich.table import Table

    from docproc.cli.console import for_output

    table = Table(box=None, pad_edge=False)
    for column in ("job", "state", "done", "total", "schema", "created"):
        table.add_column(column, justify="right" if column in {"done", "total"} else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    for_output().print(table)


def counted(counts: "Mapping[str, int]") -> str:
    """`3 read, 1 failed`: what there is none of is left out."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or "none"


def removal(removed: "Removal") -> str:
    """A deletion in one line."""
    return (
        f"deleted: {removed.jobs} jobs, {removed.documents} documents, {removed.rows} rows, "
        f"{removed.blobs} blobs of {removed.byte_count:,} bytes"
    )


def say_job(job: "Job", said: str, *, as_json: bool, quiet: bool) -> None:
    if quiet:
        typer.echo(job.id)
    else:
        typer.echo(json.dumps(brief(job)) if as_json else said)


def find_job(desk: "Desk", name: str, *, tenant: str = LOCAL_TENANT) -> "Job":
    """A tenant's job by its id, eight or more characters of its beginning, or `last`.

    Raises NotFoundError when none or several fit.
    """
    from docproc.domain.errors import NotFoundError
    from docproc.services.list_jobs import list_jobs

    if name == "last":
        fitting = [job.id for job in list_jobs(desk.stores, limit=1, tenant=tenant)]
    elif len(name) < _SHORTEST_ID:
        raise NotFoundError(f"{name!r} is no job: write at least {_SHORTEST_ID} characters of the id, or `last`")
    else:
        fitting = list(desk.stores.jobs.find(name, tenant=tenant))
    if not fitting:
        whose = "" if tenant == LOCAL_TENANT else f" of the tenant {tenant!r}"
        raise NotFoundError(f"there is no job {name!r}{whose}; docproc jobs list shows them")
    if len(fitting) > 1:
        raise NotFoundError(f"several jobs begin with {name!r}: write more of the id")
    return desk.stores.jobs.get(fitting[0], tenant=tenant)


def schema_as_stored(job: "Job") -> "ExtractionSchema":
    """The schema for an export: where it was loaded from, or what the job kept of it when that is gone or changed."""
    from dataclasses import replace

    from docproc.bootstrap import load_job_schema
    from docproc.domain.errors import ConflictError, UsageError
    from docproc.services.job_context import require_same_schema
    from schemas.json_schema import compile_json_schema

    try:
        schema = load_job_schema(job)
        require_same_schema(job, schema)
    except (UsageError, ConflictError):
        kept = compile_json_schema(dict(job.schema.json_schema), reference=job.schema.reference)
        return replace(kept, name=job.schema.name, version=job.schema.version)
    return schema
