"""Log records as lines: JSON for machines, text for terminals. Lets through what docproc says, and masks the rest.

Other packages write whatever they like into a message, also what stood in a document. Of theirs only the constant text
and numbers are kept, and of an error only its type and its frames.
"""

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

from docproc.observability.events import facts_bound

#: whose messages are taken as they are; any other package's are masked
OWN = ("docproc", "workers", "schemas")
#: packages that carry ids and addresses and never see a page: what they say without arguments is shown
_CARRIERS = (
    "amqp", "billiard", "boto3", "botocore", "celery", "kombu", "multiprocessing", "psycopg", "redis", "s3transfer",
    "urllib3",
)  # fmt: skip
_MAX_FRAMES = 20
#: how Python writes a warning; what follows is its text
_WARNING = re.compile(r"(?P<place>[^\n]*?:\d+): (?P<kind>\w+): ")
#: what every record has; anything else was given with the event
_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the facts."""

    def __init__(self, *, worker: str = "") -> None:
        super().__init__()
        self._worker = {"worker": worker} if worker else {}

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **facts_of(record),
            **self._worker,
            "pid": record.process,
        }
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """`12:00:01 WARNING lease lost action=lease_lost job_id=... attempt=2`."""

    def format(self, record: logging.LogRecord) -> str:
        """The event with its facts in the order given."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        facts = [f"{key}={value}" for key, value in facts_of(record).items()]
        return " ".join([time, record.levelname, *message_of(record).split(), *facts])


def facts_of(record: logging.LogRecord) -> Mapping[str, object]:
    """What was given with an event, and of an error its type and where it came from; nothing of other packages' own."""
    facts: dict[str, object] = {}
    if is_own(record):
        facts = {key: _plain(value) for key, value in vars(record).items() if key not in _RECORD}
    else:
        facts |= facts_bound()
    if record.exc_info:
        kind, _, trace = record.exc_info
        if kind is not None:
            facts |= {"error": kind.__name__, "frames": frames_of(trace)}
    return facts


def message_of(record: logging.LogRecord) -> str:
    """The message, without what another package put into it."""
    if is_own(record):
        return record.getMessage()
    if record.name == "py.warnings":
        warned = _WARNING.match(record.getMessage())
        return f"{warned['kind']} at {warned['place']}" if warned else "<withheld>"
    if not isinstance(record.msg, str):
        return f"<{type(record.msg).__name__}>"
    if not record.args:
        return record.msg if _is_of(record.name, _CARRIERS) else "<withheld>"
    masked = (
        {key: _masked(value) for key, value in record.args.items()}
        if isinstance(record.args, Mapping)
        else tuple(_masked(value) for value in record.args)
    )
    try:
        return record.msg % masked
    except (TypeError, ValueError, KeyError):  # a number was to be shown where the mask stands
        return record.msg


def frames_of(trace: TracebackType | None) -> list[str]:
    """Where an error came from, the innermost last: files, lines and names, never what was in them."""
    found = traceback.extract_tb(trace)[-_MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]


def is_own(record: logging.LogRecord) -> bool:
    """Did docproc say it?"""
    return _is_of(record.name, OWN)


def _is_of(name: str, packages: tuple[str, ...]) -> bool:
    return name.partition(".")[0] in packages


class _Mask:
    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __repr__(self) -> str:
        return f"<{self._kind}>"


def _masked(value: object) -> object:
    return value if isinstance(value, int | float) else _Mask(type(value).__name__)


def _plain(value: object) -> object:
    """Facts are plain; what is not is named by its type only."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return f"<{type(value).__name__}>"
