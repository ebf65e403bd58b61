"""The life of a writer: refuse, stage, write, publish or leave no trace. Knows no format."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from docproc.domain.extraction import Extraction
from docproc.exports.export_item import ExportItem
from docproc.exports.staging import refuse_existing, rehearse, staged


class StagedWriter(ABC):
    """A context: inside it documents are taken, at its end the targets appear, after an error nothing does."""

    def __init__(self, *targets: Path, overwrite: bool) -> None:
        self._targets = targets
        self._overwrite = overwrite
        self._open = ExitStack()
        if not overwrite:
            for target in targets:
                refuse_existing(target)

    def rehearse(self) -> None:
        """Before long work: raises UsageError when the targets could not be written."""
        rehearse(*self._targets)

    def write(self, document: Extraction | ExportItem) -> None:
        """Add one document."""
        self._add(ExportItem.of(document))

    @abstractmethod
    def _begin(self, scratch: Path, closing: ExitStack) -> None:
        """Open what is written in `scratch`, under the targets' names.

        `closing` leaves the contexts given to it at the end, and tells them of an error.
        """

    @abstractmethod
    def _add(self, item: ExportItem) -> None: ...

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            scratch = closing.enter_context(staged(*self._targets, overwrite=self._overwrite))
            self._begin(scratch, closing)
            self._open = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)
