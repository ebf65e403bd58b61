"""The way of a document on one screen, in memory: pages, windows, readings, what is asked again, merge, rules."""

from docproc.domain.page import PageState
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.conclude import Conclusion, conclude
from docproc.pipeline.mend_document import mended_document
from docproc.pipeline.merge import merge
from docproc.pipeline.ports import PageSource, Reader, SourceDocument
from docproc.pipeline.steps import WindowFrame, cut_windows, read_windows


def extract(
    document: SourceDocument,
    schema: ExtractionSchema,
    *,
    source: PageSource,
    reader: Reader,
    day_first: bool | None = None,
) -> Conclusion:
    """Extract one document; the service runs the same steps as separate durable tasks.

    Raises DocumentError when the document cannot be read.
    """
    opened = source.open(document)
    try:
        frame = WindowFrame(
            attachments=opened.outline.attachments, day_first=day_first, page_count=opened.outline.page_count
        )
        pages = list(opened)
    finally:
        opened.close()
    windows = list(cut_windows(pages, frame, window_pages=reader.window_pages))
    readings = mended_document(list(read_windows(reader, windows, schema)), windows, schema, reader=reader)
    states = [(page.number, PageState.BLANK if page.blank else PageState.READ) for page in pages]
    return conclude(merge(readings, schema), schema, pages=states)
