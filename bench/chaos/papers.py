"""Documents for a run: PDFs with a text layer, no two pages alike, some of them blank. Knows no service."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymupdf

#: PyMuPDF carries no types
_library: Any = pymupdf
_LINES = 30
_WORDS = tuple(
    "account amount balance bank carrier charge claim cover customer date delivery deposit discount due freight goods "  # noqa: SIM905
    "interest invoice item letter notice order payment period policy premium price quantity rate receipt reference "
    "remittance service shipment statement supplier term total transfer unit value warehouse weight".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What was handed in, and what must come of it."""

    path: str
    sha256: str
    pages: int
    #: pages without a mark on them
    blank: tuple[int, ...]
    reader: str
    tenant: str
    #: filled in when it is submitted
    job: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """How much is handed in, for whom, and who reads it."""

    documents: int
    pages: int
    tenants: Sequence[str]
    reader: str


def write_papers(folder: Path, pile: Pile, *, source: random.Random) -> list[Paper]:
    """Files of lengths that differ, no two pages alike; every tenth file is for the layout reader."""
    folder.mkdir(parents=True)
    papers = []
    for number, length in enumerate(_lengths(pile.documents, pile.pages, source)):
        blank = (source.randint(1, length),) if number % 8 == 0 and length > 1 else ()
        path = folder / f"paper-{number:04}.pdf"
        _write(path, number=number, pages=length, blank=blank, source=source)
        papers.append(
            Paper(
                path=str(path),
                sha256=sha256(path.read_bytes()).hexdigest(),
                pages=length,
                blank=blank,
                reader="layout" if number % 10 == 0 else pile.reader,
                tenant=pile.tenants[number % len(pile.tenants)],
            )
        )
    return papers


def _lengths(documents: int, pages: int, source: random.Random) -> list[int]:
    """Pairs share what two documents have on average, so that the sum is exact."""
    whole, rest = divmod(pages, documents)
    lengths = [whole + (number < rest) for number in range(documents)]
    for left, right in zip(range(0, documents - 1, 2), range(1, documents, 2), strict=False):
        moved = source.randint(0, whole - 1)
        lengths[left] -= moved
        lengths[right] += moved
    return lengths


def _write(path: Path, *, number: int, pages: int, blank: Sequence[int], source: random.Random) -> None:
    document = _library.open()
    for page in range(1, pages + 1):
        sheet = document.new_page(width=595, height=842)
        if page in blank:
            continue
        lines = [f"Paper {number} page {page} of {pages}", f"Total: {number * 100 + page}.00"]
        lines += [" ".join(source.choices(_WORDS, k=9)) for _ in range(_LINES)]
        sheet.insert_text((60, 60), "\n".join(lines), fontsize=10)
    document.save(path, deflate=True)
    document.close()
