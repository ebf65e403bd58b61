"""Read one document, window after window; a finished window is never read again. Knows no particular reader."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from pydantic import TypeAdapter

from docproc.domain.document import DocumentState
from docproc.domain.errors import BlobMissingError, DocumentError, LeaseLostError, ReaderUnavailableError
from docproc.domain.failure import Phase
from docproc.domain.page import PageContent, PageState
from docproc.domain.reading import Attachment, Spent, Usage, Window, go_on
from docproc.domain.schema import ExtractionSchema
from docproc.observability import event
from docproc.pipeline.cascade import CASCADE_VERSION, beside, pages_for_model
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.mend_document import MOST_WINDOWS, mended_in_document
from docproc.pipeline.ports import Reader
from docproc.pipeline.steps import read_window
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.bodies import copy_body, get_body, put_body
from docproc.services.canonical import canonical
from docproc.services.job_context import JobContext
from docproc.services.orphans import written_in_vain
from docproc.services.page_images import load_images
from docproc.services.ports import Stores
from docproc.services.questions import asking, question_for
from docproc.services.records import Body, Claim, Document, PreparedPage, StoredReading, WindowClaim
from docproc.services.telling_readings import tell_mended, tell_read, tell_spent
from docproc.services.words import page_of_line

logger = logging.getLogger(__name__)

GROUNDED = TypeAdapter(GroundedReading)


def read(
    claim: Claim,
    document: Document,
    context: JobContext,
    *,
    checkpoint: Callable[[], None] = go_on,
) -> Document:
    """From reading to assembling, or to failed when not one page could be read.

    Args:
        claim: the right to work on the document.
        document: as it stands.
        context: what the job is read with.
        checkpoint: called between windows and by readers that take long; raises to leave the rest for later.

    Raises:
        DocumentError: the document cannot be read at all.
        BlobMissingError: its words are lost.
    """
    stores = context.stores
    pages = stores.pages.pages(document.id)
    first = bool(document.attachments) and not any(page.state is PageState.READ for page in pages)
    desk = _Desk(claim, document, context, first=first, checkpoint=checkpoint)
    if all(page.state is PageState.BLANK for page in pages):
        desk.read(())
    for window in _windows(document, context):
        checkpoint()
        desk.read(window)
        if desk.document.state is not DocumentState.READING:  # a reading spoke for all pages
            return desk.document
    if desk.document.state is DocumentState.READING:
        return _concluded(claim, desk.document, stores)
    return desk.document


def _windows(document: Document, context: JobContext) -> Iterator[Sequence[PreparedPage]]:
    """What waits for the job's reader, and then what that handed to a model, or an earlier attempt did."""
    for is_handed in (False, True):
        pages = context.stores.pages.pages(document.id, states=(PageState.WAITING,))
        waiting = [page for page in pages if (page.facts.reader is not None) is is_handed]
        if is_handed:  # in the windows that they were handed over in, or are to be read in again
            windows: dict[int | None, list[PreparedPage]] = defaultdict(list)
            for page in waiting:
                windows[page.first_page].append(page)
            yield from windows.values()
            return
        together = context.reader.window_pages
        for start in range(0, len(waiting), together):
            yield waiting[start : start + together]


def read_claimed(claim: WindowClaim, context: JobContext, *, checkpoint: Callable[[], None] = go_on) -> Document:
    """The pages of one window, read or failed; what else the document waits for is for others to see.

    Raises as `read` does.
    """
    numbers = [page.facts.number for page in claim.pages]
    document = claim.document
    first = bool(document.attachments) and numbers[0] == context.stores.pages.first_printed(document.id)
    desk = _Desk(claim, claim.document, context, first=first, checkpoint=checkpoint)
    desk.read(claim.pages)
    return desk.document


def _concluded(claim: Claim, document: Document, stores: Stores) -> Document:
    """Nothing waits any more, but the last page was not read: with at least one page read there is a record."""
    if document.pages.read:
        return stores.documents.begin_assembling(claim)
    failed = stores.pages.pages(document.id, states=(PageState.FAILED,))
    failures = [page.failure for page in failed if page.failure is not None]
    return stores.documents.fail(claim, failures[0])


def _is_whole(document: Document, numbers: Sequence[int]) -> bool:
    """No other page of the document has anything on it that can be read."""
    return len(numbers) == document.pages.total - document.pages.blank - document.pages.failed


def _of_mending(reading_key: str) -> str:
    return hashlib.sha256(canonical([reading_key, "mended"])).hexdigest()


class _Desk:
    """One document being read."""

    def __init__(
        self,
        claim: Claim | WindowClaim,
        document: Document,
        context: JobContext,
        *,
        first: bool,
        checkpoint: Callable[[], None],
    ) -> None:
        self.claim = claim
        self.document = document
        self.context = context
        self._checkpoint = checkpoint
        # the attachments speak for the whole document, so they go with its first reading only
        self._first = first
        self._question = question_for(context.schema, document.metadata)
        #: by the page where the next reading begins: answers about more pages at a time that came to nothing
        self._in_vain: dict[int, Spent] = {}
        #: answers of a reading that was left, not metered yet
        self._owed: list[Spent] = []

    def read(self, pages: Sequence[PreparedPage]) -> None:
        """Read these pages together; when that fails, in ever smaller parts, until the page to blame stands alone."""
        began = self.context.clock.monotonic()
        try:
            self._read_window(pages, began=began)
        except DocumentError as error:
            if not pages or isinstance(error, ReaderUnavailableError):
                self._meter(error.spent)
                raise
            self._isolate(pages, error)
        finally:
            while self._owed:
                with suppress(LeaseLostError):  # who has the work now could not tell these answers from its own
                    self._meter(self._owed.pop(0))

    def _isolate(self, pages: Sequence[PreparedPage], error: DocumentError) -> None:
        numbers = [page.facts.number for page in pages]
        guilty = numbers[0] if len(pages) == 1 else error.page
        if guilty not in numbers:
            self._meter(error.spent)
            if (spent := self._with_those_before(error.spent, numbers[0])) is not None:
                self._in_vain[numbers[0]] = replace(spent, usage=Usage(), attempts=0)  # paid, and to be kept
            middle = len(pages) // 2
            self.read(pages[:middle])
            self.read(pages[middle:])
            return
        failure = error.failure(Phase.READ).model_copy(update={"page": guilty})
        spent = self._with_those_before(error.spent, guilty)
        self.document = self.context.stores.pages.fail(self.claim, guilty, failure, spent=spent)
        if error.spent is not None:
            tell_spent(error.spent, self.document.id)
        event(logger, "page_failed", document_id=str(self.document.id), page=guilty, code=failure.code.value)
        rest = [page for page in pages if page.facts.number != guilty]
        if rest:
            self.read(rest)

    def _with_those_before(self, spent: Spent | None, number: int) -> Spent | None:
        """With the answers about more pages at a time, which wait no longer."""
        before = self._in_vain.pop(number, None)
        if before is None or spent is None:
            return before or spent
        return replace(spent, earlier=(*before.earlier, *spent.earlier))

    def _meter(self, spent: Spent | None) -> None:
        if spent is not None:
            self.context.stores.readings.meter(self.claim, spent)
            tell_spent(spent, self.document.id)

    def _read_window(self, pages: Sequence[PreparedPage], *, began: float) -> None:
        numbers = tuple(page.facts.number for page in pages)
        if pages and pages[0].facts.reader is not None and self._read_again(pages, numbers, began=began):
            return
        reader = self.context.reader_of(pages[0]) if pages else self.context.reader
        reading_key = self._reading_key(numbers, reader)
        stored = self._taken_over(reading_key, numbers)
        reused = stored is not None
        if stored is None and (grounded := self._read(pages, reader)) is not None:
            stored = self._stored(grounded, reading_key)
        if stored is not None:
            self._save(stored, reused=reused, began=began)
        self._first = False
        if stored is None or not stored.complete:
            self._hand_over(sorted({*numbers}.difference(stored.pages if stored else ())))

    def _read_again(self, pages: Sequence[PreparedPage], numbers: tuple[int, ...], *, began: float) -> bool:
        """Ask for what fails in the document as a whole; False when these pages were not read before."""
        stores = self.context.stores
        stored = list(islice(stores.readings.of_document(self.document.id), MOST_WINDOWS + 1))
        place = next((place for place, one in enumerate(stored) if {*one.pages}.issuperset(numbers)), None)
        if place is None:
            return False
        reader = self.context.mender(stored[place].reader)
        if reader is None or stored[place].pages != numbers:  # its worker died with it: what was read stands
            self.document = stores.readings.keep(self.claim, numbers)
            return True
        readings = [GROUNDED.validate_json(get_body(stores.blobs, one.body)) for one in stored]
        window = self._window(pages, self.context.reader_of(pages[0]))
        mended = mended_in_document(readings, place, window, self._schema, reader=reader)
        if mended is readings[place]:
            self.document = stores.readings.keep(self.claim, numbers)
            return True
        # of this document alone: what another document of the same bytes comes to may be another answer
        again = self._stored(mended, _of_mending(stored[place].reading_key))
        self._save(again, began=began, again=True)
        before = stored[place].body.blob_key
        if before is not None and before != again.body.blob_key:
            stores.blobs.delete(before)
        return True

    @property
    def _schema(self) -> ExtractionSchema:
        return asking(self.context.schema, self._question)

    def _window(self, pages: Sequence[PreparedPage], reader: Reader) -> Window:
        numbers = tuple(page.facts.number for page in pages)
        return Window(
            pages=self._load(pages),
            attachments=self._attachments() if self._first else (),
            day_first=self.context.job.options.day_first,
            page_count=self.document.page_count or 0,
            is_whole=_is_whole(self.document, numbers),
            images=load_images(self.document, numbers, self.context, spec=reader.image),
            checkpoint=self._checkpoint,
            left=self._owed.append,
        )

    def _read(self, pages: Sequence[PreparedPage], reader: Reader) -> GroundedReading | None:
        """What can stand; the job's own reader leaves pages to the model, if there is one."""
        window, schema = self._window(pages, reader), self._schema
        grounded = read_window(reader, window, schema)
        if self.context.model is not None and reader is not self.context.model:
            taken = pages_for_model(grounded, window, schema)
            left = beside(grounded, taken) if taken else grounded
            if left is None:
                return None
            grounded = left
        return self._kept_with(grounded, window.numbers)

    def _kept_with(self, grounded: GroundedReading, numbers: Sequence[int]) -> GroundedReading:
        """The reading with the answers about more pages at a time, which were told where it begins."""
        before = self._in_vain.pop(min(numbers, default=0), None)
        return grounded if before is None else replace(grounded, earlier=(*before.earlier, *grounded.earlier))

    def _save(self, stored: StoredReading, *, began: float, reused: bool = False, again: bool = False) -> None:
        stores = self.context.stores
        with written_in_vain(stores.blobs, [stored.body.blob_key]):
            before, seconds = self.document, self.context.clock.monotonic() - began
            self.document = stores.readings.save(self.claim, stored, seconds=seconds, again=again)
        if again:
            tell_mended(stored, self.document.id)
        else:
            tell_read(stored, before, self.document, reused=reused)

    def _hand_over(self, numbers: Sequence[int]) -> None:
        """Let the model read these pages, as many together as it takes."""
        model = self.context.model
        if model is None or not numbers:
            return
        heads = {number: numbers[place - place % model.window_pages] for place, number in enumerate(numbers)}
        self.document = self.context.stores.pages.hand_over(
            self.claim, heads, reader=model.name, queue=self.context.model_queue
        )
        event(logger, "pages_handed_over", document_id=str(self.document.id), pages=len(numbers), reader=model.name)

    def _reading_key(self, numbers: Sequence[int], reader: Reader) -> str:
        """Names everything that a reading depends on; by the preparation also docproc itself, which grounds it."""
        context = self.context
        leaves_pages = context.model is not None and reader is not context.model
        facts = [
            self.document.original.sha256,
            context.preparation_fingerprint,
            context.job.schema.sha256,
            [reader.name, reader.version, *([CASCADE_VERSION] if leaves_pages else [])],
            context.job.options.day_first,
            [*numbers],
            self._first,
            _is_whole(self.document, numbers),
            *([self._question] if self._question else []),
        ]
        return hashlib.sha256(canonical(facts)).hexdigest()

    def _blob_key(self, numbers: Sequence[int]) -> str:
        first = numbers[0] if numbers else 0
        # pages count their attempts from one again once their document was prepared again
        marks = (self.claim.document.attempt, self.claim.attempt, first)
        return document_key(self.document.tenant, BlobKind.READING, self.document.id, *marks)

    def _taken_over(self, reading_key: str, numbers: Sequence[int]) -> StoredReading | None:
        if not self.context.takes_over:
            return None
        stores = self.context.stores
        found = stores.readings.find(reading_key, tenant=self.document.tenant)
        if found is None:
            return None
        try:
            body = self._body_taken_over(found.body, numbers)
        except BlobMissingError:  # deleted meanwhile
            return None
        return StoredReading(
            reading_key=reading_key,
            reader=found.reader,
            reader_version=found.reader_version,
            pages=found.pages,
            complete=found.complete,
            body=body,
        )

    def _body_taken_over(self, body: Body, numbers: Sequence[int]) -> Body:
        """A copy, with what was answered in vain about this document's pages. Raises BlobMissingError."""
        blobs, key = self.context.stores.blobs, self._blob_key(numbers)
        if min(numbers, default=0) not in self._in_vain:
            return copy_body(blobs, body, key=key)
        found = GROUNDED.validate_json(get_body(blobs, body))
        own = self._kept_with(replace(found, earlier=()), numbers).earlier
        # a reading that is taken over again and again must not grow
        grounded = replace(
            found, earlier=(*(attempt for attempt in own if attempt not in found.earlier), *found.earlier)
        )
        return put_body(blobs, key, GROUNDED.dump_json(grounded))

    def _stored(self, grounded: GroundedReading, reading_key: str) -> StoredReading:
        body = put_body(self.context.stores.blobs, self._blob_key(grounded.pages), GROUNDED.dump_json(grounded))
        return StoredReading(
            reading_key=reading_key,
            reader=grounded.reader,
            reader_version=grounded.reader_version,
            pages=grounded.pages,
            complete=grounded.complete,
            body=body,
            usage=grounded.usage,
        )

    def _load(self, pages: Sequence[PreparedPage]) -> tuple[PageContent, ...]:
        """The pages' words, in one read: neighbours lie side by side in the blob."""
        if not pages:
            return ()
        start = pages[0].offset
        content = memoryview(self._words(start, pages[-1].offset + pages[-1].length - start))
        spans = ((page.offset - start, page.offset - start + page.length) for page in pages)
        return tuple(page_of_line(bytes(content[begin:end])) for begin, end in spans)

    def _attachments(self) -> tuple[Attachment, ...]:
        return tuple(
            Attachment(name=place.name, content=self._words(place.offset, place.length))
            for place in self.document.attachments
        )

    def _words(self, offset: int, length: int) -> bytes:
        if self.document.words_key is None:
            raise BlobMissingError
        return self.context.stores.blobs.read(self.document.words_key, offset=offset, length=length)
