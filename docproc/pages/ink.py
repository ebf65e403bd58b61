"""How much of a page is not paper, and whether that is more than dust; pure, knows pixels only."""

import numpy as np
from numpy.typing import NDArray

#: how much darker (or lighter) than the paper a pixel must be
_CONTRAST = 48
#: of a page without words: less ink than this, or no mark that hangs together, is dust
_DUST = 0.0004
_CELLS = 32


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The green channel: nearly the luminance of print, and free of charge."""
    return pixels[:, :, 1]


def ink_mask(shades: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True where a pixel is not paper; the paper is the most frequent shade, be it white, yellow or black."""
    paper = int(np.bincount(shades.reshape(-1)[::7], minlength=256).argmax())
    return np.abs(shades.astype(np.int16) - paper) > _CONTRAST


def ink_share(shades: NDArray[np.uint8]) -> float:
    """Share of the pixels that are not paper, 0 to 1."""
    return round(float(ink_mask(shades).mean()), 5)


def is_blank(shades: NDArray[np.uint8]) -> bool:
    """Whether there is nothing but dust; the outer two percent (a scanner's shadow, a punched edge) do not count."""
    height, width = shades.shape
    margin_y, margin_x = height // 50, width // 50
    mask = ink_mask(shades)[margin_y : height - margin_y, margin_x : width - margin_x]
    if not mask.size or float(mask.mean()) < _DUST:
        return True
    return float(mask.mean()) < 10 * _DUST and _densest_cell(mask) < 0.02


def _densest_cell(mask: NDArray[np.bool_]) -> float:
    """The ink share of the darkest of 32 x 32 cells: print is dense somewhere, dust is nowhere."""
    rows = np.array_split(np.arange(mask.shape[0]), min(_CELLS, mask.shape[0]))
    columns = np.array_split(np.arange(mask.shape[1]), min(_CELLS, mask.shape[1]))
    sums = np.add.reduceat(mask, [row[0] for row in rows], axis=0, dtype=np.int64)
    sums = np.add.reduceat(sums, [column[0] for column in columns], axis=1)
    areas = np.outer([len(row) for row in rows], [len(column) for column in columns])
    return float((sums / areas).max())
