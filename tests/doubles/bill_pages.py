"""Pages of made-up bills: an image of noise that is a page's own, and the words that its record is printed with."""

import io
from collections.abc import Iterator

import numpy as np

from docproc.domain.image import PageImageSpec, TileCanvas
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import Window
from docproc.domain.schema import JsonValue, Record
from docproc.tiling import canvas_size, tile_grid
from doubles.nvlm_prompts import noise_page
from schemas.json_schema import compile_json_schema

WIDTH, HEIGHT = 595.0, 842.0
_TEXT = {"type": ["string", "null"], "maxLength": 24}
_MONEY = {"type": ["string", "null"], "x-docproc": {"kind": "money"}}
_ROW = {"type": "object", "properties": {"description": _TEXT, "amount": _MONEY}}
BILL = compile_json_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {
            "invoice_number": _TEXT,
            "invoice_date": {"type": ["string", "null"], "format": "date"},
            "total_gross": _MONEY,
            "rows": {"type": "array", "items": _ROW, "maxItems": 3},
        },
    }
)


def record_of_bill(number: int) -> Record:
    """What stands on bill `number`."""
    chance = np.random.default_rng(number)
    rows: list[JsonValue] = [
        {
            "description": str(chance.choice(("Travel", "Advice", "Paper", "Repair"))),
            "amount": f"{chance.integers(1, 900)}.00",
        }
        for _ in range(chance.integers(1, 3))
    ]
    return {
        "invoice_number": f"R-{chance.integers(100, 9999)}",
        "invoice_date": f"2024-{chance.integers(1, 13):02}-{chance.integers(1, 29):02}",
        "total_gross": f"{chance.integers(10, 9999)}.{chance.integers(0, 100):02}",
        "rows": rows,
    }


def bill_window(number: int, spec: PageImageSpec | None) -> Window:
    """Bill `number` as a reader is given it."""
    record = record_of_bill(number)
    lines = [
        f"Invoice number {record['invoice_number']}",
        f"Invoice date {record['invoice_date']}",
        "Description Amount",
        *_printed_rows(record["rows"]),
        f"Total {record['total_gross']}",
    ]
    words = tuple(
        Word(text=text, left=40 + 90 * place, top=40 + 20 * row, right=110 + 90 * place, bottom=52 + 20 * row, line=row)
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    )
    page = PageContent(
        number=1, width=WIDTH, height=HEIGHT, rotation=0, source=TextSource.TEXT_LAYER, words=words, ink=0.02
    )
    return Window(pages=(page,), images={} if spec is None else {1: _png(spec, number)}, page_count=1)


def _printed_rows(rows: JsonValue) -> Iterator[str]:
    assert isinstance(rows, list)
    for row in rows:
        assert isinstance(row, dict)
        yield f"{row['description']} {row['amount']}"


def _png(spec: PageImageSpec, seed: int) -> bytes:
    size = (120, 160)
    if isinstance(spec, TileCanvas):
        size = canvas_size(tile_grid(WIDTH, HEIGHT, max_tiles=spec.max_tiles, tile_px=spec.tile_px), spec.tile_px)
    stream = io.BytesIO()
    noise_page(*size, seed=seed).save(stream, "PNG")
    return stream.getvalue()
