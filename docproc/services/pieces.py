"""What is long, some of it at a time. Knows not what it is of."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

_PIECE_BYTES = 1 << 20

T = TypeVar("T")


def pieces_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def in_batches(stream: Iterable[T], most: int) -> Iterator[list[T]]:
    """As itertools.batched of newer Pythons does."""
    rest = iter(stream)
    while batch := list(islice(rest, most)):
        yield batch
