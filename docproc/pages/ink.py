"""How much of a page is not paper, and whether that is more than dust; pure, knows pixels only."""

import numpy as np
from numpy.typing import NDArray

#: how much darker (or lighter) than the paper a pixel must be
_CONTRAST = 40
#: the darkest of the cells of a page with print has at least this share of ink; dust and a scanner's shadow have not
_PRINT = 0.02
_CELLS = 32
_EDGE = 50


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luminance of RGB, near enough, without leaving bytes."""
    shades: NDArray[np.uint8] = (pixels[:, :, 0] >> 2) + (pixels[:, :, 1] >> 1) + (pixels[:, :, 2] >> 2)
    return shades


def ink_mask(shades: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True where a pixel is not paper; the paper is the most frequent shade, be it white, yellow or black."""
    paper = int(np.bincount(shades.reshape(-1)[::7], minlength=256).argmax())
    if paper >= 256 - _CONTRAST:
        return shades < paper - _CONTRAST
    return (shades < max(0, paper - _CONTRAST)) | (shades > min(255, paper + _CONTRAST))


def ink_share(shades: NDArray[np.uint8]) -> float:
    """Share of the pixels that are not paper, 0 to 1."""
    return round(float(ink_mask(shades).mean()), 5)


def is_blank(shades: NDArray[np.uint8]) -> bool:
    """Whether there is nothing but dust; the outermost two percent (a scanner's shadow) do not count."""
    mask = _inner(ink_mask(shades))
    return not mask.size or float(_cells(mask).max()) < _PRINT


def ink_bounds(shades: NDArray[np.uint8], *, margin: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what holds ink, and `margin` pixels more; dust does not count."""
    height, width = shades.shape
    dense = _cells(ink_mask(shades)) > _PRINT / 8
    if not dense.any():
        return 0, 0, width, height
    rows, columns = np.flatnonzero(dense.any(axis=1)), np.flatnonzero(dense.any(axis=0))
    tops, lefts = _starts(height), _starts(width)
    return (
        max(0, int(lefts[columns[0]]) - margin),
        max(0, int(tops[rows[0]]) - margin),
        min(width, int(lefts[columns[-1] + 1]) + margin),
        min(height, int(tops[rows[-1] + 1]) + margin),
    )


def _inner(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = mask.shape
    return mask[height // _EDGE : height - height // _EDGE, width // _EDGE : width - width // _EDGE]


def _starts(length: int) -> NDArray[np.int64]:
    """Where the cells along one side begin, and the end."""
    return np.linspace(0, length, min(_CELLS, length) + 1).astype(np.int64)


def _cells(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Ink share of each of 32 x 32 cells: print is dense somewhere, dust is nowhere."""
    tops, lefts = _starts(mask.shape[0]), _starts(mask.shape[1])
    sums = np.add.reduceat(mask, tops[:-1], axis=0, dtype=np.int64)
    shares: NDArray[np.float64] = np.add.reduceat(sums, lefts[:-1], axis=1) / np.outer(np.diff(tops), np.diff(lefts))
    return shares
