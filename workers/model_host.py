"""The model of a worker: loaded once, before it takes any work, and asked by all its threads. Knows no message."""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from docproc.bootstrap import hosted_reader
from docproc.domain.errors import DocprocError, ReaderUnavailableError, UsageError
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.observability import event
from docproc.services.served_models import ServedModel
from docproc.settings import Settings

if TYPE_CHECKING:
    from docproc.readers.vlm.engine.engine import Engine
    from docproc.readers.vlm.reader import VlmReader

logger = logging.getLogger(__name__)

#: the status with which a worker ends whose model's device has failed
DEVICE_FAILED = 76
#: how often a log is told that weights are still being loaded
_TELL_EVERY_S = 15.0

#: of this process, by their names: the tasks of a worker's threads find them here
HOSTED: "dict[str, HostedModel]" = {}


class HostedModel:
    """A reader whose model is loaded, and that does not outlive the device that its model is on."""

    def __init__(
        self,
        reader: "VlmReader",
        engine: "Engine",
        *,
        served: ServedModel,
        on_failure: Callable[[], None],
    ) -> None:
        """`on_failure` is called, in a thread of a task, when the device computes nothing any more."""
        self.name = served.name
        self.served = served
        self.engine = engine
        self._reader = reader
        self._on_failure = on_failure

    @property
    def version(self) -> str:
        return self._reader.version

    @property
    def window_pages(self) -> int:
        return self._reader.window_pages

    @property
    def image(self) -> PageImageSpec | None:
        return self._reader.image

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises as the reader does."""
        with self._while_it_computes():
            return self._reader.read(window, schema)

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        """Raises as the reader does."""
        with self._while_it_computes():
            return self._reader.mend(window, schema, reading=reading, findings=findings)

    @contextmanager
    def _while_it_computes(self) -> Iterator[None]:
        try:
            yield
        except ReaderUnavailableError as error:
            if not self.engine.is_running:
                # the leases expire: who was at work then has had an attempt, as when a worker is killed
                event(logger, "model_failed", model=self.name, cause=error)
                self._on_failure()
            raise


class ModelHost:
    """What a worker does to host one model: look at its folder, load it, let go of it."""

    def __init__(self, name: str, settings: Settings) -> None:
        """Look at everything but the weights. Raises UsageError or ReaderUnavailableError."""
        self._reader = hosted_reader(name, settings)
        self._folder = settings.vlm_model
        self.served = ServedModel(
            name=name,
            window_pages=self._reader.window_pages,
            image=self._reader.image,
            is_held=settings.vlm_constraint == "grammar",
        )

    @contextmanager
    def loaded(self) -> Iterator[HostedModel]:
        """The model, for the tasks of this process too, until the context ends.

        Raises UsageError or ReaderUnavailableError.
        """
        with self._told():
            engine = self._engine()
        hosted = HostedModel(self._reader, engine, served=self.served, on_failure=_end_process)
        HOSTED[hosted.name] = hosted
        try:
            yield hosted
        finally:
            del HOSTED[hosted.name]
            self._reader.close()

    def _engine(self) -> "Engine":
        try:
            engine, _ = self._reader.running()
        except DocprocError:
            raise
        except (OSError, ValueError, RuntimeError) as exc:  # of transformers, for files that are none
            said = (str(exc).strip() or type(exc).__name__).partition("\n")[0]
            raise UsageError(f"{self._folder}: its weights cannot be loaded: {said}") from exc
        return engine

    @contextmanager
    def _told(self) -> Iterator[None]:
        """How it goes is told at the beginning, every few seconds, and at the end."""
        began, ended = monotonic(), threading.Event()
        byte_count = sum(path.stat().st_size for path in self._folder.glob("*.safetensors")) if self._folder else 0

        def tell() -> None:
            while True:
                seconds = round(monotonic() - began, 1)
                event(logger, "model_loading", model=self.served.name, byte_count=byte_count, seconds=seconds)
                if ended.wait(_TELL_EVERY_S):
                    return

        teller = threading.Thread(target=tell, name="docproc-loading", daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()
        event(logger, "model_loaded", model=self.served.name, seconds=round(monotonic() - began, 1))


def _end_process() -> None:
    logging.shutdown()
    os._exit(DEVICE_FAILED)
