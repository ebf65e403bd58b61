"""Make one document's extraction of its readings: merged, concluded, stored. Knows no reader and no export."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from docproc.domain.document import DocumentState
from docproc.domain.extraction import Extraction, ExtractionStatus, PageFacts, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.reading import MOST_ATTEMPTS, Attempt, Route, go_on
from docproc.pipeline.conclude import conclude
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.mend_document import MOST_WINDOWS, findings_by_reading
from docproc.pipeline.merge import merge
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.bodies import get_body, put_body
from docproc.services.contract import document_facts
from docproc.services.job_context import JobContext
from docproc.services.orphans import written_in_vain
from docproc.services.read import GROUNDED
from docproc.services.records import Claim, Document, PreparedPage, StoredExtraction
from docproc.services.tables import TableSpill

_STATES = {
    ExtractionStatus.SUCCEEDED: DocumentState.SUCCEEDED,
    ExtractionStatus.NEEDS_REVIEW: DocumentState.NEEDS_REVIEW,
}


def assemble(
    claim: Claim, document: Document, context: JobContext, *, checkpoint: Callable[[], None] = go_on
) -> Document:
    """From assembling to succeeded or needs_review, or back to reading where a window is to be asked again.

    Raises BlobMissingError when a reading is lost, and what `checkpoint` raises, which is called before each reading
    and before anything is written.
    """
    began = context.clock.monotonic()
    stores = context.stores
    pages = stores.pages.pages(document.id, attempts_of=MOST_ATTEMPTS)
    if again := _to_read_again(document, context, checkpoint=checkpoint):
        return stores.readings.reopen(claim, again)
    told = _Told()
    with TableSpill() as spill:
        readings = _readings(document, context, told=told, checkpoint=checkpoint)
        merged = merge(readings, context.schema, spill=spill)
        checkpoint()
        conclusion = conclude(merged, context.schema, pages=[(page.facts.number, page.state) for page in pages])
        checkpoint()
        tables = spill.store(stores.blobs, claim)
    seconds = context.clock.monotonic() - began
    extraction = Extraction(
        job_id=document.job_id,
        document_id=document.id,
        file=document.file,
        external_id=document.external_id,
        metadata=dict(document.metadata),
        document=document_facts(document),
        extraction_schema=context.schema.label,
        reader=conclusion.reader,
        status=conclusion.status,
        record=record_of(conclusion.fields) if tables else conclusion.record,
        fields=conclusion.fields,
        pages=tuple(told.shown(page.facts) for page in pages),
        issues=(*conclusion.issues, *_skipped(document, pages), *told.left_out()),
        seconds=round(document.seconds + seconds, 4),
    )
    key = document_key(document.tenant, BlobKind.EXTRACTION, document.id, claim.attempt)
    body = put_body(stores.blobs, key, extraction.model_dump_json().encode())
    stored = StoredExtraction(state=_STATES[conclusion.status], body=body, tables=tables)
    with written_in_vain(stores.blobs, [body.blob_key, *(table.blob_key for table in tables)]):
        return stores.extractions.save(claim, stored, seconds=seconds)


def _to_read_again(
    document: Document, context: JobContext, *, checkpoint: Callable[[], None]
) -> Sequence[Sequence[int]]:
    """Pages, window by window, whose values fail in the document as a whole and that can be asked for again."""
    if context.mender(context.reader.name) is None and context.model is None:
        return ()
    readings = list(islice(_readings(document, context, told=_Told(), checkpoint=checkpoint), MOST_WINDOWS + 1))
    found = findings_by_reading(readings, context.schema, can_mend=lambda name: context.mender(name) is not None)
    return [readings[place].pages for place in found]


def _readings(
    document: Document, context: JobContext, *, told: "_Told", checkpoint: Callable[[], None]
) -> Iterator[GroundedReading]:
    """Loaded one at a time, as they are merged; what they tell of their pages is written down on the way."""
    stores = context.stores
    for stored in stores.readings.of_document(document.id):
        checkpoint()
        reading = GROUNDED.validate_json(get_body(stores.blobs, stored.body))
        told.take(reading)
        yield reading


class _Told:
    """What readings tell of pages: what models were shown of them, and answered before what stands."""

    def __init__(self) -> None:
        self._routes: dict[int, Route] = {}
        self._attempts: dict[int, tuple[Attempt, ...]] = {}
        self._room = MOST_ATTEMPTS
        self._left_out = 0

    def take(self, reading: GroundedReading) -> None:
        self._routes.update(reading.routes)
        if reading.earlier and reading.pages:
            self._attempts[reading.pages[0]] = self._kept(reading.earlier)

    def shown(self, facts: PageFacts) -> PageFacts:
        """A page's facts with that; a page that failed has its own."""
        own = self._attempts.get(facts.number)
        told = {
            "route": self._routes.get(facts.number, facts.route),
            "attempts": self._kept(facts.attempts) if own is None else own,
        }
        return facts.model_copy(update=told)

    def left_out(self) -> tuple[Issue, ...]:
        """Said once all pages were shown."""
        if not self._left_out:
            return ()
        message = f"{self._left_out} answers of a model that do not stand are not kept with the pages."
        return (Issue(code=IssueCode.TRUNCATED, severity=Severity.INFO, message=message),)

    def _kept(self, attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        kept = attempts[: self._room]
        self._room -= len(kept)
        self._left_out += len(attempts) - len(kept)
        return kept


def _skipped(document: Document, pages: Sequence[PreparedPage]) -> tuple[Issue, ...]:
    """Said when only some pages were asked for: what is on the others is not in the record."""
    skipped = (document.page_count or 0) - len(pages)
    if skipped <= 0:
        return ()
    message = f"{skipped} of {document.page_count} pages were not asked for and not read."
    return (Issue(code=IssueCode.PAGES_SKIPPED, severity=Severity.INFO, message=message),)
