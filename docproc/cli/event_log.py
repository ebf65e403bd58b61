"""Log events of a command on standard error: text for a person, JSON where the settings ask for it."""

import logging
from typing import TextIO

from docproc.observability.lines import TextFormatter
from docproc.observability.logs import formatter, hush_imports


class _AsSet(logging.Formatter):
    """Looks into the settings with the first line: most commands never log, and a wrong setting is theirs to tell."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._chosen: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._chosen is None:
            self._chosen = TextFormatter()  # also for what is logged while the settings are read
            self._chosen = self._choice()
        return self._chosen.format(record)

    def _choice(self) -> logging.Formatter:
        from docproc.bootstrap import load_settings
        from docproc.domain.errors import UsageError

        try:
            form = load_settings().log_format
        except UsageError:
            return TextFormatter()
        return formatter(self._stream, form="text" if form == "auto" else form)


def event_handler(stream: TextIO) -> logging.Handler:
    """A handler that writes events to `stream`, where other packages say only what matters."""
    hush_imports()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_AsSet(stream))
    return handler
