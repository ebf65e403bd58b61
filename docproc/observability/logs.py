"""Sets logging up for one process: docproc's events at a level, other packages at WARNING, in one kind of lines."""

import logging
import sys
import threading
from types import TracebackType
from typing import Literal, TextIO, TypeAlias

from docproc.observability.events import event
from docproc.observability.lines import OWN, JsonFormatter, TextFormatter

logger = logging.getLogger(__name__)

#: auto: text on a terminal, JSON elsewhere
LogFormat: TypeAlias = Literal["auto", "json", "text"]
LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
#: what these warn of while they are imported concerns who builds them: kernels that some GPUs lack, enumerations
_OF_IMPORTS = ("torchao", "torch.utils._pytree")


def begin_logs(stream: TextIO, *, level: LogLevel = "INFO", form: LogFormat = "auto", worker: str = "") -> None:
    """From now on this process writes to `stream`, in place of what was set up before.

    Also an error that nobody catches becomes a line: what the interpreter would print holds the error's text.
    """
    output = logging.StreamHandler(stream)
    output.setFormatter(formatter(stream, form=form, worker=worker))
    output.addFilter(_AtLeast(logging.getLevelNamesMapping()[level]))
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(output)
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    hush_imports()
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a line that cannot be written is not worth a traceback with its arguments
    sys.excepthook = _tell_crash
    threading.excepthook = _tell_crash_of_thread


def hush_imports() -> None:
    """Nothing but errors from packages that warn while they are imported, whoever's handlers they write to."""
    for name in _OF_IMPORTS:
        logging.getLogger(name).setLevel(logging.ERROR)


def formatter(stream: TextIO, *, form: LogFormat, worker: str = "") -> logging.Formatter:
    """Lines as they fit to `stream`."""
    is_text = stream.isatty() if form == "auto" else form == "text"
    return TextFormatter() if is_text else JsonFormatter(worker=worker)


class _AtLeast(logging.Filter):
    """Holds back what docproc says below a level, also where it is let through to be counted."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level


def _tell_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    event(logger, "crashed", cause=error.with_traceback(trace))


def _tell_crash_of_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None and not issubclass(hook.exc_type, SystemExit):
        _tell_crash(hook.exc_type, hook.exc_value, hook.exc_traceback)
