"""The pages of one document as HTML: the page image with a box for every piece of evidence. Knows no field."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias
from uuid import UUID

from docproc.domain.extraction import Extraction, PageFacts
from docproc.domain.geometry import Box
from docproc.domain.page import PageState, TextSource
from docproc.exports.report.markup import EMPTY, Markup, join, tag
from docproc.exports.report.tally import Mark

#: bytes and media type of a page image, or None when there is none; called with document id and page number
PageImages: TypeAlias = Callable[[UUID, int], tuple[bytes, str] | None]

#: what every browser shows
_MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})

_SOURCES = {
    TextSource.TEXT_LAYER: "text layer",
    TextSource.OCR: "read by OCR",
    TextSource.FORM: "form fields",
    TextSource.NONE: "no text",
}

#: page points that a box is drawn wider than its print, so that its line does not touch the letters
_AIR = 1.5


@dataclass(slots=True)
class ImageBudget:
    """How many bytes of page images a report still takes; spent when one does not fit."""

    left: int
    omitted: int = 0

    def take(self, images: PageImages, document_id: UUID, number: int) -> str | None:
        """The page image as a data URI; None when there is none, or no room."""
        if self.omitted:  # drawing a page takes time: none is asked for in vain
            self.omitted += 1
            return None
        image = images(document_id, number)
        if image is None or image[1] not in _MEDIA_TYPES:
            return None
        encoded = base64.b64encode(image[0]).decode()
        if len(encoded) > self.left:
            self.omitted += 1
            return None
        self.left -= len(encoded)
        return f"data:{image[1]};base64,{encoded}"


def pages_html(
    extraction: Extraction, marks: Sequence[Mark], *, images: PageImages, budget: ImageBudget, most_pages: int
) -> Markup:
    """The pages that hold evidence (the first page when none does), and a line about the others."""
    by_page = {number: list(group) for number, group in groupby(sorted(marks, key=_page_of), key=_page_of)}
    facts = {page.number: page for page in extraction.pages}
    wanted = sorted(by_page) or sorted(facts)[:1]
    if not wanted:
        return tag("p", "No pages: the values stand in the file itself, not in print.", class_="note pageless")
    shown = wanted[:most_pages]
    figures = [
        _figure(extraction, number, facts.get(number), by_page.get(number, []), images=images, budget=budget)
        for number in shown
    ]
    return join(*figures, *_notes(extraction, shown=shown, left_out=wanted[most_pages:]))


def _page_of(mark: Mark) -> int:
    return mark.evidence.page


def _figure(
    extraction: Extraction,
    number: int,
    facts: PageFacts | None,
    marks: Sequence[Mark],
    *,
    images: PageImages,
    budget: ImageBudget,
) -> Markup:
    width, height = _size(facts, marks)
    omitted = budget.omitted
    source = budget.take(images, extraction.document_id, number)
    image = EMPTY
    if source is not None:
        image = tag(
            "img",
            src=source,
            alt=f"Page {number}",
            width=round(width),
            height=round(height),
            loading="lazy",
        )
    boxes = [_box(mark, printed=source is None) for mark in marks]
    overlay = tag("svg", *boxes, viewBox=f"0 0 {width:g} {height:g}", preserveAspectRatio="none", class_="overlay")
    sheet = tag("div", image, overlay, class_="sheet" if source is not None else "sheet bare")
    reason = "" if source is not None else " · no page image" if budget.omitted == omitted else " · page image left out"
    zoom = tag("button", "zoom", type="button", class_="zoom", aria_pressed="false") if source is not None else EMPTY
    caption = tag("figcaption", tag("span", tag("b", f"Page {number}"), _told(facts), reason), zoom)
    return tag("figure", caption, sheet, class_="page", data_page=number)


def _size(facts: PageFacts | None, marks: Sequence[Mark]) -> tuple[float, float]:
    """The page's size in points; where it is not known, room for every box."""
    if facts is not None and facts.width and facts.height:
        return facts.width, facts.height
    right = max((mark.evidence.box.right for mark in marks), default=0.0)
    bottom = max((mark.evidence.box.bottom for mark in marks), default=0.0)
    return max(595.0, right + 20), max(842.0, bottom + 20)


def _box(mark: Mark, *, printed: bool) -> Markup:
    """One piece of evidence; where there is no page image, its print stands in the box."""
    box = _airy(mark.evidence.box)
    text = EMPTY
    if printed:
        size = max(4.0, min(mark.evidence.box.height * 0.75, 14.0))
        text = tag(
            "text",
            mark.evidence.text[:120],
            x=f"{mark.evidence.box.left:g}",
            y=f"{box.bottom - _AIR - size * 0.3:.2f}",
            font_size=f"{size:.1f}",
            textLength=f"{mark.evidence.box.width:.1f}",
            lengthAdjust="spacingAndGlyphs",
        )
    rect = tag(
        "rect", x=f"{box.left:.2f}", y=f"{box.top:.2f}", width=f"{box.width:.2f}", height=f"{box.height:.2f}", rx=2
    )
    return tag(
        "g",
        text,
        rect,
        class_=f"box {mark.evidence.match.value}",
        data_f=mark.number,
        data_label=mark.label,
        tabindex=0,
        role="button",
        aria_label=f"{mark.label}: {mark.evidence.text[:120]} ({mark.evidence.match.value} match)",
    )


def _airy(box: Box) -> Box:
    return Box(box.left - _AIR, box.top - _AIR, max(box.right, box.left) + _AIR, max(box.bottom, box.top) + _AIR)


def _told(facts: PageFacts | None) -> str:
    if facts is None:
        return ""
    words = "" if facts.state is not PageState.READ else f" · {facts.words:,} words · {_SOURCES[facts.source]}"
    state = "" if facts.state is PageState.READ else f" · {facts.state.value}"
    return words + state


def _notes(extraction: Extraction, *, shown: Sequence[int], left_out: Sequence[int]) -> list[Markup]:
    """What is not on the picture, said plainly."""
    notes = []
    if left_out:
        notes.append(f"Evidence on {_pages(left_out)} is not drawn: the report shows {len(shown)} pages a document.")
    quiet = [
        page.number
        for page in extraction.pages
        if page.state is PageState.READ and page.number not in {*shown, *left_out}
    ]
    if quiet:
        notes.append(f"No evidence on {_pages(quiet)}.")
    for state in PageState:
        numbers = [page.number for page in extraction.pages if page.state is state and state is not PageState.READ]
        if numbers:
            notes.append(f"{_pages(numbers).capitalize()}: {state.value}.")
    return [tag("p", note, class_="note") for note in notes]


def _pages(numbers: Sequence[int]) -> str:
    """`pages 1-3, 7`."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ]
    spelled = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)  # noqa: RUF001
    return f"page{'s' if len(numbers) > 1 else ''} {spelled}"
