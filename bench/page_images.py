"""How large the images are that a worker which reads gets instead of the file: PNG bytes a page, and time to draw one.

python bench/page_images.py FILE.pdf…
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from docproc.domain.document import MediaType
from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument

#: what NVLM looks at, and what many other models do
SPECS: Mapping[str, PageImageSpec] = {"tile_canvas_448x6": TileCanvas(), "longest_side_1536": LongestSide(pixels=1536)}


def measure(files: Sequence[Path], spec: PageImageSpec) -> dict[str, float]:
    """Over all pages of `files`."""
    sizes: list[int] = []
    began = time.perf_counter()
    with ChildPool(size=1) as pool:
        for path in files:
            with DocprocPages(pool).open_pages(SourceDocument(path=path, media_type=MediaType.PDF)) as pages:
                sizes += [len(png) for _, png in pages.pngs(spec)]
    seconds = time.perf_counter() - began
    return {
        "pages": len(sizes),
        "median_kib": round(statistics.median(sizes) / 1024, 1),
        "largest_kib": round(max(sizes) / 1024, 1),
        "ms_a_page": round(seconds / len(sizes) * 1000, 1),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.pdf")
    files: list[Path] = parser.parse_args().files
    print(json.dumps({name: measure(files, spec) for name, spec in SPECS.items()}))


if __name__ == "__main__":
    main()
