"""Images: upright, on white paper, every frame a page, whatever their mode."""

import numpy as np
import pytest
from PIL import Image

from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError, TooLargeError
from docproc.domain.image import LongestSide, TileCanvas
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument

pytestmark = pytest.mark.integration


def half(mode="RGB", left=(255, 0, 0), right=(255, 255, 255), size=(200, 100)):
    """Left half red, right half white."""
    image = Image.new("RGB", size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def first_image(source, document, spec=None):
    with source.open_pages(document) as pages:
        return next(pages.images(spec or LongestSide(pixels=200))).canvas.copy()


@pytest.mark.parametrize(
    ("name", "mode", "media_type"),
    [
        ("a.png", "RGB", MediaType.PNG),
        ("a.png", "P", MediaType.PNG),
        ("a.jpg", "RGB", MediaType.JPEG),
        ("a.jpg", "CMYK", MediaType.JPEG),
        ("a.tif", "RGB", MediaType.TIFF),
        ("a.tif", "CMYK", MediaType.TIFF),
        ("a.webp", "RGB", MediaType.WEBP),
        ("a.gif", "P", MediaType.GIF),
        ("a.bmp", "RGB", MediaType.BMP),
        ("a.avif", "RGB", MediaType.AVIF),
    ],
)
def test_every_format_and_mode_arrives_as_rgb(source, make_image, name, mode, media_type):
    canvas = first_image(source, make_image(name, half(mode), media_type))
    assert canvas.shape == (100, 200, 3)
    red, white = canvas[50, 40].astype(int), canvas[50, 160].astype(int)
    assert red[0] > 200
    assert red[1:].max() < 60
    assert white.min() > 240


def test_heic_is_read(source, tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "a.heic"
    try:
        pillow_heif.from_pillow(half(size=(256, 128))).save(path)
    except RuntimeError as exc:
        pytest.skip(f"this build cannot write HEIC: {exc}")
    canvas = first_image(source, SourceDocument(path=path, media_type=MediaType.HEIC))
    assert canvas[50, 40, 0] > 200
    assert canvas[50, 40, 1] < 60


def test_sixteen_bits_keep_their_contrast(source, make_image):
    values = np.full((100, 200), 900, np.uint16)
    values[:, :100] = 100
    canvas = first_image(source, make_image("a.png", Image.fromarray(values), MediaType.PNG))
    assert canvas[50, 150, 0] > 200
    assert canvas[50, 40, 0] < 60


def test_what_is_transparent_is_white_paper(source, make_image):
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 100, 100))
    canvas = first_image(source, make_image("a.png", image, MediaType.PNG))
    assert tuple(canvas[50, 150]) == (255, 255, 255)
    assert tuple(canvas[50, 40]) == (255, 0, 0)


@pytest.mark.parametrize(("orientation", "rotation"), [(1, 0), (3, 180), (6, 90), (8, 270)])
def test_a_photo_is_turned_upright(pool, make_image, orientation, rotation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = half().rotate(rotation, expand=True)  # counterclockwise: what the camera's tag undoes
    document = make_image("a.jpg", stored, MediaType.JPEG, exif=exif)
    canvas = first_image(DocprocPages(pool), document)
    assert canvas.shape == (100, 200, 3)
    assert canvas[50, 40, 1] < 60
    assert canvas[50, 160, 1] > 240
    with DocprocPages(pool, ocr=False).open_pages(document) as pages:
        (page,) = pages
    assert (page.width, page.height, page.rotation) == (200, 100, rotation)


def test_frames_of_a_tiff_are_pages_at_their_stated_size(pool, make_image):
    frames = [half(size=(300 + 30 * at, 300)) for at in range(3)]
    document = make_image("a.tif", frames[0], MediaType.TIFF, save_all=True, append_images=frames[1:], dpi=(150, 150))
    with DocprocPages(pool, ocr=False).open_pages(document) as pages:
        assert [(page.number, round(page.width), round(page.height)) for page in pages] == [
            (1, 144, 144),
            (2, 158, 144),
            (3, 173, 144),
        ]


def test_an_insane_resolution_is_not_believed(pool, make_image):
    document = make_image("a.png", half(), MediaType.PNG, dpi=(1, 1))
    with DocprocPages(pool, ocr=False).open_pages(document) as pages:
        (page,) = pages
    assert (page.width, page.height) == (200, 100)


def test_a_white_image_is_a_blank_page(source, make_image):
    document = make_image("a.png", Image.new("L", (600, 800), 255), MediaType.PNG)
    with source.open_pages(document) as pages:
        (page,) = pages
    assert page.blank
    assert page.ink == 0


def test_a_photo_gets_the_grid_of_its_shape(source, make_image):
    with source.open_pages(make_image("a.png", half(size=(640, 480)), MediaType.PNG)) as pages:
        (image,) = pages.images(TileCanvas())
        assert image.grid == (3, 2)
        assert image.thumbnail is not None


def test_a_truncated_image_is_corrupt(source, make_image):
    document = make_image("a.png", Image.effect_noise((300, 300), 90), MediaType.PNG)
    content = document.path.read_bytes()
    document.path.write_bytes(content[: len(content) // 2])
    with source.open_pages(document) as pages, pytest.raises(CorruptError):
        list(pages)


def test_an_image_over_the_pixel_limit_is_refused_before_it_is_decoded(make_image):
    document = make_image("a.png", Image.new("1", (3000, 3000)), MediaType.PNG)
    with (
        ChildPool(size=1, limits=Limits(max_pixels=1_000_000)) as pool,
        pytest.raises(TooLargeError, match="9,000,000"),
    ):
        DocprocPages(pool).open(document)
