"""The report as a writer: documents stream to disk, the head with the totals is put before them at the end."""

import base64
import hashlib
import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TextIO
from uuid import UUID

from docproc.domain.extraction import Extraction, ExtractionStatus
from docproc.domain.schema import ExtractionSchema
from docproc.exports.export_item import ExportItem
from docproc.exports.report.document_view import STATUS_WORDS, document_html, list_entry
from docproc.exports.report.field_view import fields_html
from docproc.exports.report.markup import Markup, join, tag
from docproc.exports.report.page_view import ImageBudget, PageImages, pages_html
from docproc.exports.report.tally import Confidences, Tally
from docproc.exports.report.value_view import percent
from docproc.exports.staged_writer import StagedWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLimits:
    """What keeps a report small enough to open and to mail."""

    #: of all page images together, as they stand in the file
    image_bytes: int = 64 * 1024 * 1024
    pages_per_document: int = 8
    #: a browser has trouble with more; the others count in the totals
    documents: int = 2_000
    rows_per_table: int = 100


def no_page_image(_document_id: UUID, _page_number: int) -> None:
    """For a report without page images: boxes and print are drawn on empty pages."""
    return


class ReportWriter(StagedWriter):
    """`report.html`: one file, nothing is loaded from anywhere."""

    _articles: TextIO
    _entries: TextIO

    def __init__(
        self,
        target: Path,
        schema: ExtractionSchema,
        *,
        page_image: PageImages = no_page_image,
        overwrite: bool = False,
        limits: ReportLimits | None = None,
    ) -> None:
        super().__init__(target, overwrite=overwrite)
        self._schema = schema
        self._page_image = page_image
        self._limits = limits or ReportLimits()
        self._budget = ImageBudget(self._limits.image_bytes)
        self._statuses: Counter[ExtractionStatus] = Counter()
        self._page_total = 0
        self._confidences = Confidences()
        self._schema_label = schema.label

    def _begin(self, scratch: Path, closing: ExitStack) -> None:
        target = closing.enter_context((scratch / self._targets[0].name).open("x", encoding="utf-8", newline="\n"))
        self._articles = closing.enter_context((scratch / "articles").open("x+", encoding="utf-8", newline="\n"))
        self._entries = closing.enter_context((scratch / "entries").open("x+", encoding="utf-8", newline="\n"))
        closing.push(lambda kind, _error, _trace: None if kind else self._compose(target))

    def _add(self, item: ExportItem) -> None:
        extraction = item.extraction
        tally = Tally.of(extraction.issues)
        fields = fields_html(item, self._schema, tally=tally, most_rows=self._limits.rows_per_table)
        self._schema_label = extraction.extraction_schema
        self._statuses[extraction.status] += 1
        self._page_total += extraction.document.page_count or len(extraction.pages)
        self._confidences.join(tally.confidences)
        if self._statuses.total() <= self._limits.documents:
            self._show(extraction, tally, fields)

    def _show(self, extraction: Extraction, tally: Tally, fields: Markup) -> None:
        anchor = f"d{self._statuses.total()}"
        pages = pages_html(
            extraction,
            tally.marks,
            images=self._page_image,
            budget=self._budget,
            most_pages=self._limits.pages_per_document,
        )
        counts = f"{tally.found} of {tally.leaves} fields" if fields else ""
        self._articles.write(document_html(extraction, anchor=anchor, pages=pages, fields=fields, counts=counts) + "\n")
        self._entries.write(list_entry(extraction, anchor=anchor, confidences=tally.confidences) + "\n")

    def _compose(self, target: TextIO) -> None:
        style, script = _packaged("report.css"), _packaged("report.js")
        before, after = _packaged("report.html").split("<!-- entries -->")
        between, after = after.split("<!-- articles -->")
        filled = {
            "policy": _policy(style, script),
            "style": style,
            "script": script,
            "schema": join(self._schema_label),
            "tiles": self._tiles(),
            "filters": self._filters(),
            "notes": self._notes(),
        }
        target.write(_filled(before, filled))
        _copy(self._entries, target)
        target.write(_filled(between, filled))
        _copy(self._articles, target)
        target.write(_filled(after, filled))

    def _tiles(self) -> Markup:
        mean = self._confidences.mean
        tiles = [
            ("documents", f"{self._statuses.total():,}", ""),
            ("pages", f"{self._page_total:,}", ""),
            ("needs review", f"{self._statuses[ExtractionStatus.NEEDS_REVIEW]:,}", "needs_review"),
            ("failed", f"{self._statuses[ExtractionStatus.FAILED]:,}", "failed"),
            ("mean confidence", "–" if mean is None else percent(mean), ""),  # noqa: RUF001
        ]
        return join(
            *(
                tag(
                    "div", tag("dt", name), tag("dd", number), class_="zero" if kind and number == "0" else kind or None
                )
                for name, number, kind in tiles
            )
        )

    def _filters(self) -> Markup:
        chips = [("", "all", self._statuses.total())]
        chips += [(status.value, STATUS_WORDS[status], self._statuses[status]) for status in ExtractionStatus]
        return join(
            *(
                tag(
                    "button",
                    name,
                    " ",
                    tag("b", f"{count:,}"),
                    type="button",
                    data_filter=value,
                    aria_pressed="false" if value else "true",
                    class_=f"chip {value}".strip(),
                )
                for value, name, count in chips
                if count or not value
            )
        )

    def _notes(self) -> Markup:
        """What the report leaves out."""
        notes = []
        if omitted := self._budget.omitted:
            mebibytes = self._limits.image_bytes / 1024 / 1024
            notes.append(f"{omitted:,} page images are left out: the report holds at most {mebibytes:g} MiB of them.")
        if (left := self._statuses.total() - self._limits.documents) > 0:
            notes.append(f"{left:,} documents are not shown: they count above, and the export has them.")
        return join(*(tag("p", note, class_="note") for note in notes))


def _copy(source: TextIO, target: TextIO) -> None:
    source.seek(0)
    shutil.copyfileobj(source, target)


def _filled(text: str, filled: dict[str, str]) -> str:
    for name, content in filled.items():
        text = text.replace(f"<!-- {name} -->", content)
    return text


def _packaged(name: str) -> str:
    return resources.files("docproc.exports.report").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> Markup:
    """Nothing is loaded, and only our own style and script take effect, whatever a document managed to smuggle in."""
    return tag(
        "meta",
        http_equiv="Content-Security-Policy",
        content=f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
