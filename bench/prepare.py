"""Preparation of pages, as delivered to the parent process, against the usual route and the bare renderer.

    python bench/prepare.py FILE... [--rounds 3] [--children 2]

Routes over the same pages, a few files at a time in turn, so that a busy machine disturbs them alike:
    docproc    words, tile canvas and thumbnail of every page, made in parsing children (one a core, each with a
               document of its own) and delivered to this process
    one child  the same with a single child
    usual      in this process: words, a 150 dpi render, PIL's bicubic resize to canvas and thumbnail, float32,
               normalised
    bare       in this process: MuPDF's render of the canvas and nothing else
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
_FILES_A_TURN = 8


class DocprocRoute:
    """Documents through `children` parsing children, one thread each."""

    def __init__(self, *, children: int) -> None:
        self._pool = ChildPool(size=children)
        self._source = DocprocPages(self._pool, ocr=False)
        self._threads = ThreadPoolExecutor(children)

    def __call__(self, paths: Sequence[Path]) -> int:
        return sum(self._threads.map(self._prepare, paths))

    def _prepare(self, path: Path) -> int:
        with self._source.open_pages(SourceDocument(path=path, media_type=MediaType.PDF)) as pages:
            return sum(1 for _ in pages.prepared(TileCanvas()))

    def close(self) -> None:
        self._threads.shutdown()
        self._pool.close()


def usual_route(paths: Sequence[Path]) -> int:
    count = 0
    for path in paths:
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


def bare_route(paths: Sequence[Path]) -> int:
    count = 0
    for path in paths:
        with _library.open(path) as document:
            for page in document:
                width, height = canvas_size(tile_grid(page.rect.width, page.rect.height))
                page.get_pixmap(matrix=_library.Matrix(width / page.rect.width, height / page.rect.height))
                count += 1
    return count


def measure(files: Sequence[Path], *, rounds: int, children: int) -> dict[str, Any]:
    """For every few files the best of the rounds, summed."""
    docproc, one_child = DocprocRoute(children=children), DocprocRoute(children=1)
    routes: dict[str, Callable[[Sequence[Path]], int]] = {
        "docproc": docproc,
        "one_child": one_child,
        "usual": usual_route,
        "bare": bare_route,
    }
    seconds = dict.fromkeys(routes, 0.0)
    pages = 0
    # A child's start is paid once a process, not once a page; so is a library's first page.
    for route in routes.values():
        route([files[0]] * children)
    for start in range(0, len(files), _FILES_A_TURN):
        paths = files[start : start + _FILES_A_TURN]
        best = dict.fromkeys(routes, float("inf"))
        for _ in range(rounds):
            for name, route in routes.items():
                started = time.perf_counter()
                route(paths)
                best[name] = min(best[name], time.perf_counter() - started)
        for name in routes:
            seconds[name] += best[name]
        pages += bare_route(paths)
    docproc.close()
    one_child.close()
    ms = {name: total * 1000 / pages for name, total in seconds.items()}
    return {
        "files": len(files),
        "pages": pages,
        "children": children,
        "ms_per_page": round(ms["docproc"], 3),
        "one_child_ms_per_page": round(ms["one_child"], 3),
        "usual_ms_per_page": round(ms["usual"], 3),
        "bare_ms_per_page": round(ms["bare"], 3),
        "times_usual": round(ms["usual"] / ms["docproc"], 2),
        "of_bare": round(ms["docproc"] / ms["bare"], 3),
        "one_child_times_usual": round(ms["usual"] / ms["one_child"], 2),
        "one_child_of_bare": round(ms["one_child"] / ms["bare"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    files = [path for path in arguments.files if accept(path, Limits()).media_type is MediaType.PDF]
    told = measure(files, rounds=arguments.rounds, children=arguments.children)
    print(f"{told['pages']} pages of {told['files']} files, best of {arguments.rounds} rounds, ms a page:")
    print(f"  docproc, {told['children']} children   {told['ms_per_page']:8}")
    print(f"  docproc, one child    {told['one_child_ms_per_page']:8}")
    print(f"  usual route           {told['usual_ms_per_page']:8}   docproc is {told['times_usual']} times as fast")
    print(f"  bare render           {told['bare_ms_per_page']:8}   docproc takes {told['of_bare']} times as long")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
