"""Models that some workers host, as all others know them: what a page is prepared as, and a reader in their place.

Only a worker that hosts a model has its weights and torch. Those that take documents apart, hand pages over or assemble
records need no more than what is announced here.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from docproc.domain.errors import ReaderUnavailableError
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema

#: the model that a service has where nobody names one: `auto` leaves pages to it
USUAL_MODEL = "vlm"
#: how long the service counts on a model whose workers are silent: they start again, or are started when there is work
COUNTED_ON_S = 86400.0
#: what was announced is asked for again after this long
_FRESH_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model as its workers announce it."""

    #: of the reader, and after `read.` of its queue
    name: str
    #: most pages that it reads together
    window_pages: int
    #: the page image that it looks at; None: words are enough for it
    image: PageImageSpec | None
    #: it writes under a grammar: a schema that has none is not for it
    is_held: bool = True


class ModelStore(Protocol):
    """Models that workers have announced."""

    def announce(self, model: ServedModel) -> None:
        """A sign of life, with each one of its worker."""
        ...

    def find(self, name: str) -> ServedModel | None:
        """What was announced last under that name, however long ago."""
        ...

    def names(self, *, seen_s: float) -> Sequence[str]:
        """Those that a worker announced within `seen_s`."""
        ...


class ModelElsewhere:
    """Stands where a model is asked about that another worker hosts; what it is asked to read it cannot read."""

    version = "elsewhere"

    def __init__(self, name: str, models: ModelStore, *, clock: Callable[[], float] = monotonic) -> None:
        self.name = name
        self._models = models
        self._clock = clock
        self._turn = threading.Lock()
        self._looked_at: float | None = None
        self._known: ServedModel | None = None

    @property
    def window_pages(self) -> int:
        """Raises ReaderUnavailableError, as `image` does, when nobody has announced it."""
        return self._announced().window_pages

    @property
    def image(self) -> PageImageSpec | None:
        return self._announced().image

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:  # noqa: ARG002 the port's signature
        """Raises ReaderUnavailableError."""
        raise self._not_here()

    def mend(
        self,
        window: Window,  # noqa: ARG002 the port's signature
        schema: ExtractionSchema,  # noqa: ARG002
        *,
        reading: Reading,  # noqa: ARG002
        findings: Sequence[Issue],  # noqa: ARG002
    ) -> Reading:
        """Raises ReaderUnavailableError."""
        raise self._not_here()

    def _announced(self) -> ServedModel:
        with self._turn:
            now = self._clock()
            if self._known is None or self._looked_at is None or now - self._looked_at >= _FRESH_S:
                self._known, self._looked_at = self._models.find(self.name), now
            if self._known is None:
                raise ReaderUnavailableError(f"No worker has announced the model {self.name}.")
            return self._known

    def _not_here(self) -> ReaderUnavailableError:
        return ReaderUnavailableError(f"The model {self.name} is hosted by other workers, not by this one.")
