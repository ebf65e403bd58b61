"""When a watcher had every chance to take a file: told of troubles, says what was calm. Knows no watcher."""

import threading


class Calm:
    """Stretches of time between troubles; told from one thread, asked when all is over."""

    def __init__(self, need_s: float) -> None:
        #: a file that lay through so long a calm stretch must have been taken
        self.need_s = need_s
        self._troubles: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def disturb(self, since: float, until: float) -> None:
        """A watcher was dead and its files not free yet, or none ran, or a disk was full."""
        with self._lock:
            self._troubles.append((since, until))

    def lies_between(self, since: float, until: float) -> bool:
        """Whether one stretch between the two was calm for long enough."""
        free_from = since
        for begin, end in sorted(self._troubles):
            if min(begin, until) - free_from >= self.need_s:
                return True
            free_from = max(free_from, end)
        return until - free_from >= self.need_s
