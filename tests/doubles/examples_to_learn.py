"""Examples without documents: pages of noise at a tiny tile, and short answers."""

from typing import Any

import numpy as np

from docproc.domain.document import MediaType
from docproc.domain.page import Grid
from docproc.training.batches import Batcher
from docproc.training.examples import Example
from docproc.training.page_images import DrawnPage
from docproc.training.targets import Target

TILE_PX = 56
QUESTION = "What?"


def example(number: int, text: str = "{}", *unlearnt: tuple[int, int], page: int = 1) -> Example:
    """Page `page` of document `number`."""
    return Example(
        document=f"{number}.png",
        media_type=MediaType.PNG,
        page=page,
        rotation=0,
        target=Target(text=text, unlearnt=unlearnt),
    )


def draw_noise(example: Example) -> DrawnPage:
    """A page of two tiles; its noise is that of the document's name."""
    seed = int(example.document.removesuffix(".png"))
    pixels = np.random.default_rng(seed).integers(0, 256, (TILE_PX, 3 * TILE_PX, 3), dtype=np.uint8)
    return DrawnPage(grid=Grid(2, 1), canvas=pixels[:, : 2 * TILE_PX].copy(), thumbnail=pixels[:, 2 * TILE_PX :].copy())


def batcher(processor: Any) -> Batcher:  # noqa: ANN401 any processor of the family
    """Makes batches of such examples."""
    return Batcher(processor, QUESTION, draw=draw_noise)
