"""Preparation of pages, as delivered to the parent process, against the usual route and the bare renderer.

    python bench/prepare.py FILE... [--rounds 3]

Three routes over the same pages, file by file in turn, so that a busy machine disturbs them alike:
    docproc  words, tile canvas and thumbnail of every page, made in a parsing child and delivered to this process
    usual    in this process: words, a 150 dpi render, PIL's bicubic resize to canvas and thumbnail, float32, normalised
    bare     in this process: MuPDF's render of the canvas and nothing else
"""

import argparse
import json
import time
from collections.abc import Callable  # noqa: TC003 a variable's annotation is not worth an import block
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
from PIL import Image

from docproc.domain.document import MediaType
from docproc.domain.image import TileCanvas
from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.tiling import canvas_size, tile_grid

#: PyMuPDF carries no types
_library: Any = pymupdf

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def docproc_route(source: DocprocPages, path: Path) -> int:
    with source.open_pages(SourceDocument(path=path, media_type=MediaType.PDF)) as pages:
        return sum(1 for _ in pages.prepared(TileCanvas()))


def usual_route(path: Path) -> int:
    count = 0
    with _library.open(path) as document:
        for page in document:
            page.get_text("words")
            size = canvas_size(tile_grid(page.rect.width, page.rect.height))
            pixels = page.get_pixmap(dpi=150)
            picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
            for target in (size, (448, 448)):
                resized = np.asarray(picture.resize(target, Image.Resampling.BICUBIC), np.float32)
                np.divide(resized / 255 - _MEAN, _DEVIATION)
            count += 1
    return count


def bare_route(path: Path) -> int:
    count = 0
    with _library.open(path) as document:
        for page in document:
            width, height = canvas_size(tile_grid(page.rect.width, page.rect.height))
            page.get_pixmap(matrix=_library.Matrix(width / page.rect.width, height / page.rect.height))
            count += 1
    return count


def measure(files: list[Path], *, rounds: int) -> dict[str, object]:
    """Seconds by route: the best of the rounds for every file, summed."""
    with ChildPool(size=1) as pool:
        source = DocprocPages(pool, ocr=False)
        routes: dict[str, Callable[[Path], int]] = {
            "docproc": lambda path: docproc_route(source, path),
            "usual": usual_route,
            "bare": bare_route,
        }
        docproc_route(source, files[0])  # the child's start is paid once a process, not once a page
        seconds = dict.fromkeys(routes, 0.0)
        pages_by_file: dict[Path, int] = {}
        for path in files:
            best = dict.fromkeys(routes, float("inf"))
            for _ in range(rounds):
                for name, route in routes.items():
                    started = time.perf_counter()
                    pages_by_file[path] = route(path)
                    best[name] = min(best[name], time.perf_counter() - started)
            for name in routes:
                seconds[name] += best[name]
    pages = sum(pages_by_file.values())
    ms = {name: total * 1000 / pages for name, total in seconds.items()}
    return {
        "files": len(files),
        "pages": pages,
        "ms_per_page": round(ms["docproc"], 3),
        "usual_ms_per_page": round(ms["usual"], 3),
        "bare_ms_per_page": round(ms["bare"], 3),
        "times_usual": round(ms["usual"] / ms["docproc"], 2),
        "of_bare": round(ms["docproc"] / ms["bare"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    files = [path for path in arguments.files if accept(path, Limits()).media_type is MediaType.PDF]
    figures = measure(files, rounds=arguments.rounds)
    print(f"{figures['pages']} pages of {figures['files']} files, best of {arguments.rounds} rounds, by page:")
    print(f"  docproc, delivered to the parent  {figures['ms_per_page']:8} ms")
    print(f"  usual route                       {figures['usual_ms_per_page']:8} ms  x {figures['times_usual']}")
    print(f"  bare render of the canvas         {figures['bare_ms_per_page']:8} ms  (docproc: x {figures['of_bare']})")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
