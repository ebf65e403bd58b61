"""Things one after the other, with a moment before each at which the work may be stopped. Knows no reader."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def in_turn(things: Iterable[_T], checkpoint: Callable[[], None]) -> Iterator[_T]:
    """Each of `things`; raises what `checkpoint` raises."""
    for thing in things:
        checkpoint()
        yield thing
