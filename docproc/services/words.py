"""Pages of a document as one stream of JSON lines, and back; knows no store."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic_core import from_json, to_json

from docproc.domain.errors import BlobMissingError
from docproc.domain.extraction import PageFacts
from docproc.domain.failure import Phase
from docproc.domain.geometry import Box
from docproc.domain.page import FormField, FormFieldKind, PageContent, PageState, TextSource, Word
from docproc.domain.reading import Attachment
from docproc.services.names import readable
from docproc.services.pages_in_turn import PageOutcome
from docproc.services.records import AttachmentPlace, PreparedPage
from docproc.tiling import tile_grid


class WordSpill:
    """Turns attachments and pages into bytes as they come, and remembers the place of each."""

    def __init__(self) -> None:
        self.attachments: list[AttachmentPlace] = []
        self.pages: list[PreparedPage] = []
        self._offset = 0

    def lines(self, attachments: Iterable[Attachment], pages: Iterable[PageOutcome]) -> Iterator[bytes]:
        for attachment in attachments:
            length = len(attachment.content)
            place = AttachmentPlace(name=readable(attachment.name), offset=self._offset, length=length)
            self.attachments.append(place)
            self._offset += length
            yield attachment.content
        for page in pages:
            if isinstance(page, PageContent):
                line = page_line(page)
                self.pages.append(_prepared(page, offset=self._offset, length=len(line)))
                self._offset += len(line)
                yield line
            else:
                facts = PageFacts(number=page.page or 0, state=PageState.FAILED)
                self.pages.append(PreparedPage(facts=facts, failure=page.failure(Phase.PREPARE)))


def _prepared(page: PageContent, *, offset: int, length: int) -> PreparedPage:
    state = PageState.BLANK if page.blank else PageState.WAITING
    grid = tile_grid(page.width, page.height) if page.width > 0 and page.height > 0 else None
    facts = PageFacts(
        number=page.number,
        state=state,
        width=page.width,
        height=page.height,
        rotation=page.rotation,
        words=len(page.words),
        source=page.source,
        grid=grid,
    )
    return PreparedPage(facts=facts, ink=page.ink, offset=offset, length=length)


def page_line(page: PageContent) -> bytes:
    """One page as a line: arrays, for names repeated at every word would be most of it."""
    fields = [[field.name, field.label, field.kind, field.value, field.box] for field in page.form_fields]
    values = [
        page.number,
        page.width,
        page.height,
        page.rotation,
        page.source,
        page.ink,
        page.blank,
        fields,
        page.words,
    ]
    return to_json(values) + b"\n"


def page_of_line(line: bytes) -> PageContent:
    """Raises BlobMissingError for a line that is damaged."""
    try:
        number, width, height, rotation, source, ink, blank, fields, words = from_json(line)
        return PageContent(
            number=number,
            width=width,
            height=height,
            rotation=rotation,
            source=TextSource(source),
            words=tuple(Word(*word) for word in words),
            form_fields=tuple(_field_of(*field) for field in fields),
            ink=ink,
            blank=blank,
        )
    except (ValueError, TypeError) as exc:
        raise BlobMissingError("the stored words of a page are damaged") from exc


def _field_of(name: str, label: str, kind: str, value: str, box: Sequence[float]) -> FormField:
    return FormField(name=name, label=label, kind=FormFieldKind(kind), value=value, box=Box(*box))
