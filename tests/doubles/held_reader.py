"""A reader of somebody's own that holds something, as one with a model does. Knows whether it was closed."""

import threading

from docproc.readers.layout.reader import LayoutReader


class HeldReader(LayoutReader):
    """Reads as `layout` does."""

    closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class LateReader(HeldReader):
    """One that cannot be made the first time."""

    made = 0

    def __init__(self) -> None:
        LateReader.made += 1
        if LateReader.made == 1:
            raise RuntimeError("no room on the device")
        super().__init__()
