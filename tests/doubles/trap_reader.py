"""A reader that does what the first word of a page tells it to, in the worker process: also what no reader should."""

import os
import time
from pathlib import Path

from docproc.domain.image import PageImageSpec
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema, JsonValue

#: each page that is begun, a line each, in the folder that the worker runs in
READS = "reads.log"


class TrapReader:
    """`!die` ends the process, `!wait` waits at its checkpoint for ever.

    `!nap` sleeps three seconds and is deaf, `!hang` does so for ever.
    """

    name = "trap"
    version = "1"
    window_pages = 1
    image: PageImageSpec | None = None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:  # noqa: ARG002 the port's signature
        rows: list[JsonValue] = []
        for page in window.pages:
            words = [word.text for word in page.words]
            with Path(READS).open("a") as reads:
                reads.write(f"{' '.join(words)}\n")
            self._obey(words[0], window)
            rows.append({"key": f"page {page.number}", "value": " ".join(words)})
        return Reading(reader=self.name, reader_version=self.version, record={"pairs": rows})

    def _obey(self, word: str, window: Window) -> None:
        if word == "!die":
            os._exit(9)
        if word == "!nap":
            time.sleep(3)
        while word == "!hang":
            time.sleep(0.1)
        while word == "!wait":
            window.checkpoint()
            time.sleep(0.02)


class WindowTrapReader(TrapReader):
    """Reads four pages together."""

    name = "trap4"
    window_pages = 4
