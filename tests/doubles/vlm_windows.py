"""Windows with page images of noise, as a tile canvas or at their own aspect, and words upon them."""

import io
from collections.abc import Callable, Sequence

from docproc.domain.image import PageImageSpec, TileCanvas
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import Window, go_on
from docproc.tiling import canvas_size, tile_grid
from doubles.nvlm_prompts import noise_page

WIDTH, HEIGHT = 595.0, 842.0


def page(number: int = 1, *, lines: Sequence[str] = (), source: TextSource = TextSource.TEXT_LAYER) -> PageContent:
    """A page of a few lines."""
    words = [
        Word(text=text, left=40 + 60 * place, top=40 + 20 * row, right=90 + 60 * place, bottom=52 + 20 * row, line=row)
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    ]
    return PageContent(number=number, width=WIDTH, height=HEIGHT, rotation=0, words=tuple(words), source=source)


def png(spec: PageImageSpec, *, seed: int = 0) -> bytes:
    """Noise as large as the reader wants it."""
    size = (120, 160)
    if isinstance(spec, TileCanvas):
        size = canvas_size(tile_grid(WIDTH, HEIGHT, max_tiles=spec.max_tiles, tile_px=spec.tile_px), spec.tile_px)
    stream = io.BytesIO()
    noise_page(*size, seed=seed).save(stream, "PNG")
    return stream.getvalue()


def window(*pages: PageContent, spec: PageImageSpec | None = None, checkpoint: Callable[[], None] = go_on) -> Window:
    """Pages with their images."""
    images = {} if spec is None else {one.number: png(spec, seed=one.number) for one in pages}
    return Window(pages=pages, images=images, page_count=len(pages), checkpoint=checkpoint)
