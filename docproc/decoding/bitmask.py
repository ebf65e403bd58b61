"""Masks of allowed tokens as rows of 32-bit words: bit `token % 32` of word `token // 32`. Knows no grammar."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: one row of words, or several
Bitmask: TypeAlias = NDArray[np.int32]

_WORD = 32


def words_for(vocabulary_size: int) -> int:
    """How many words a row takes."""
    return -(-vocabulary_size // _WORD)


def no_tokens(rows: int, vocabulary_size: int) -> Bitmask:
    """Rows that allow nothing."""
    return np.zeros((rows, words_for(vocabulary_size)), dtype=np.int32)


def allow_only(row: Bitmask, token: int) -> None:
    """Make `row` allow one token."""
    row[:] = 0
    row.view(np.uint32)[token // _WORD] = np.uint32(1 << (token % _WORD))


def allow_all(row: Bitmask, vocabulary_size: int) -> None:
    """Make `row` allow every token of the vocabulary and none of the padding behind it."""
    row[:] = -1
    past = vocabulary_size % _WORD
    if past:
        row.view(np.uint32)[vocabulary_size // _WORD] = np.uint32((1 << past) - 1)


def forbid(row: Bitmask, token: int) -> None:
    """Take one token out of `row`."""
    row.view(np.uint32)[token // _WORD] &= np.uint32(~(1 << (token % _WORD)) & 0xFFFFFFFF)


def allows(row: Bitmask, token: int) -> bool:
    """Whether `row` allows `token`."""
    word = token // _WORD
    return word < row.size and bool(int(row.view(np.uint32)[word]) >> (token % _WORD) & 1)


def expanded(masks: Bitmask, vocabulary_size: int) -> NDArray[np.bool_]:
    """One truth value per token: rows of words become rows of `vocabulary_size`."""
    octets = np.ascontiguousarray(masks, dtype="<i4").view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little")[..., :vocabulary_size]
    missing = vocabulary_size - bits.shape[-1]
    if missing > 0:  # a head padded beyond the vocabulary: nothing there is a token
        bits = np.pad(bits, [*[(0, 0)] * (bits.ndim - 1), (0, missing)])
    return bits.astype(np.bool_)
