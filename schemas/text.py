"""text@1: the text of every page, in reading order."""

from typing import Annotated

from pydantic import WithJsonSchema

from schemas.annotations import KEYWORD
from schemas.base import SchemaBody
from schemas.fields import Count, described

#: characters of one page; a page of small print has some 10,000
MAX_PAGE_TEXT = 100_000

PageText = Annotated[str, WithJsonSchema({"type": "string", "maxLength": MAX_PAGE_TEXT, KEYWORD: {"kind": "text"}})]


class Page(SchemaBody):
    """One page."""

    number: Annotated[Count | None, described("Number of the page in the document, from 1")]
    text: Annotated[PageText | None, described("Its text in reading order, one printed line a line")]


class Text(SchemaBody):
    """The text of every page, in reading order."""

    schema_name = "text"
    schema_title = "Text"

    pages: Annotated[list[Page], described("The pages, in order")]
