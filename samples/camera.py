"""Makes a drawn page look photographed or scanned: perspective, light, skew, noise. Knows no document."""

# PyMuPDF has types for half of what it offers
# mypy: disable-error-code="no-untyped-call"

import io
from typing import Any, TypeAlias

import numpy as np
import pymupdf
from PIL import Image, ImageDraw, ImageFilter

Point: TypeAlias = tuple[float, float]
#: pixels between two boards
PLANK_GAP = 4


def drawn(document: pymupdf.Document, *, page_index: int = 0, dpi: int, transparent: bool = False) -> Image.Image:
    """A page as a picture, on nothing if `transparent`."""
    pixels = document[page_index].get_pixmap(dpi=dpi, alpha=transparent)
    return Image.open(io.BytesIO(pixels.tobytes("png")))


def photographed(
    paper: Image.Image,
    corners: tuple[Point, Point, Point, Point],
    *,
    size: tuple[int, int],
    seed: int,
    table: tuple[int, int, int],
) -> Image.Image:
    """The paper lying on a table, its corners (clockwise from top left) at these places of a picture of `size`."""
    noise = np.random.default_rng(seed)
    crumpled = _crumpled(paper.convert("RGB"), noise)
    shape = _warped(Image.new("L", paper.size, 255), corners, size)
    shadow = Image.new("L", size, 0)
    ImageDraw.Draw(shadow).polygon([(x + 14, y + 20) for x, y in corners], fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(16))
    scene = _table(size, table, noise)
    scene.paste(Image.new("RGB", size, (12, 9, 7)), mask=shadow)
    scene.paste(_warped(crumpled, corners, size), mask=shape.filter(ImageFilter.GaussianBlur(0.8)))
    return _exposed(scene.filter(ImageFilter.GaussianBlur(0.7)), noise)


def scanned(page: Image.Image, *, degrees: float, seed: int) -> Image.Image:
    """The page as a flatbed scanner gives it: a little crooked, grey at one edge, with dust and noise."""
    noise = np.random.default_rng(seed)
    turned = page.convert("RGB").rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor=(250, 249, 246))
    grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.5)), dtype=np.float32)
    height, width = grey.shape[:2]
    grey = grey * 0.97 + 4
    edge = np.clip(1 - np.arange(width) / (0.03 * width), 0, 1) ** 2
    grey -= 70 * edge[None, :, None]
    grey += noise.normal(0, 3.5, (height, width, 1))
    for _ in range(40):
        y, x = int(noise.integers(2, height - 2)), int(noise.integers(2, width - 2))
        grey[y : y + 2, x : x + int(noise.integers(1, 3))] -= float(noise.uniform(40, 120))
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _crumpled(paper: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Paper is never evenly bright: broad soft waves, and two folds."""
    pixels = np.asarray(paper, dtype=np.float32)
    height, width = pixels.shape[:2]
    waves = _soft(noise, (height, width), grain=9) * 14
    rows = np.arange(height)[:, None]
    for fold in (0.34, 0.67):
        distance = rows - fold * height - 0.02 * np.arange(width)[None, :]
        waves += 10 * np.exp(-((distance / 9) ** 2)) - 12 * np.exp(-(((distance - 12) / 12) ** 2))
    tinted = pixels * np.array([0.985, 0.97, 0.935], dtype=np.float32) + waves[..., None]
    return Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))


def _soft(noise: np.random.Generator, shape: tuple[int, int], *, grain: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Smooth noise between about -1 and 1."""
    coarse = Image.fromarray(noise.normal(0, 0.5, (grain, grain)).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32)


def _table(size: tuple[int, int], colour: tuple[int, int, int], noise: np.random.Generator) -> Image.Image:
    """A wooden board: grain that runs along one side."""
    width, height = size
    grain = noise.normal(0, 1, (height // 3, 24)).astype(np.float32)
    board = Image.fromarray(grain).resize((width, height), Image.Resampling.BICUBIC)
    fibres = np.asarray(board, dtype=np.float32) * 7 + _soft(noise, (height, width), grain=6) * 16
    planks = (np.arange(height)[:, None] % (height // 3) < PLANK_GAP) * -26.0
    base = np.array(colour, dtype=np.float32)
    return Image.fromarray(np.clip(base + (fibres + planks)[..., None], 0, 255).astype(np.uint8))


def _exposed(scene: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Light from the upper left, the photographer's shadow at the lower right, and the sensor's noise."""
    pixels = np.asarray(scene, dtype=np.float32)
    height, width = pixels.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 1.06 - 0.22 * (down / height * 0.5 + across / width * 0.5)
    shade = 1 / (1 + np.exp(-((across / width) * 1.2 + (down / height) - 1.62) * 14))
    lit = pixels * (light * (1 - 0.24 * shade))[..., None]
    return Image.fromarray(np.clip(lit + noise.normal(0, 4, (height, width, 1)), 0, 255).astype(np.uint8))


def _warped(picture: Image.Image, corners: tuple[Point, ...], size: tuple[int, int]) -> Image.Image:
    width, height = picture.size
    source = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
    return picture.transform(
        size, Image.Transform.PERSPECTIVE, _coefficients(corners, source), Image.Resampling.BICUBIC
    )


def _coefficients(seen: tuple[Point, ...], source: tuple[Point, ...]) -> list[float]:
    """The eight numbers of the perspective that takes the points `seen` back to the points of the source."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(wanted))]


def stamped(page: Image.Image, texts: tuple[str, ...], *, at: tuple[int, int], seed: int) -> Image.Image:
    """A rubber stamp on the page: a frame with lines of text, blue, crooked and worn."""
    document = pymupdf.open()
    stamp = document.new_page(width=190, height=24 + 20 * len(texts))
    blue = (0.12, 0.22, 0.62)
    stamp.draw_rect(pymupdf.Rect(3, 3, 187, 21 + 20 * len(texts)), color=blue, width=2.2)
    for line, text in enumerate(texts):
        size = 17 if line == 0 else 11
        across = (190 - pymupdf.get_text_length(text, "hebo", size)) / 2
        stamp.insert_text((across, 26 + 19 * line), text, fontname="hebo", fontsize=size, color=blue)
    print_ = drawn(document, dpi=150, transparent=True).convert("RGBA")
    noise = np.random.default_rng(seed)
    worn = np.asarray(print_).copy()
    wear = noise.random(worn.shape[:2]) * 0.5 + _soft(noise, (worn.shape[0], worn.shape[1]), grain=7) * 0.35 + 0.55
    worn[..., 3] = (worn[..., 3] * np.clip(wear, 0.25, 0.9)).astype(np.uint8)
    turned = Image.fromarray(worn).rotate(9, expand=True, resample=Image.Resampling.BICUBIC)
    marked = page.convert("RGB")
    marked.paste(turned, at, turned)
    return marked
