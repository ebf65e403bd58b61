"""Keys and values of several rows of different lengths, each from place 0 on; knows no tokens and no model.

A row's last tokens are forgotten by writing the next ones over them: nothing is moved. Rows come and go between passes.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache

#: places are made in such steps, so that rows that grow are seldom moved
_STEP = 256
#: kernels want lengths that are a multiple of this
_EVEN = 16


class Places:
    """Where the tokens of the next pass are written: (rows, fed) places, the same for every layer."""

    def __init__(self) -> None:
        self._places: torch.Tensor | None = None
        #: how many places attention looks at
        self.seen = 0

    def set(self, starts: Sequence[int], fed: int) -> None:
        """Row `n` writes its `fed` tokens from `starts[n]` on."""
        self._places = torch.tensor(starts)[:, None] + torch.arange(fed)
        self.seen = -(-(max(starts) + fed) // _EVEN) * _EVEN

    def on(self, device: torch.device) -> torch.Tensor:
        """The places, where a layer lies."""
        if self._places is None:
            raise ValueError("It is not said where the tokens go.")
        self._places = self._places.to(device)
        return self._places


class RowLayer(CacheLayerMixin):
    """One layer's keys and values: (rows, heads, places, width)."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places = places
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """The first row of all; further ones are stacked upon it."""
        self.keys, self.values, self.is_initialized = key_states, value_states, True

    def add(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """One more row, the last."""
        if self.keys is None or self.values is None:
            self.lazy_initialization(_with_room(keys, _STEP), _with_room(values, _STEP))
            return
        self.make_room(keys.shape[2])
        room = self.keys.shape[2]
        self.keys = torch.cat([self.keys, _with_room(keys, room)])
        self.values = torch.cat([self.values, _with_room(values, room)])

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows, in this order."""
        if not rows or self.keys is None or self.values is None:
            self.keys, self.values, self.is_initialized = None, None, False
            return
        index = torch.tensor(rows, device=self.keys.device)
        self.keys, self.values = self.keys[index], self.values[index]

    def cut_to(self, rows: int) -> None:
        """Without the rows behind these; takes no memory, so that it can be done when there is none."""
        if not rows or self.keys is None or self.values is None:
            self.keep(())
            return
        self.keys, self.values = self.keys[:rows], self.values[:rows]

    def make_room(self, places: int) -> None:
        """At least so many places a row."""
        if self.keys is not None and self.values is not None and self.keys.shape[2] < places:
            self.keys, self.values = _with_room(self.keys, places), _with_room(self.values, places)

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: Any,  # noqa: ANN401 the base class's signature
        **kwargs: Any,  # noqa: ANN401
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the pass's tokens (rows, heads, fed, width) and give everything that there is to look at."""
        del args, kwargs
        if self.keys is None or self.values is None:
            raise ValueError("There are no rows.")
        places = self._places.on(key_states.device)
        rows = torch.arange(len(places), device=key_states.device)[:, None]
        self.keys[rows, :, places] = key_states.transpose(1, 2)
        self.values[rows, :, places] = value_states.transpose(1, 2)
        return self.keys[:, :, : self._places.seen], self.values[:, :, : self._places.seen]

    def get_seq_length(self) -> int:
        """Of the longest row, as far as attention is concerned."""
        return self._places.seen

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """A mask is always given; nobody makes one by these."""
        del query_length
        return self._places.seen, 0

    def get_max_length(self) -> int:
        """None: it grows."""
        return -1


class RowCache(Cache):
    """What `past_key_values` is in a pass over rows."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.layers: list[RowLayer] = []
        self.places = Places()

    def add(self, prompt: DynamicCache) -> None:
        """A row of its own for a prompt that was read alone.

        Memory may run out between two layers; `cut_to` makes them one again.
        """
        if not self.layers:
            self.layers = [RowLayer(self.places) for _ in prompt.layers]
        for layer, read in zip(self.layers, prompt.layers, strict=True):
            layer.add(read.keys, read.values)

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows, in this order; without any all memory is given back."""
        for layer in self.layers:
            layer.keep(rows)

    def cut_to(self, rows: int) -> None:
        """Forget what was begun behind the first `rows` rows."""
        for layer in self.layers:
            layer.cut_to(rows)

    def turn_to(self, starts: Sequence[int], *, fed: int) -> torch.Tensor:
        """Make ready for a pass that writes from `starts` on; its mask (rows, fed, places), true where one may look."""
        self.places.set(starts, fed)
        for layer in self.layers:
            layer.make_room(self.places.seen)
        looking = torch.tensor(starts)[:, None] + torch.arange(fed)  # (rows, fed)
        return torch.arange(self.places.seen) <= looking[..., None]

    @property
    def room(self) -> int:
        """Places that a row takes."""
        first = self.layers[0].keys if self.layers else None
        return 0 if first is None else int(first.shape[2])


def _with_room(states: torch.Tensor, places: int) -> torch.Tensor:
    """The same (rows, heads, places, width) with at least so many places, a whole number of steps."""
    places = -(-max(places, states.shape[2]) // _STEP) * _STEP
    # zeros, not whatever was there: what is masked is multiplied by nothing, and nothing times NaN is NaN
    roomy = states.new_zeros(*states.shape[:2], places, states.shape[3])
    roomy[:, :, : states.shape[2]] = states
    return roomy
