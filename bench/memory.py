"""Peak memory of the parent and its parsing child over the length of a document: it must not grow with it.

python bench/memory.py [--pages 50 500 5000]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pymupdf

from docproc.domain.document import MediaType
from docproc.domain.image import TileCanvas
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument

#: PyMuPDF carries no types
_library: Any = pymupdf
_LINES = 45


def write_document(path: Path, *, pages: int) -> None:
    """An invoice-like PDF with `pages` pages, no two alike."""
    document = _library.open()
    for number in range(1, pages + 1):
        lines = [
            f"Page {number} line {line} item {number * 37 + line} amount {line * 1.19:.2f}" for line in range(_LINES)
        ]
        document.new_page(width=595, height=842).insert_text((60, 60), "\n".join(lines), fontsize=10)
    document.save(path, deflate=True)
    document.close()


def measure(path: Path) -> dict[str, float]:
    """Reads every page with its image in this process's child."""
    started = time.perf_counter()
    words = 0
    with (
        ChildPool(size=1) as pool,
        DocprocPages(pool).open_pages(SourceDocument(path=path, media_type=MediaType.PDF)) as pages,
    ):
        for page in pages.prepared(TileCanvas()):
            words += len(page.content.words)
    kib = {
        "parent": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
    }
    return {
        "words": words,
        "seconds": round(time.perf_counter() - started, 2),
        **{f"{name}_mib": round(size / 1024, 1) for name, size in kib.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", nargs="+", type=int, default=[50, 500, 5000])
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for pages in arguments.pages:
            path = Path(folder) / f"{pages}.pdf"
            write_document(path, pages=pages)
            # A process for each length: a peak never goes down again.
            command = [sys.executable, __file__, "--measure", str(path)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
            figures.append({"pages": pages, **json.loads(told)})
            print(f"{pages:6} pages: parent {figures[-1]['parent_mib']} MiB, child {figures[-1]['child_mib']} MiB")
    total = [figure["parent_mib"] + figure["child_mib"] for figure in figures]
    print(json.dumps({"lengths": figures, "longest_to_shortest": round(total[-1] / total[0], 3)}))


if __name__ == "__main__":
    main()
