"""What of a page a model is shown, under every route."""

from dataclasses import replace

import pytest
from doubles.documents import text_page

from docproc.domain.page import PageContent, TextSource
from docproc.domain.reading import Route, Window
from docproc.readers.routing import is_picture, routes_of

TYPED = text_page(1, "Total 12.50")
SCAN = replace(TYPED, source=TextSource.OCR)
EMPTY = replace(TYPED, source=TextSource.NONE, words=())
CHART = replace(TYPED, ink=0.3)
FILLED_IN = replace(TYPED, source=TextSource.FORM)


@pytest.mark.parametrize(
    ("page", "wanted", "shown"),
    [
        (TYPED, Route.AUTO, Route.TEXT),
        (FILLED_IN, Route.AUTO, Route.TEXT),
        (SCAN, Route.AUTO, Route.VISION),
        (EMPTY, Route.AUTO, Route.VISION),
        (CHART, Route.AUTO, Route.VISION),
        (TYPED, Route.VISION, Route.VISION),
        (SCAN, Route.TEXT, Route.TEXT),
        (CHART, Route.TEXT, Route.TEXT),
    ],
)
def test_a_page_is_shown_as_its_route_asks(page: PageContent, wanted: Route, shown: Route) -> None:
    assert routes_of(Window(pages=[page], images={1: b"png"}), wanted) == {1: shown}


@pytest.mark.parametrize("wanted", Route)
def test_a_page_without_an_image_is_read_by_its_words(wanted: Route) -> None:
    assert routes_of(Window(pages=[SCAN]), wanted) == {1: Route.TEXT}


def test_a_shaded_form_full_of_words_is_no_picture() -> None:
    line = TYPED.words[0]._replace(left=0.0, right=595.0, top=0.0, bottom=60.0)

    assert is_picture(CHART)
    assert not is_picture(replace(CHART, words=(line,)))
