"""What of a page a model is shown under a route: its words, or its image. Pure; knows no model."""

from collections.abc import Mapping

from docproc.domain.page import PageContent, TextSource
from docproc.domain.reading import Route, Window

#: words that somebody typed: an image of them tells little more and costs many tokens
_TYPED = frozenset({TextSource.TEXT_LAYER, TextSource.FORM})
#: a page with more ink than this, of which words cover less than that, is a chart, a plan or a picture with a caption;
#: shaded forms have as much ink, but also words
_PICTURE_INK, _PICTURE_WORDS = 0.08, 0.04


def routes_of(window: Window, wanted: Route) -> Mapping[int, Route]:
    """By page number, `vision` or `text`; a page whose image is not there is read by its words."""
    return {page.number: _route(page, window, wanted) for page in window.pages}


def _route(page: PageContent, window: Window, wanted: Route) -> Route:
    if page.number not in window.images or wanted is Route.TEXT:
        return Route.TEXT
    if wanted is Route.VISION or page.source not in _TYPED or is_picture(page):
        return Route.VISION
    return Route.TEXT


def is_picture(page: PageContent) -> bool:
    """Most of what is on the page is no text."""
    words = sum((word.right - word.left) * (word.bottom - word.top) for word in page.words)
    return page.ink > _PICTURE_INK and words < _PICTURE_WORDS * page.width * page.height
