"""The extractions of a job in submit order, one a document; knows no format that they are written in."""

from collections.abc import Iterator
from uuid import UUID

from docproc.domain.extraction import Extraction, FieldTree
from docproc.domain.reading import MOST_ATTEMPTS
from docproc.domain.states import FINAL_DOCUMENT_STATES
from docproc.exports.export_item import ExportItem
from docproc.services.bodies import get_body
from docproc.services.contract import line_without_record
from docproc.services.ports import BlobStore, Stores
from docproc.services.records import LOCAL_TENANT, Document, StoredExtraction
from docproc.services.tables import lines_of, rows_of_lines

#: few, for each may bring a body of a quarter of a megabyte
_BATCH = 64


def collect(stores: Stores, job_id: UUID, *, tenant: str = LOCAL_TENANT) -> Iterator[ExportItem]:
    """Every document that has ended, failed and canceled ones too; those still open are left out.

    Raises NotFoundError.
    """
    schema = stores.jobs.get(job_id, tenant=tenant).schema.label
    after = -1
    while documents := stores.documents.page_through(job_id, after=after, limit=_BATCH):
        ended = [document for document in documents if document.state in FINAL_DOCUMENT_STATES]
        found = stores.extractions.latest([document.id for document in ended])
        for document in ended:
            yield export_item(document, found.get(document.id), schema=schema, stores=stores)
        after = documents[-1].position


def export_item(document: Document, stored: StoredExtraction | None, *, schema: str, stores: Stores) -> ExportItem:
    if stored is None:
        pages = stores.pages.pages(document.id, attempts_of=MOST_ATTEMPTS) if document.pages.total else ()
        facts = tuple(page.facts for page in pages)
        return ExportItem(extraction=line_without_record(document, schema=schema, pages=facts))
    extraction = Extraction.model_validate_json(get_body(stores.blobs, stored.body))
    tables = {table.path: _Spilled(stores.blobs, table.blob_key) for table in stored.tables}
    lines = {path: table.lines for path, table in tables.items()}
    return ExportItem(extraction=extraction, tables=tables, lines=lines)


class _Spilled:
    """Opens the rows of a spilled table, as often as asked."""

    def __init__(self, blobs: BlobStore, key: str) -> None:
        self._blobs = blobs
        self._key = key

    def __call__(self) -> Iterator[dict[str, FieldTree]]:
        return rows_of_lines(self._blobs.stream(self._key))

    def lines(self) -> Iterator[bytes]:
        return lines_of(self._blobs.stream(self._key))
