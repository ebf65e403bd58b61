"""Page images for readers that look at pages: drawn where documents are parsed, loaded where pages are read.

So a worker that reads never parses a file. An image is named by everything that it depends on, is shared by documents
of the same bytes, expires, and is drawn again when it is gone.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from docproc.domain.errors import BlobMissingError, DocumentError, ImageMissingError
from docproc.domain.failure import Failure, Phase
from docproc.domain.image import PageImageSpec
from docproc.observability import event
from docproc.pipeline.ports import SourceDocument
from docproc.services.blob_keys import image_key, image_prefix
from docproc.services.canonical import canonical
from docproc.services.job_context import JobContext
from docproc.services.records import OPEN_PAGE_STATES, Document, Original, PreparedPage

logger = logging.getLogger(__name__)


def draw_missing(
    document: Document,
    original: Original,
    pages: Sequence[PreparedPage],
    context: JobContext,
    *,
    path: Path,
    checkpoint: Callable[[], None],
) -> Mapping[int, Failure]:
    """Draw the images of open pages that are not there yet; failures of pages that cannot be drawn, by number.

    Raises DocumentError when the document as a whole is to blame, and what `checkpoint` raises.
    """
    spec = context.image
    if spec is None or original.sha256 is None or original.media_type is None:
        return {}
    blobs, tenant = context.stores.blobs, document.tenant
    there = frozenset(blobs.keys(image_prefix(tenant, original.sha256)))
    keys = {
        page.facts.number: _key(document, original, page.facts.number, spec, context)
        for page in pages
        if page.state in OPEN_PAGE_STATES and context.reader_of(page).image is not None
    }
    left = [number for number, key in keys.items() if key not in there]
    rotations = {page.facts.number: page.facts.rotation for page in pages if page.facts.rotation}
    if not left:
        return {}
    source = SourceDocument(
        path=path, media_type=original.media_type, passwords=context.to_open(), checkpoint=checkpoint
    )
    failures: dict[int, Failure] = {}
    while left:
        try:
            for number, png in context.source.pngs(source, spec, left, rotations=rotations):
                blobs.put(keys[number], [png])
                event(logger, "page_drawn", page=number, byte_count=len(png))
                left = [other for other in left if other > number]
            break
        except DocumentError as error:
            if error.page is None or error.page not in left:
                raise
            failures[error.page] = error.failure(Phase.PREPARE)
            left = [other for other in left if other > error.page]
    return failures


def load_images(
    document: Document, numbers: Sequence[int], context: JobContext, *, spec: PageImageSpec | None
) -> Mapping[int, bytes]:
    """PNG files by page number; none for a reader that does without. Raises ImageMissingError."""
    if spec is None:
        return {}
    try:
        return {
            number: context.stores.blobs.read(_key(document, document.original, number, spec, context))
            for number in numbers
        }
    except BlobMissingError as exc:
        raise ImageMissingError from exc


def _key(document: Document, original: Original, number: int, spec: PageImageSpec, context: JobContext) -> str:
    facts = [type(spec).__name__, asdict(spec), context.source_version]
    mark = hashlib.sha256(canonical(facts)).hexdigest()[:16]
    return image_key(document.tenant, original.sha256 or "", number, mark)
