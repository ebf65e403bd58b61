"""A window as a conversation with the model: its pages as images or as fenced text, and the task in the model's form.

NVLM is asked word for word what an adapter of it was trained on; other models are told the task as servers are.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from docproc.domain.errors import UnsupportedError
from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.domain.page import PageContent
from docproc.domain.reading import Route, Window
from docproc.domain.schema import ExtractionSchema
from docproc.nvlm.question import QUESTION_VERSION, record_question
from docproc.readers.prompts import (
    PROMPT_VERSION,
    document_text,
    fenced,
    harmless,
    mend_prompt,
    page_text,
    system_prompt,
    task_prompt,
)
from docproc.readers.routing import routes_of
from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.network import Prompt
from docproc.readers.vlm.engine.requests import OF_ONE_PROMPT
from docproc.readers.vlm.page_images import picture, tile_page

_TILE_DIMENSIONS = 4

Turn = Mapping[str, Any]


class Asker:
    """Makes prompts for one checkpoint; from several threads."""

    def __init__(self, checkpoint: Checkpoint, *, image_px: int, thinks: bool) -> None:
        self._checkpoint = checkpoint
        self._processor = checkpoint.processor
        self._image_px = image_px
        self._thinks = thinks
        # a tokenizer must not be used by two threads at a time
        self._turn = threading.Lock()

    @property
    def version(self) -> str:
        """Of the prompts."""
        if self._checkpoint.is_nvlm:
            return f"{QUESTION_VERSION}+{self._processor.prompt_version}"
        return PROMPT_VERSION

    @property
    def image(self) -> PageImageSpec:
        """How the model wants a page drawn."""
        if self._checkpoint.is_nvlm:
            return TileCanvas(tile_px=self._processor.tile_px, max_tiles=self._processor.max_tiles)
        return LongestSide(pixels=self._image_px)

    def read(self, window: Window, schema: ExtractionSchema, *, route: Route) -> Prompt:
        """What is asked first. Raises UnsupportedError for pages that the model's processor cannot take."""
        return self._prompt(self._conversation(window, schema, route))

    def mend(
        self, window: Window, schema: ExtractionSchema, *, route: Route, shown: str, told: Sequence[str]
    ) -> Prompt:
        """The same with what is shown of the record, which may quote the document, and what is wrong with it."""
        return self._prompt(
            [
                *self._conversation(window, schema, route),
                {"role": "assistant", "content": [_text(harmless(shown))]},
                {"role": "user", "content": [_text(mend_prompt(told))]},
            ]
        )

    def _conversation(self, window: Window, schema: ExtractionSchema, route: Route) -> list[Turn]:
        routes = routes_of(window, route)
        seen = [page.number for page in window.pages if routes[page.number] is Route.VISION]
        written = [page for page in window.pages if routes[page.number] is not Route.VISION]
        if self._checkpoint.is_nvlm:
            return self._nvlm_turns(window, schema, seen, written)
        return self._turns(window, schema, seen, written)

    def _nvlm_turns(
        self, window: Window, schema: ExtractionSchema, seen: Sequence[int], written: Sequence[PageContent]
    ) -> list[Turn]:
        tile_px = self._processor.tile_px
        pages = [_image(tile_page(window.images[number], tile_px=tile_px)) for number in seen]
        question = record_question(schema)
        text = "\n".join([question, *([fenced(_texts(written))] if written else [])])
        return [{"role": "user", "content": [*pages, _text(text)]}]

    def _turns(
        self, window: Window, schema: ExtractionSchema, seen: Sequence[int], written: Sequence[PageContent]
    ) -> list[Turn]:
        pages = [part for number in seen for part in (_text(f"Page {number}:"), _image(picture(window.images[number])))]
        document = document_text(_texts(written), in_images=bool(seen))
        task = task_prompt(schema, document=document, day_first=window.day_first)
        return [
            {"role": "system", "content": [_text(system_prompt())]},
            {"role": "user", "content": [*pages, _text(task)]},
        ]

    def _prompt(self, conversation: list[Turn]) -> Prompt:
        try:
            batch = self._batch(conversation)
        except OF_ONE_PROMPT as exc:  # of this window alone, as in the engine
            raise UnsupportedError(
                f"The model's processor cannot take this page or window ({type(exc).__name__})."
            ) from exc
        return Prompt(inputs=dict(batch), tiles=_tile_count(batch, conversation))

    def _batch(self, conversation: list[Turn]) -> Mapping[str, Any]:
        with self._turn:
            batch: Mapping[str, Any] = self._processor.apply_chat_template(
                [conversation],
                tokenize=True,
                add_generation_prompt=True,
                return_dict=True,
                return_tensors="pt",
                # what the templates of models that can do both call it
                enable_thinking=self._thinks,
            )
            return batch


def _texts(pages: Sequence[PageContent]) -> Sequence[tuple[int, str]]:
    return [(page.number, page_text(page)) for page in pages]


def _text(text: str) -> Mapping[str, Any]:
    return {"type": "text", "text": text}


def _image(image: object) -> Mapping[str, Any]:
    return {"type": "image", "image": image}


def _tile_count(batch: Mapping[str, Any], conversation: Sequence[Turn]) -> int:
    """Pictures that the tower is shown: tiles, or whole pages where the model does not tile."""
    pixels = batch.get("pixel_values")
    if pixels is None:
        return 0
    if pixels.ndim == _TILE_DIMENSIONS:
        return int(pixels.shape[0])
    return sum(part["type"] == "image" for turn in conversation for part in turn["content"])
