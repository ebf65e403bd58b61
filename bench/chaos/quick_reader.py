"""A reader that takes a few milliseconds a page and always says the same of it. Knows no model."""

import time

from docproc.domain.image import PageImageSpec
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema

#: long enough that a kill often meets a page that is being read
_SECONDS_A_PAGE = 0.01


class QuickReader:
    """Each page becomes one row: the number of the page and the words that it begins with."""

    name = "quick"
    version = "1"
    window_pages = 1
    image: PageImageSpec | None = None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:  # noqa: ARG002 the port's signature
        """One row for each page of the window."""
        rows = []
        for page in window.pages:
            window.checkpoint()
            time.sleep(_SECONDS_A_PAGE)
            rows.append({"key": f"page {page.number}", "value": " ".join(word.text for word in page.words[:6])})
        return Reading(reader=self.name, reader_version=self.version, record={"pairs": rows})
