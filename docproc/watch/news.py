"""Tells of files that changed, as far as the file system tells: a hint, never the truth. Knows no ledger.

Network drives tell nothing, and every system forgets some in a burst; so the watcher looks for itself now and then.
"""

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from watchfiles import watch

from docproc.observability import event

logger = logging.getLogger(__name__)

#: told of more at once, it is cheaper to look at everything
_MOST = 2000
_STEP_MS, _DEBOUNCE_MS, _TIMEOUT_MS = 50, 400, 1000


class News:
    """Paths below a folder that changed since one last asked; a thread listens."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._change = threading.Condition()
        self._paths: set[str] = set()
        self._too_many = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

        # it tells of every change in a line of its own, and our own moves are changes
        logging.getLogger("watchfiles").setLevel(logging.WARNING)

    def listen(self) -> None:
        """Begin, or begin again when the folder went away and came back."""
        if self._thread is None or not self._thread.is_alive():
            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(self._ended,), name="docproc-news", daemon=True)
            self._thread.start()

    def listen_anew(self) -> None:
        """The folder by this name is another one than before: what listens to the old one hears nothing."""
        self._ended.set()
        self._thread = None
        self.listen()

    def end(self) -> None:
        self._ended.set()

    def wake(self) -> None:
        """Whoever waits, waits no longer."""
        with self._change:
            self._change.notify_all()

    def wait(self, timeout_s: float) -> frozenset[str] | None:
        """Paths that changed, after at most `timeout_s`; None when they are too many to name."""
        with self._change:
            if not (self._paths or self._too_many):
                self._change.wait(timeout_s)
            paths, too_many = frozenset(self._paths), self._too_many
            self._paths.clear()
            self._too_many = False
        return None if too_many else paths

    def _follow(self, ended: threading.Event) -> None:
        # it ends by itself when the folder goes away, and is begun again when the folder is back
        try:
            for changes in watch(
                self._root,
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=ended,
                rust_timeout=_TIMEOUT_MS,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._note(path for _, path in changes)
        except (OSError, RuntimeError) as exc:
            event(logger, "watch_events_lost", error=type(exc).__name__)

    def _note(self, paths: Iterable[str]) -> None:
        with self._change:
            for path in paths:
                with suppress(ValueError):
                    self._paths.add(Path(path).relative_to(self._root).as_posix())
            if len(self._paths) > _MOST:
                self._paths.clear()
                self._too_many = True
            self._change.notify_all()


class NoNews(News):
    """A bucket tells of nothing: it is looked at now and then."""

    def __init__(self) -> None:
        super().__init__(Path())

    def listen(self) -> None:
        """There is nothing to listen to."""
