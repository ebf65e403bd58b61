"""`docproc extract --explain FIELD`: the candidates of one field with their scores; no job is made."""

from collections.abc import Sequence
from pathlib import Path

import typer

from docproc.bootstrap import open_pages
from docproc.cli.console import for_output, marked
from docproc.cli.exit_codes import ExitCode
from docproc.cli.files import find_files
from docproc.cli.printable import printable
from docproc.domain.errors import DocumentError, UsageError
from docproc.domain.schema import ExtractionSchema
from docproc.intake import accept
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.pipeline.steps import WindowFrame, cut_windows
from docproc.readers.layout.explain import Explained, explain
from docproc.services.records import JobOptions
from docproc.settings import Settings

MOST_CANDIDATES = 12


def explain_files(
    paths: Sequence[Path],
    schema: ExtractionSchema,
    field_path: str,
    *,
    options: JobOptions,
    passwords: Sequence[str],
    settings: Settings,
    recursive: bool,
) -> None:
    """Print the candidates of `field_path` in every file. Raises UsageError when the schema has no such field."""
    leaves = [path for path, _ in schema.leaves() if "[]" not in path]
    if field_path not in leaves:
        raise UsageError(f"--explain {field_path}: {schema.label} has no such single field; it has {', '.join(leaves)}")
    failed = False
    with open_pages(settings, workers=1) as source:
        for file in find_files(paths, recursive=recursive):
            try:
                found = accept(file.path, limits=settings.limits)
                document = SourceDocument(
                    path=file.path, media_type=found.media_type, passwords=passwords, pages=options.pages
                )
                _explain_document(file.name, document, schema, field_path, source=source, day_first=options.day_first)
            except DocumentError as error:
                failed = True
                typer.echo(printable(f"{file.name}: {error.code}: {error.message}"), err=True)
    if failed:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _explain_document(
    name: str,
    document: SourceDocument,
    schema: ExtractionSchema,
    field_path: str,
    *,
    source: DocprocPages,
    day_first: bool | None,
) -> None:
    opened = source.open(document)
    try:
        frame = WindowFrame(day_first=day_first, page_count=opened.outline.page_count)
        for window in cut_windows(opened, frame):
            _print(name, explain(window, schema, field_path))
    finally:
        opened.close()


def _print(name: str, candidates: Sequence[Explained]) -> None:
    from rich.table import Table

    table = Table(title=marked(name), title_justify="left", box=None, pad_edge=False)
    for column in ("", "value", "page", "box", "score", "probability", "made of", "labels"):
        table.add_column(column, overflow="fold")
    for one in candidates[:MOST_CANDIDATES]:
        parts = sorted(one.parts.items(), key=lambda part: -abs(part[1]))
        table.add_row(
            "*" if one.chosen else "",
            marked(one.value),
            str(one.page),
            ", ".join(f"{edge:.0f}" for edge in one.box),
            f"{one.score:.2f}",
            f"{one.probability:.2f}",
            ", ".join(f"{feature} {added:+.1f}" for feature, added in parts if added),
            marked("; ".join(one.labels[:3])),
        )
    for_output().print(table if candidates else f"{marked(name)}: no candidate")
