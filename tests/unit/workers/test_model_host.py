"""A hosted model whose device fails takes its process with it; whatever else goes wrong concerns one page."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from doubles.documents import text_schema

from docproc.domain.errors import ReaderUnavailableError
from docproc.domain.image import TileCanvas
from docproc.domain.reading import Reading, Window
from docproc.services.served_models import ServedModel
from workers.model_host import HostedModel

SERVED = ServedModel(name="tiny", window_pages=1, image=TileCanvas())
WINDOW, SCHEMA = Window(pages=[]), text_schema()


@dataclass
class Fails:
    """Stands for a reader and for the engine behind it."""

    is_running: bool
    ends: list[str] = field(default_factory=list)
    version = "1"
    window_pages = 1
    image = SERVED.image

    def read(self, window: Window, schema: object) -> Reading:
        raise ReaderUnavailableError(f"nothing of {len(window.pages)} pages under {type(schema).__name__}")

    def hosted(self) -> HostedModel:
        both: Any = self
        return HostedModel(both, both, served=SERVED, on_failure=lambda: self.ends.append("ended"))


@pytest.mark.parametrize(("is_running", "ends"), [(True, []), (False, ["ended"])])
def test_the_process_ends_when_the_device_has_failed_and_not_for_a_page(is_running: bool, ends: list[str]) -> None:
    fails = Fails(is_running=is_running)

    with pytest.raises(ReaderUnavailableError):
        fails.hosted().read(WINDOW, SCHEMA)

    assert fails.ends == ends


def test_asking_again_ends_the_process_too() -> None:
    fails = Fails(is_running=False)
    cast("Any", fails).mend = lambda window, schema, **asked: fails.read(window, (schema, asked))

    with pytest.raises(ReaderUnavailableError):
        fails.hosted().mend(WINDOW, SCHEMA, reading=cast("Reading", SimpleNamespace()), findings=())

    assert fails.ends == ["ended"]


def test_it_is_known_by_the_name_that_it_is_served_under() -> None:
    hosted = Fails(is_running=True).hosted()

    assert (hosted.name, hosted.window_pages, hosted.image) == ("tiny", 1, TileCanvas())
