"""Images by Pillow: every frame a page, upright, on white paper, RGB; runs in a child process only, knows no OCR."""

import contextlib
import math
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError, DocumentError, TooLargeError
from docproc.domain.reading import Attachment
from docproc.intake import Limits
from docproc.pages.loaded import TextLayer

_POINTS_PER_INCH = 72.0
#: a resolution outside is a default or a mistake, not a measurement
_SANE_DPI = (50.0, 1200.0)
_EXIF_ORIENTATION = 0x0112
#: degrees clockwise that each EXIF orientation asks for (the even ones mirror as well)
_EXIF_TURNS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
_FORMATS: dict[MediaType, tuple[str, ...]] = {
    MediaType.PNG: ("PNG",),
    MediaType.JPEG: ("JPEG", "MPO"),
    MediaType.TIFF: ("TIFF",),
    MediaType.WEBP: ("WEBP",),
    MediaType.GIF: ("GIF",),
    MediaType.BMP: ("BMP",),
    MediaType.HEIC: ("HEIF",),
    MediaType.AVIF: ("AVIF", "HEIF"),
}
#: pages in these; elsewhere further frames are an animation, or a preview and a depth map
_PAGED = frozenset({MediaType.TIFF, MediaType.GIF})
#: what Pillow's decoders raise on damaged files
_DECODE_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)


@contextmanager
def pillow_errors(page: int | None = None) -> Iterator[None]:
    """Pillow's exceptions as ours."""
    try:
        yield
    except DocumentError:
        raise
    except (Image.DecompressionBombError, MemoryError) as exc:
        raise TooLargeError("the image needs more memory than its limit", page=page) from exc
    except _DECODE_ERRORS as exc:
        raise CorruptError(page=page) from exc


class PictureDocument:
    """An open image file."""

    def __init__(self, path: Path, *, media_type: MediaType, limits: Limits) -> None:
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # our own limit is checked below, before anything is decoded
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        if media_type is MediaType.HEIC:
            import pillow_heif  # noqa: PLC0415 25 MB that most documents do without

            pillow_heif.register_heif_opener(thumbnails=False)
        self._limits = limits
        with pillow_errors():
            self._image = Image.open(path, formats=_FORMATS[media_type])
            self._refuse_bombs(None)
            self._frames = self._find_frames() if media_type in _PAGED else [0]
        self.page_count = len(self._frames)

    def _find_frames(self) -> list[int]:
        """Frames that can be reached; a chain that loops back ends at its first repetition."""
        offsets: set[int] = set()
        frames: list[int] = []
        index = 0
        while True:
            try:
                self._image.seek(index)
            except _DECODE_ERRORS:  # also EOFError: the end
                break
            offset = _strip_offset(self._image)
            if offset is not None and offset in offsets:
                break
            if offset is not None:
                offsets.add(offset)
            frames.append(index)
            index += 1
            if index > self._limits.max_pages:
                raise TooLargeError(f"the image has more than {self._limits.max_pages:,} frames")
        return frames or [0]

    def _refuse_bombs(self, number: int | None) -> None:
        width, height = self._image.size
        if width * height > self._limits.max_pixels:
            raise TooLargeError(
                f"the image has {width * height:,} pixels; the limit is {self._limits.max_pixels:,}", page=number
            )

    def attachments(self, max_bytes: int) -> Sequence[Attachment]:  # noqa: ARG002 images carry none
        return ()

    def load(self, number: int) -> "PicturePage":
        with pillow_errors(number):
            self._image.seek(self._frames[number - 1])
            self._refuse_bombs(number)
            return PicturePage(self._image)


def _strip_offset(image: Image.Image) -> int | None:
    """Where a TIFF frame's pixels lie: the same place twice is the same frame twice."""
    tags = getattr(image, "tag_v2", {})
    offsets = tags.get(273) or tags.get(324)  # StripOffsets, TileOffsets
    return int(offsets[0]) if offsets else None


class PicturePage:
    """One frame, decoded."""

    def __init__(self, image: Image.Image) -> None:
        image.load()
        orientation = _orientation(image)
        dpi = _dpi(image)
        self._upright = _on_white(ImageOps.exif_transpose(image) if orientation > 1 else image)
        self.rotation = _EXIF_TURNS.get(orientation, 0)
        across, down = (dpi[1], dpi[0]) if self.rotation % 180 else dpi
        self.width = self._upright.width * _POINTS_PER_INCH / across
        self.height = self._upright.height * _POINTS_PER_INCH / down
        self.dpi: float | None = max(across, down)

    def text_layer(self) -> TextLayer:
        return TextLayer()

    def draw(self, target: NDArray[np.uint8], *, turn: int = 0) -> None:
        height, width = target.shape[:2]
        size = (height, width) if turn % 180 else (width, height)
        # Bicubic with a support that grows when shrinking: no thin line is lost.
        resized = self._upright if self._upright.size == size else self._upright.resize(size, Image.Resampling.BICUBIC)
        # np.rot90 turns counterclockwise
        target[:] = np.rot90(np.asarray(resized), k=-(turn // 90))


def _orientation(image: Image.Image) -> int:
    with contextlib.suppress(*_DECODE_ERRORS):
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    return 1


def _dpi(image: Image.Image) -> tuple[float, float]:
    """Stated resolution when it is sane, else 72: a pixel is a point."""
    with contextlib.suppress(*_DECODE_ERRORS):
        across, down = (float(value) for value in image.info.get("dpi", (0, 0)))
        low, high = _SANE_DPI
        if low <= across <= high and low <= down <= high:
            return across, down
    return _POINTS_PER_INCH, _POINTS_PER_INCH


def _on_white(image: Image.Image) -> Image.Image:
    """Any mode as RGB; what is transparent shows white paper."""
    if image.mode.startswith(("I;16", "I", "F")):
        image = _stretched(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image if image.mode == "RGB" else image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """More than 8 bits a channel, as 8: the range is that of as many bits as the brightest pixel needs."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    low = min(0.0, float(values.min()))
    bits = max(8, math.ceil(math.log2(max(1.0, float(values.max()) - low) + 1)))
    shades = ((values - low) * (255.0 / (2**bits - 1))).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, (int, float)):
        shades = np.where(values == transparent, np.uint8(255), shades)
    return Image.fromarray(shades)
