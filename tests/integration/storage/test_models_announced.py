"""Models that workers announce, as both databases keep them."""

import pytest
from sqlalchemy import text

from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.services.served_models import ServedModel
from docproc.storage.database import Database
from docproc.storage.models import SqlModelStore

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("image", [None, TileCanvas(max_tiles=4), LongestSide(pixels=1000)])
def test_a_model_is_found_as_it_was_announced_last(database: Database, image: PageImageSpec | None) -> None:
    models = SqlModelStore(database)
    assert models.find("vlm") is None
    last = ServedModel(name="vlm", window_pages=3, image=image, is_held=False)

    models.announce(ServedModel(name="vlm", window_pages=1, image=TileCanvas()))
    models.announce(last)

    assert models.find("vlm") == last


def test_those_of_late_are_told_from_those_of_before_and_none_is_forgotten(database: Database) -> None:
    models = SqlModelStore(database)
    for name in ("old", "new"):
        models.announce(ServedModel(name=name, window_pages=1, image=None))
    with database.write() as connection:
        connection.execute(text("UPDATE models SET seen_at = '2020-01-01 00:00:00+00:00' WHERE name = 'old'"))

    assert models.names(seen_s=60) == ["new"]
    assert models.find("old") is not None
