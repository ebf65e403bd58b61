"""Log events on a terminal: constant text, then what the event is about as key=value. Never a field value."""

import logging
from typing import TextIO

#: what every record has; anything else was given with the event
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class EventFormatter(logging.Formatter):
    """`12:00:01 WARNING lease lost job_id=... attempt=2`."""

    def format(self, record: logging.LogRecord) -> str:
        """The event with its facts in the order given."""
        facts = {key: value for key, value in vars(record).items() if key not in _OWN}
        return " ".join([super().format(record), *(f"{key}={value}" for key, value in facts.items())])


def event_handler(stream: TextIO) -> logging.Handler:
    """A handler that writes events to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EventFormatter("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"))
    return handler
