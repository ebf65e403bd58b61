"""Prompts of NVLM-X and NVLM-H: which tags stand in the text, and which token sees which tiles; knows no weights.

Every tag is tokenised alone, in both: which tokens are a tag's must not depend on the text around it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from docproc.nvlm.processor import NvlmProcessor
from docproc.nvlm.prompt import IMAGE_END, IMAGE_MARK, IMAGE_START, PROMPT_VERSION, THUMBNAIL_TAG, tile_tag
from docproc.nvlm.tokens import IMAGE_TOKEN


class Piece(NamedTuple):
    """A run of text whose tokens all see the same places of the row's tiles."""

    text: str
    start: int
    end: int


class NvlmXProcessor(NvlmProcessor):
    """What `AutoProcessor` gives for NVLM-X: tags stand in the text, and each sees its own tile only."""

    member = "x"

    @property
    def prompt_version(self) -> str:
        """What to record with whatever was answered to these prompts."""
        return f"{PROMPT_VERSION}-{self.member}"

    @property
    def model_input_names(self) -> list[str]:
        """What a batch may hold."""
        return [*super().model_input_names, "memory_range", "tile_rows"]

    def _batch(self, prompts: list[str], tile_counts: Sequence[int]) -> dict[str, torch.Tensor]:
        counts = iter(tile_counts)
        rows: list[list[int]] = []
        ranges: list[list[tuple[int, int]]] = []
        tile_rows: list[int] = []
        for row, prompt in enumerate(prompts):
            own = [next(counts) for _ in range(prompt.count(IMAGE_MARK))]
            encoded = [(self._encode(piece.text), piece) for piece in self._pieces(prompt, own)]
            rows.append([token for ids, _ in encoded for token in ids])
            ranges.append([(piece.start, piece.end) for ids, piece in encoded for _ in ids])
            tile_rows += [row] * sum(own)
        batch = self._padded(rows)
        if tile_rows:
            width = batch["input_ids"].shape[1]
            # padding stands left of a row and sees nothing
            batch["memory_range"] = torch.tensor([[(0, 0)] * (width - len(row)) + row for row in ranges])
            batch |= self._of_tiles(tile_counts, tile_rows)
        return batch

    def _of_tiles(self, tile_counts: Sequence[int], tile_rows: list[int]) -> dict[str, torch.Tensor]:
        """What the network is told of each tile."""
        del tile_counts
        return {"tile_rows": torch.tensor(tile_rows)}

    def _pieces(self, prompt: str, tile_counts: list[int]) -> Iterator[Piece]:
        text, *others = prompt.split(IMAGE_MARK)
        seen = 0
        for count, after in zip(tile_counts, others, strict=True):
            yield Piece(text + IMAGE_START, 0, seen)
            yield from self._image_pieces(count, seen)
            seen += self._places(count)
            text = IMAGE_END + after
        yield Piece(text, 0, seen)

    def _image_pieces(self, tile_count: int, seen: int) -> Iterator[Piece]:
        """The tags of an image, behind `seen` places of the images before it."""
        for number, tag in enumerate(_tags(tile_count)):
            yield Piece(tag, seen + number * self.tile_tokens, seen + (number + 1) * self.tile_tokens)

    def _places(self, tile_count: int) -> int:
        """How many places an image takes in what is attended to."""
        return tile_count * self.tile_tokens


class NvlmHProcessor(NvlmXProcessor):
    """What `AutoProcessor` gives for NVLM-H: the thumbnail stands in the text, other tiles' tags beside them."""

    member = "h"

    @property
    def model_input_names(self) -> list[str]:
        """What a batch may hold."""
        return [*super().model_input_names, "tile_is_thumbnail", "tile_tags"]

    def _of_tiles(self, tile_counts: Sequence[int], tile_rows: list[int]) -> dict[str, torch.Tensor]:
        tags = [tag for count in tile_counts for tag in _tags(count)]
        return {
            **super()._of_tiles(tile_counts, tile_rows),
            "tile_is_thumbnail": torch.tensor([tag == THUMBNAIL_TAG for tag in tags]),
            "tile_tags": torch.tensor([self._encode(tag) for tag in tags]),
        }

    def _image_pieces(self, tile_count: int, seen: int) -> Iterator[Piece]:
        del tile_count
        yield Piece(THUMBNAIL_TAG + IMAGE_TOKEN * self.tile_tokens, 0, seen)

    def _places(self, tile_count: int) -> int:
        return (tile_count - 1) * (self.tile_tokens + len(self._encode(THUMBNAIL_TAG)))


def _tags(tile_count: int) -> list[str]:
    """The tags of an image's tiles, thumbnail last."""
    return [*map(tile_tag, range(1, tile_count)), THUMBNAIL_TAG]
