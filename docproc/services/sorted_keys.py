"""More keys than memory holds, in order: sorted in runs on disk and merged as they are read. Knows no store."""

import heapq
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

#: keys sorted in memory at a time
RUN = 100_000


class SortedKeys:
    """Each key once, in order, as often as it is iterated over; its files end with the context."""

    def __init__(self, keys: Iterable[str], *, run: int = RUN) -> None:
        self._ended = ExitStack()
        self._folder = Path(self._ended.enter_context(tempfile.TemporaryDirectory(prefix="docproc-keys-")))
        self._runs: list[Path] = []
        rest = iter(keys)
        while batch := sorted(set(itertools.islice(rest, run))):
            path = self._folder / str(len(self._runs))
            path.write_text("".join(f"{key}\n" for key in batch))
            self._runs.append(path)

    def __iter__(self) -> Iterator[str]:
        with ExitStack() as opened:
            runs = [opened.enter_context(path.open()) for path in self._runs]
            for line, _ in itertools.groupby(heapq.merge(*runs)):
                yield line.removesuffix("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.close()


def without(keys: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """Those of `keys` that are not among `others`; both in order."""
    rest = iter(others)
    other = next(rest, None)
    for key in keys:
        while other is not None and other < key:
            other = next(rest, None)
        if key != other:
            yield key
