"""Documents a second of the layout reader, over pages that are already prepared: one process, one thread.

    python bench/layout.py FILE... [--schema invoice] [--rounds 3]

The pages are prepared first (text layer, or OCR where there is none) and are not timed; a round reads every document
once, and the best round counts. The first round also fills the reader's memory of labels, as a worker's life does.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema
from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.readers.layout.reader import LayoutReader
from schemas.loading import load_schema


def prepared(files: Sequence[Path]) -> list[Window]:
    """Every document as one window of all its pages."""
    windows = []
    with ChildPool(size=1) as pool:
        source = DocprocPages(pool)
        for path in files:
            media_type = accept(path, Limits()).media_type
            document = source.open(SourceDocument(path=path, media_type=media_type))
            pages = tuple(document)
            document.close()
            windows.append(Window(pages=pages, page_count=len(pages)))
    return windows


def measure(windows: Sequence[Window], schema: ExtractionSchema, *, rounds: int) -> dict[str, Any]:
    """Reads all windows `rounds` times."""
    reader = LayoutReader()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        for window in windows:
            reader.read(window, schema)
        seconds.append(time.perf_counter() - started)
    pages = sum(len(window.pages) for window in windows)
    return {
        "schema": schema.label,
        "documents": len(windows),
        "pages": pages,
        "words": sum(len(page.words) for window in windows for page in window.pages),
        "first_round_s": round(seconds[0], 3),
        "documents_per_s": round(len(windows) / min(seconds), 2),
        "ms_per_page": round(1000 * min(seconds) / max(pages, 1), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--schema", default="invoice", help="name or JSON Schema file")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    schema = load_schema(arguments.schema)
    measured = measure(prepared(arguments.files), schema, rounds=arguments.rounds)
    print(f"{measured['documents']} documents, {measured['pages']} pages, best of {arguments.rounds} rounds:")
    print(f"  {measured['documents_per_s']} documents/s, {measured['ms_per_page']} ms a page")
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
