"""`docproc inspect`: what a file is, page by page; extracts nothing and records nothing."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.cli.printable import printable

if TYPE_CHECKING:
    from docproc.domain.errors import DocumentError
    from docproc.pages.inspect import Inspection
    from docproc.pages.source import DocprocPages
    from docproc.pipeline.ports import SourceDocument


class Ocr(StrEnum):
    """Which scans are read."""

    FEW = "few"
    ALL = "all"
    NONE = "none"


def inspect(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Enter sub-folders.")] = False,
    pages: Annotated[str | None, typer.Option(metavar="1-3,7", help="Only these pages.")] = None,
    ocr: Annotated[Ocr, typer.Option(help="few: at most 8 scanned pages a file.")] = Ocr.FEW,
    tiles: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each page's canvas as PNG with its tile grid drawn.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace pictures that exist.")] = False,
    password_file: Annotated[Path | None, typer.Option(help="One password a line, tried in this order.")] = None,
) -> None:
    """Say what a file is: pages, text layer or scan, forms, tile grid. Example: `docproc inspect scan.pdf --json`."""
    from docproc.bootstrap import load_settings, open_pages
    from docproc.cli.files import find_files
    from docproc.cli.passwords import read_passwords
    from docproc.domain.errors import DocumentError, UsageError
    from docproc.intake import accept
    from docproc.pipeline.ports import SourceDocument
    from docproc.services.page_ranges import parse_ranges

    settings, ranges, passwords = load_settings(), parse_ranges(pages), read_passwords(password_file)
    files = list(find_files(paths, recursive=recursive))
    if not files:
        raise UsageError(f"no file in {', '.join(map(str, paths))}; sub-folders are entered with --recursive")
    pictures = PictureNames(tiles) if tiles is not None else None
    failed = False
    with open_pages(settings, workers=1) as source:
        for file in files:
            began = time.perf_counter()
            try:
                media_type = accept(file.path, limits=settings.limits).media_type
                document = SourceDocument(path=file.path, media_type=media_type, passwords=passwords, pages=ranges)
                inspection = _look(source, document, ocr=ocr)
                if pictures is not None:
                    _write_tiles(source, document, pictures.stem(file.name), overwrite=overwrite)
            except DocumentError as error:
                failed = True
                _say_error(file.name, error, as_json=as_json, seconds=time.perf_counter() - began)
                continue
            _say(file.name, inspection, as_json=as_json, seconds=time.perf_counter() - began)
    if failed:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _look(source: "DocprocPages", document: "SourceDocument", *, ocr: Ocr) -> "Inspection":
    from docproc.pages.inspect import OcrChoice, inspect_document

    return inspect_document(source, document, ocr=OcrChoice(ocr.value))


def _say_error(name: str, error: "DocumentError", *, as_json: bool, seconds: float) -> None:
    from docproc.domain.failure import FailureCategory, FailureCode

    # Whoever asks what a file is wants to know that it is too much, not which of the limits said so first.
    code = FailureCode.TOO_LARGE if error.category is FailureCategory.LIMIT else error.code
    if as_json:
        facts = {"file": name, "outcome": "error", "code": code, "message": error.message}
        typer.echo(json.dumps(facts | {"seconds": round(seconds, 3)}, ensure_ascii=False))
    else:
        typer.echo(printable(f"{name}: {code}: {error.message}"))


def _say(name: str, inspection: "Inspection", *, as_json: bool, seconds: float) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(name, inspection, seconds), ensure_ascii=False))
        return
    typer.echo(printable(f"{name}: {inspection.media_type}, {inspection.page_count} pages"))
    for page in inspection.pages:
        parts = [
            f"  page {page.number:<4} {page.width:.0f} x {page.height:.0f} pt",
            f"turned {page.rotation}" if page.rotation else "",
            "blank" if page.blank else f"{page.words} words ({page.source.replace('_', ' ')})",
            f"{page.form_fields} form fields" if page.form_fields else "",
            f"tiles {page.grid.columns} x {page.grid.rows}",
        ]
        typer.echo(", ".join(part for part in parts if part))
    if inspection.attachments:
        typer.echo(printable(f"  embedded XML: {', '.join(inspection.attachments)}"))
    if inspection.unread:
        typer.echo(f"  not read by OCR: pages {_spans(inspection.unread)} (--ocr all reads them)")


def _facts(name: str, inspection: "Inspection", seconds: float) -> dict[str, Any]:
    return {
        "file": name,
        "outcome": "ok",
        "media_type": inspection.media_type,
        "pages": inspection.page_count,
        "seconds": round(seconds, 3),
        "text": inspection.text,
        "attachments": inspection.attachments,
        "not_read_by_ocr": inspection.unread,
        "page_facts": [asdict(page) for page in inspection.pages],
    }


def _spans(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as `1-3, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


class PictureNames:
    """Where the pictures of each file go; two files of one name get two names."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._given: Counter[str] = Counter()

    def stem(self, name: str) -> Path:
        """The beginning of the picture names of the file called `name`, with the folder."""
        flat = name.replace("/", "_")
        self._given[flat] += 1
        count = self._given[flat]
        return self._folder / (flat if count == 1 else f"{flat}-{count}")


def _write_tiles(source: "DocprocPages", document: "SourceDocument", stem: Path, *, overwrite: bool) -> None:
    from PIL import Image, ImageDraw

    from docproc.domain.document import MediaType
    from docproc.domain.errors import ConflictError
    from docproc.domain.image import TileCanvas

    if document.media_type is MediaType.XML:
        return
    spec = TileCanvas(thumbnail=False)
    for page in source.images(document, spec):
        picture = Image.fromarray(page.canvas).copy()  # the canvas is shared memory, and lines are drawn on it
        draw = ImageDraw.Draw(picture)
        for column in range(spec.tile_px, page.width_px, spec.tile_px):
            draw.line([(column, 0), (column, page.height_px)], fill="red", width=3)
        for row in range(spec.tile_px, page.height_px, spec.tile_px):
            draw.line([(0, row), (page.width_px, row)], fill="red", width=3)
        target = stem.with_name(f"{stem.name}-page-{page.number:04d}.png")
        if target.exists() and not overwrite:
            raise ConflictError(f"{target} exists already: name another folder or add --overwrite")
        picture.save(target)
