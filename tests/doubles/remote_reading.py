"""The remote reader against a real HTTP server that answers well, badly, or not at all."""

import json
from dataclasses import replace
from typing import TypedDict, Unpack

from docproc.domain.page import TextSource
from docproc.domain.reading import Reading, Route, Window
from docproc.readers.remote.config import RemoteConfig
from docproc.readers.remote.reader import RemoteReader
from docproc.readers.remote.servers import Servers
from doubles.documents import text_page
from doubles.openai_server import (
    OpenAiServer,
)
from schemas.json_schema import compile_json_schema

SCHEMA = compile_json_schema(
    {
        "title": "Bill",
        "type": "object",
        "properties": {
            "total": {"type": ["string", "null"], "pattern": "^\\d+\\.\\d\\d$", "x-docproc": {"kind": "money"}},
            "seller": {"type": ["string", "null"], "maxLength": 20},
        },
    }
)
GOOD = json.dumps({"total": "12.50", "seller": "Acme"})
WRONG = json.dumps({"total": "12,50 EUR", "seller": "Acme"})
PNG = b"\x89PNG picture"


class Told(TypedDict, total=False):
    """What a test says of the reader."""

    model: str | None
    api_key: str
    route: Route
    timeout_s: float
    concurrency: int


def reader(*servers: OpenAiServer, **told: Unpack[Told]) -> RemoteReader:
    config = RemoteConfig(endpoints=tuple(one.url for one in servers), model="tiny", timeout_s=10.0)
    config = replace(config, **told)
    return RemoteReader(config, servers=Servers(config))


def window(*lines: str, source: TextSource = TextSource.TEXT_LAYER) -> Window:
    pages = [replace(text_page(number, line), source=source) for number, line in enumerate(lines, 1)]
    return Window(pages=pages, images={page.number: PNG for page in pages}, page_count=len(pages))


BILL = window("Acme Total 12.50")


def read(server: OpenAiServer, what: Window = BILL, **told: Unpack[Told]) -> Reading:
    return reader(server, **told).read(what, SCHEMA)
