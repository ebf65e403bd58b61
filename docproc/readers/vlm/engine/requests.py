"""What the engine is asked and how one waits for its answer; knows no model."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field

from docproc.decoding.generation import Generation
from docproc.decoding.ports import Constraint, Drafter
from docproc.decoding.speculate import BUDGET, NoDraft, never_printed
from docproc.domain.errors import DocprocError
from docproc.domain.reading import go_on
from docproc.readers.vlm.engine.network import Prompt

#: how soon a window that is no longer wanted is noticed
_LOOK_EVERY_S = 0.1
#: what a model or its processor raises for a prompt that it cannot take
OF_ONE_PROMPT = (RuntimeError, ValueError, TypeError, IndexError, KeyError)


class CanceledError(DocprocError):
    """The request was canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One answer that is wanted."""

    prompt: Prompt
    constraint: Constraint
    drafter: Drafter = field(default_factory=NoDraft)
    #: how often a value is printed on the pages
    printed: Callable[[str], int] = never_printed
    #: most tokens of the answer
    budget: int = BUDGET
    #: by the engine's name for it; None: the base as it is
    adapter: str | None = None


class Ticket:
    """An answer that will come."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._answer: Future[Generation] = Future()
        self._unwanted = False

    @property
    def done(self) -> bool:
        """There is an answer, or there will be none."""
        return self._answer.done()

    @property
    def is_canceled(self) -> bool:
        """Nobody wants the answer any more."""
        return self._unwanted

    def cancel(self) -> None:
        """Leave before the next pass. What is done stays done."""
        self._unwanted = True

    def result(self, checkpoint: Callable[[], None] = go_on) -> Generation:
        """Wait for the answer. Raises what `checkpoint` raises, CanceledError, or what went wrong."""
        try:
            while True:
                try:
                    return self._answer.result(_LOOK_EVERY_S)
                except NotYetError:
                    checkpoint()
        except BaseException:
            self.cancel()
            raise

    def give(self, generation: Generation) -> None:
        """For the engine: this is the answer."""
        self._answer.set_result(generation)

    def fail(self, error: BaseException) -> None:
        """For the engine: there is none."""
        self._answer.set_exception(error)
