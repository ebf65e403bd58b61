"""Documents made on the spot, and a pool of one child for them."""

from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from docproc.domain.document import MediaType
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument


@pytest.fixture(scope="session")
def pool():
    with ChildPool(size=1) as pool:
        yield pool


@pytest.fixture
def source(pool):
    return DocprocPages(pool)


@pytest.fixture
def make_pdf(tmp_path):
    """A PDF whose pages show the given texts; `change` edits the document before it is saved."""

    def make(*texts, size=(595, 842), change=None, **saving):
        document = pymupdf.open()
        for text in texts:
            page = document.new_page(width=size[0], height=size[1])
            page.insert_text((72, 100), text)
        if change is not None:
            change(document)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.pdf"
        document.save(path, **saving)
        document.close()
        return SourceDocument(path=path, media_type=MediaType.PDF)

    return make


@pytest.fixture
def make_image(tmp_path):
    """An image file in the format of its name."""

    def make(name, image: Image.Image, media_type, **saving):
        path = Path(tmp_path / name)
        image.save(path, **saving)
        return SourceDocument(path=path, media_type=media_type)

    return make
