"""The remote reader against a real HTTP server that answers well, badly, or not at all."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from docproc.domain.page import TextSource
from docproc.domain.reading import Reading, Route, Window
from docproc.readers.remote.config import RemoteConfig
from docproc.readers.remote.reader import RemoteReader
from docproc.readers.remote.servers import IN_EARNEST, Servers, Waiting
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


@dataclass
class Clock:
    """Goes on as far as somebody would have slept, and not while a busy machine takes its time to ask and to answer."""

    now: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def waiting(self) -> Waiting:
        return Waiting(now=lambda: self.now, sleep=self.sleep)


def reader(*servers: OpenAiServer, clock: Clock | None = None, **told: Unpack[Told]) -> RemoteReader:
    config = RemoteConfig(endpoints=tuple(one.url for one in servers), model="tiny", timeout_s=30.0)
    config = replace(config, **told)
    return RemoteReader(config, servers=Servers(config, waiting=clock.waiting if clock else IN_EARNEST))


def window(*lines: str, source: TextSource = TextSource.TEXT_LAYER) -> Window:
    pages = [replace(text_page(number, line), source=source) for number, line in enumerate(lines, 1)]
    return Window(pages=pages, images={page.number: PNG for page in pages}, page_count=len(pages))


BILL = window("Acme Total 12.50")


def read(server: OpenAiServer, what: Window = BILL, *, clock: Clock | None = None, **told: Unpack[Told]) -> Reading:
    return reader(server, clock=clock, **told).read(what, SCHEMA)
