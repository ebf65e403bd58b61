"""From truth documents to examples, one a page, kept as lines of a file; knows no network and draws nothing.

Looking at a document takes long where OCR has to read it, so it is done once: what was found is kept beside the adapter
and a run that was cut short goes on behind the last document that is whole.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from docproc.domain.document import MediaType
from docproc.domain.errors import DocumentError, UnsupportedError
from docproc.domain.page import PageContent
from docproc.domain.schema import ExtractionSchema
from docproc.intake import Limits, accept
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.training.targets import Target, page_targets, whole_target
from docproc.training.truth import TruthDocument, TruthError


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One page and what should be answered for it."""

    #: name of the document in the folder of documents
    document: str
    media_type: MediaType
    page: int
    #: degrees clockwise that OCR found a scan to be turned by
    rotation: int
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A document that gives no example, and why."""

    document: str
    reason: str


class ExampleFile:
    """The examples of a run, one document a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, list[Example] | LeftOut]:
        """What is known of each document that was looked at; a line that was cut short is cut off."""
        if not self._path.exists():
            return {}
        whole, _, rest = self._path.read_bytes().rpartition(b"\n")
        if rest:
            self._path.write_bytes(whole + b"\n" if whole else b"")
        known: dict[str, list[Example] | LeftOut] = {}
        for line in whole.splitlines():
            told = json.loads(line)
            name = told["document"]
            if "left_out" in told:
                known[name] = LeftOut(document=name, reason=told["left_out"])
            else:
                known[name] = [_example(name, MediaType(told["media_type"]), page) for page in told["pages"]]
        return known

    def append(self, name: str, found: Sequence[Example] | LeftOut) -> None:
        """Keep what was found in a document."""
        told: dict[str, Any] = {"document": name}
        if isinstance(found, LeftOut):
            told["left_out"] = found.reason
        else:
            told["media_type"] = found[0].media_type.value
            told["pages"] = [{"page": one.page, "rotation": one.rotation, **asdict(one.target)} for one in found]
        with self._path.open("ab") as file:
            file.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")


def _example(name: str, media_type: MediaType, page: dict[str, Any]) -> Example:
    unlearnt = tuple((begin, end) for begin, end in page["unlearnt"])
    return Example(
        document=name,
        media_type=media_type,
        page=page["page"],
        rotation=page["rotation"],
        target=Target(text=page["text"], unlearnt=unlearnt),
    )


def look_at(
    documents: Sequence[TruthDocument],
    file: ExampleFile,
    *,
    find: Callable[[TruthDocument], list[Example]],
) -> Iterator[list[Example] | LeftOut]:
    """What each document gives, in order; those that `file` knows are not looked at again."""
    known = file.read()
    for document in documents:
        if (found := known.get(document.name)) is None:
            try:
                found = find(document)
            except DocumentError as error:
                found = LeftOut(document=document.name, reason=f"{error.code}: {error.message}")
            file.append(document.name, found)
        yield found


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds the examples of a document by looking at its pages."""

    source: DocprocPages
    schema: ExtractionSchema
    limits: Limits
    #: without it a scan is taken as upright, and a document of several scanned pages cannot be told apart
    ocr: bool

    def __call__(self, document: TruthDocument) -> list[Example]:
        """Raises DocumentError when the document gives none."""
        media_type = accept(document.path, limits=self.limits).media_type
        if media_type is MediaType.XML:
            raise UnsupportedError("an XML invoice has no page to look at")
        pages = self._pages(SourceDocument(path=document.path, media_type=media_type))
        try:
            if len(pages) == 1 and not pages[0].words:
                targets = [whole_target(document.fields, self.schema)]
            elif len(pages) > 1 and not any(page.words for page in pages):
                raise UnsupportedError("nothing tells which value is on which of its scanned pages: let OCR look")
            else:
                targets = page_targets(document.fields, self.schema, pages)
        except TruthError as error:
            raise TruthError(f"{document.name}: {error.message}") from error
        return [
            Example(
                document=document.name,
                media_type=media_type,
                page=page.number,
                rotation=page.rotation,
                target=target,
            )
            for page, target in zip(pages, targets, strict=True)
            if not page.blank
        ]

    def _pages(self, document: SourceDocument) -> list[PageContent]:
        with self.source.open_pages(document) as opened:
            pages = list(opened.contents(numbers=opened.numbers, ocr=self.ocr))
        if all(page.blank for page in pages):
            raise UnsupportedError("all its pages are blank")
        return pages
