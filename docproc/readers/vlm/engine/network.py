"""A checkpoint on its device: reads prompts one by one, then passes over rows of answers; knows no constraint.

What differs between models is here: positions that do not count places (Qwen-VL's), layers that look back a few places
only, and tiles that are attended to beside the text (NVLM-X and -H).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from transformers.cache_utils import DynamicCache

from docproc.domain.errors import ReaderUnavailableError
from docproc.nvlm.cross import TILE_INPUTS
from docproc.readers.vlm.engine.cache import RowCache

_NO_PLACES = (0, 0)
_FULL, _SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt as the model's processor made it."""

    #: what the network takes, a batch of one
    inputs: Mapping[str, torch.Tensor]
    #: places of images in it; 0: the tower is not asked
    tiles: int = 0

    @property
    def token_count(self) -> int:
        """Its length."""
        return int(self.inputs["input_ids"].shape[1])


class TileMemory(NamedTuple):
    """What NVLM-X and -H remember of a page's tiles, and which places of it an answer sees."""

    #: (1, cross layers, 2, heads, places, head width)
    keys_values: torch.Tensor
    visible: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPrompt:
    """A prompt in the cache, without its last token: that one is fed with the answer's first."""

    last: int
    #: places that it takes in the cache
    length: int
    #: from a place to its position
    shift: int
    memory: TileMemory | None


class Network:
    """One model; used by one thread at a time."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 any image-text-to-text model of transformers
        self.model = model
        self._body = model.model
        self.device = model.device
        self.dtype = model.dtype
        language = model.config.get_text_config(decoder=True)
        self._layers = frozenset(getattr(language, "layer_types", None) or (_FULL,))
        if unknown := self._layers - {_FULL, _SLIDING}:
            raise ReaderUnavailableError(
                f"The model's {', '.join(sorted(unknown))} cannot forget a token again: "
                "let a server run it, and use --reader remote."
            )
        self._sliding: int = getattr(language, "sliding_window", None) or 0
        #: most tokens of a prompt with its answer
        self.context: int = language.max_position_embeddings
        #: the rows of the last pass and what stood beside them
        self._beside: tuple[list[ReadPrompt], dict[str, torch.Tensor]] = ([], {})
        #: width of the logits
        self.vocabulary_size = int(model.get_output_embeddings().weight.shape[0])

    def read(self, prompt: Prompt) -> tuple[ReadPrompt, DynamicCache]:
        """Read a prompt in one pass, the tower with it where it has images; its keys and values."""
        with torch.inference_mode():
            return self._read(prompt)

    def step(
        self,
        cache: RowCache,
        rows: Sequence[ReadPrompt],
        fed: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        wanted: Sequence[int],
    ) -> torch.Tensor:
        """Logits (places, vocabulary) behind the last `wanted` tokens of each row, row by row."""
        with torch.inference_mode():
            return self._step(cache, rows, fed, starts, wanted=wanted)

    def _read(self, prompt: Prompt) -> tuple[ReadPrompt, DynamicCache]:
        length = prompt.token_count
        inputs = {name: self._to_device(_without_last(value, length)) for name, value in prompt.inputs.items()}
        self._forget_positions()
        ranges, memory = inputs.get("memory_range"), None
        if "tile_rows" in inputs:
            tiles = {name: inputs.pop(name) for name in TILE_INPUTS if name in inputs}
            inputs |= self._body.remember(batch_size=1, **tiles)
            if ranges is not None and inputs.get("tile_memory") is not None:
                start, end = prompt.inputs["memory_range"][0, -1].tolist()
                memory = TileMemory(inputs["tile_memory"], (start, end))
        # no config: layers that look back a few places keep all of them too, so that every token can be forgotten
        cache = DynamicCache()
        self.model(**inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
        last = int(prompt.inputs["input_ids"][0, -1])
        return ReadPrompt(last=last, length=length - 1, shift=self._shift(), memory=memory), cache

    def _step(
        self,
        cache: RowCache,
        rows: Sequence[ReadPrompt],
        fed: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        wanted: Sequence[int],
    ) -> torch.Tensor:
        width = max(map(len, fed))
        seen = cache.turn_to(starts, fed=width)
        ids = torch.tensor([[*tokens, *[0] * (width - len(tokens))] for tokens in fed])
        shifts = torch.tensor([row.shift for row in rows])[:, None]
        positions = torch.tensor(starts)[:, None] + torch.arange(width) + shifts
        places = [range(len(tokens) - count, len(tokens)) for tokens, count in zip(fed, wanted, strict=True)]
        # a vocabulary of logits a place is more than all else of a pass: no others are computed
        kept = sorted({place for row in places for place in row}) or [width - 1]
        output = self.model(
            input_ids=self._to_device(ids),
            position_ids=self._to_device(positions),
            attention_mask=self._masks(seen),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=torch.tensor(kept),
            **self._memory(rows),
        )
        return _behind(output.logits, places, kept)

    def _to_device(self, value: Any) -> Any:  # noqa: ANN401 a tensor, or what else a processor gives
        if not isinstance(value, torch.Tensor):
            return value
        return value.to(self.device, self.dtype if value.is_floating_point() else None, non_blocking=True)

    def _masks(self, seen: torch.Tensor) -> Any:  # noqa: ANN401 a mask, or one for each kind of layer
        if _SLIDING not in self._layers:
            return self._additive(seen)
        # a place sees itself and the ones shortly before it
        last = seen.sum(-1, keepdim=True)  # (rows, fed, 1)
        near = seen & (torch.arange(seen.shape[-1]) >= last - self._sliding)
        return {_FULL: self._additive(seen), _SLIDING: self._additive(near)}

    def _additive(self, seen: torch.Tensor) -> torch.Tensor:
        """(rows, 1, fed, places): nothing where one may look, and as little as the type can say elsewhere."""
        mask = torch.zeros(seen.shape, dtype=self.dtype, device=self.device)
        return mask.masked_fill_(~seen.to(self.device), torch.finfo(self.dtype).min)[:, None]

    def _memory(self, rows: Sequence[ReadPrompt]) -> dict[str, torch.Tensor]:
        """The tiles of all rows side by side; made anew only when rows came or went."""
        known, inputs = self._beside
        if len(known) != len(rows) or any(one is not other for one, other in zip(known, rows, strict=True)):
            inputs = self._stacked([row.memory for row in rows])
            self._beside = list(rows), inputs
        return inputs

    def _stacked(self, memories: Sequence[TileMemory | None]) -> dict[str, torch.Tensor]:
        """Each as many places as the longest."""
        first = next((memory.keys_values for memory in memories if memory is not None), None)
        if first is None:
            return {}
        most = max(memory.keys_values.shape[-2] for memory in memories if memory is not None)
        kept = first.new_zeros(len(memories), *first.shape[1:-2], most, first.shape[-1])
        for row, memory in enumerate(memories):
            if memory is not None:
                kept[row, ..., : memory.keys_values.shape[-2], :] = memory.keys_values[0]
        visible = torch.tensor([[memory.visible if memory is not None else _NO_PLACES] for memory in memories])
        return {"tile_memory": kept, "memory_range": self._to_device(visible)}  # (rows, 1, 2)

    def _forget_positions(self) -> None:
        """Qwen-VL's models keep how far the last prompt's positions lag behind its places."""
        if hasattr(self._body, "rope_deltas"):
            self._body.rope_deltas = None

    def _shift(self) -> int:
        shift = getattr(self._body, "rope_deltas", None)
        return 0 if shift is None else int(shift.flatten()[0])


def _behind(logits: torch.Tensor, places: Sequence[range], kept: Sequence[int]) -> torch.Tensor:
    """The logits (places, vocabulary) of every row's places, out of (rows, kept, vocabulary)."""
    # a model that knows no such choice gives those of all places
    order = kept if logits.shape[1] == len(kept) else range(logits.shape[1])
    at = {place: index for index, place in enumerate(order)}
    rows = [number for number, row in enumerate(places) for _ in row]
    columns = [at[place] for row in places for place in row]
    return logits[torch.tensor(rows, dtype=torch.long), torch.tensor(columns, dtype=torch.long)]


def _without_last(value: Any, length: int) -> Any:  # noqa: ANN401 a tensor, or what else a processor gives
    """What a processor says of each token, without what it says of the last one."""
    of_tokens = isinstance(value, torch.Tensor) and value.ndim > 1 and value.shape[:2] == (1, length)
    return value[:, :-1] if of_tokens and not value.is_floating_point() else value
