"""A reader that tells everybody what it reads, as no reader should: into logs, warnings and errors."""

import logging
import warnings

from docproc.domain.errors import CorruptError
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from doubles.trap_reader import TrapReader

logger = logging.getLogger(__name__)


class TellingReader(TrapReader):
    """`!raise` raises what docproc does not know, `!refuse` what it does."""

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        for page in window.pages:
            words = [word.text for word in page.words]
            text = " ".join(words)
            logger.warning("read %s on page %d", text, page.number)
            logger.error(f"read {text}")  # noqa: G004
            warnings.warn(f"read {text}", stacklevel=1)
            if words[0] == "!refuse":
                raise CorruptError(f"cannot read {text}")
            if words[0] == "!raise":
                raise RuntimeError(f"cannot read {text}") from ValueError(text)
        return super().read(window, schema)
