"""Take one document apart: its pages with their facts, its words into one blob. Knows no reader."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from docproc.domain.errors import BlobMissingError, ChangedError, UnreadableError
from docproc.domain.failure import Failure
from docproc.domain.page import PageState
from docproc.domain.reading import go_on
from docproc.pipeline.ports import SourceDocument
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.job_context import Accept, JobContext
from docproc.services.originals import look_at
from docproc.services.orphans import written_in_vain
from docproc.services.page_images import draw_missing
from docproc.services.pages_in_turn import pages_in_turn
from docproc.services.records import Claim, Document, Original, Preparation, PreparedPage
from docproc.services.words import WordSpill


def prepare(
    claim: Claim, document: Document, context: JobContext, *, checkpoint: Callable[[], None] = go_on
) -> Document:
    """From preparing to reading, or to failed when not one page can be had.

    Raises DocumentError when the document cannot be opened, and what `checkpoint` raises, which is called at each page
    and while one takes long.
    """
    stores = context.stores
    if document.words_key is not None:
        if context.image is not None:
            _draw_again(claim, document, context, checkpoint)
        return stores.documents.keep_preparation(claim)
    began = context.clock.monotonic()
    forget_earlier_attempts(claim, context)
    original = _settled(claim, document.original, context)
    preparation = _taken_over(claim, original, context) or _taken_apart(claim, original, context, checkpoint)
    pages = _drawn(document, original, preparation.pages, context, checkpoint)
    preparation = replace(preparation, pages=in_windows(pages, window_pages=context.reader.window_pages))
    with written_in_vain(stores.blobs, [preparation.words_key]):
        prepared = stores.pages.save_preparation(claim, preparation, seconds=context.clock.monotonic() - began)
    failures = [page.failure for page in preparation.pages if page.failure is not None]
    # a claim for this step alone has ended with it, and how the document ends is the next step's to say
    if failures and len(failures) == len(preparation.pages) and not claim.one_step:
        return stores.documents.fail(claim, failures[0])
    return prepared


def forget_earlier_attempts(claim: Claim, context: JobContext) -> None:
    """Delete the words of attempts that died before they could say where they put them."""
    for attempt in range(1, claim.attempt):
        context.stores.blobs.delete(_words_key(claim, attempt))


def _words_key(claim: Claim, attempt: int) -> str:
    return document_key(claim.document.tenant, BlobKind.WORDS, claim.document.id, attempt)


def _settled(claim: Claim, original: Original, context: JobContext) -> Original:
    """The original with all its facts; a file that intake refused at first is looked at again."""
    if original.sha256 is not None:
        return original
    if original.container is not None:
        raise UnreadableError(
            "it was refused when the container that holds it was unpacked: submit the container again"
        )
    # the path is one of whoever submitted, and a worker may have another file there; what was sent has none at all
    if context.job.queue is not None or not Path(original.path).is_absolute():
        raise UnreadableError("the file was refused when it was submitted and no copy was kept: submit it again")
    found = look_at(Path(original.path), context.accept)
    context.stores.documents.set_original(claim, found)
    return found


def _taken_over(claim: Claim, original: Original, context: JobContext) -> Preparation | None:
    """What another document made of the same bytes, copied so that each can be deleted alone."""
    if not context.takes_over or original.sha256 is None:
        return None
    stores = context.stores
    found = stores.pages.find_prepared(
        tenant=claim.document.tenant, sha256=original.sha256, fingerprint=context.preparation_fingerprint
    )
    if found is None:
        return None
    key = _words_key(claim, claim.attempt)
    try:
        stores.blobs.put(key, stores.blobs.stream(found.words_key))
    except BlobMissingError:  # deleted meanwhile
        return None
    return replace(found, words_key=key)


def _taken_apart(claim: Claim, original: Original, context: JobContext, checkpoint: Callable[[], None]) -> Preparation:
    if original.media_type is None:
        raise UnreadableError
    with _bytes_of(original, context) as path:
        document = SourceDocument(
            path=path,
            media_type=original.media_type,
            passwords=context.to_open(),
            pages=context.job.options.pages,
            checkpoint=checkpoint,
        )
        with closing(context.source.open(document)) as opened:
            spill = WordSpill()
            pages = pages_in_turn(context.source, document, opened)
            key = _words_key(claim, claim.attempt)
            context.stores.blobs.put(key, spill.lines(opened.outline.attachments, pages))
            return Preparation(
                fingerprint=context.preparation_fingerprint,
                page_count=opened.outline.page_count,
                words_key=key,
                attachments=tuple(spill.attachments),
                pages=tuple(spill.pages),
            )


def in_windows(pages: Sequence[PreparedPage], *, window_pages: int) -> tuple[PreparedPage, ...]:
    """The pages with the window that each is read in: as many together as the reader takes."""
    waiting = [page.facts.number for page in pages if page.state is PageState.WAITING]
    heads = {number: waiting[place - place % window_pages] for place, number in enumerate(waiting)}
    return tuple(replace(page, first_page=heads.get(page.facts.number)) for page in pages)


def _drawn(
    document: Document,
    original: Original,
    pages: Sequence[PreparedPage],
    context: JobContext,
    checkpoint: Callable[[], None],
) -> Sequence[PreparedPage]:
    """The pages, with those failed that the reader would have to look at and that cannot be drawn."""
    if context.reader.image is None:
        return pages
    with _bytes_of(original, context) as path:
        failures = draw_missing(document, original, pages, context, path=path, checkpoint=checkpoint)
    return [_failed(page, failures.get(page.facts.number)) for page in pages]


def _failed(page: PreparedPage, failure: Failure | None) -> PreparedPage:
    if failure is None:
        return page
    return replace(page, facts=page.facts.model_copy(update={"state": PageState.FAILED}), failure=failure)


def _draw_again(claim: Claim, document: Document, context: JobContext, checkpoint: Callable[[], None]) -> None:
    """What is missing of the images that pages still wait for."""
    pages = context.stores.pages.pages(document.id)
    with _bytes_of(document.original, context) as path:
        failures = draw_missing(document, document.original, pages, context, path=path, checkpoint=checkpoint)
    for number, failure in failures.items():
        context.stores.pages.fail(claim, number, failure)


@contextmanager
def _bytes_of(original: Original, context: JobContext) -> Iterator[Path]:
    """The file to read: the kept copy, or the file itself if its bytes are still those that were submitted."""
    if original.blob_key is None:
        if context.job.queue is not None:
            raise UnreadableError("no copy of the file was kept for the workers: submit it again")
        path = Path(original.path)
        require_unchanged(path, original, context.accept)
        yield path
        return
    try:
        with context.stores.blobs.as_file(original.blob_key) as path:
            yield path
    except BlobMissingError as exc:
        raise UnreadableError("the kept original is gone from the data folder") from exc


def require_unchanged(path: Path, original: Original, accept: Accept) -> None:
    """Raises ChangedError or UnreadableError. Size and time tell quickly; when they differ the bytes decide."""
    try:
        stat = path.stat()
    except OSError as exc:
        raise UnreadableError(f"the file cannot be opened any more: {exc.strerror}") from exc
    if (stat.st_size, stat.st_mtime_ns) == (original.byte_count, original.modified_ns):
        return
    if accept(path).sha256 != original.sha256:
        raise ChangedError
