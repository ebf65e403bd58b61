"""The thumbnail of a canvas; knows no page."""

import numpy as np
from numpy.typing import NDArray


def shrink(canvas: NDArray[np.uint8], thumbnail: NDArray[np.uint8]) -> None:
    """Each pixel of `thumbnail` is the mean of the whole number of canvas pixels that it covers.

    Drawing the page a second time would cost two to four times as much: letters and images are prepared anew for
    every size.
    """
    import cv2  # noqa: PLC0415 an image without thumbnail does without

    side, channels = thumbnail.shape[0], canvas.shape[2]
    rows, columns = canvas.shape[0] // side, canvas.shape[1] // side
    bands = canvas.reshape(side, rows, columns * side * channels)
    total = bands[:, 0].astype(np.uint16)
    for row in range(1, rows):
        total += bands[:, row]
    flat = cv2.convertScaleAbs(total, alpha=1 / rows).reshape(side, columns * side, channels)
    # Halfway between two pixels lies their mean: for two columns the linear filter says the same, four times as fast.
    how = cv2.INTER_LINEAR if columns <= 2 else cv2.INTER_AREA  # noqa: PLR2004
    cv2.resize(flat, (side, side), dst=thumbnail, interpolation=how)
