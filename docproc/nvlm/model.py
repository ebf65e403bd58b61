"""NVLM-D: InternViT tower, projector and Qwen2, composed of transformers' own parts; knows no images and no text.

What NVLM-D has of its own is here: the projector, and that the tower runs a bounded number of tiles at a time.
Pixel shuffle, the scatter of tile tokens into the prompt and all of `generate` are transformers'.
"""

from collections.abc import Iterator
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from transformers import AutoModel, BitsAndBytesConfig, InternVLForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.internvl.modeling_internvl import InternVLModel, InternVLPreTrainedModel

from docproc.domain.errors import UsageError
from docproc.nvlm.checkpoint import CheckpointError, refuse_incomplete
from docproc.nvlm.config import NvlmDConfig
from docproc.nvlm.tokens import find_image_token_id

#: names as transformers matches them: from a name's start
NEVER_QUANTISED = ("model.vision_tower", "model.multi_modal_projector", "lm_head")


class QuantisationError(UsageError):
    """The weights cannot be held in as few bits as was asked for."""


def two_layer_projector(config: NvlmDConfig) -> nn.Sequential:
    """From a shuffled tower token to a token of the language model; the norm has a bias, the linear maps have none."""
    language = config.text_config
    return nn.Sequential(
        nn.LayerNorm(config.shuffled_width, eps=1e-5),
        nn.Linear(config.shuffled_width, language.intermediate_size, bias=False),
        nn.GELU(),
        nn.Linear(language.intermediate_size, language.hidden_size, bias=False),
    )


def own_share(tiles: torch.Tensor, group: dist.ProcessGroup) -> torch.Tensor:
    """This rank's tiles of (n, ...), as many as every other rank's: the last ones run blank tiles."""
    size = dist.get_world_size(group)
    blank = tiles.new_zeros(-len(tiles) % size, *tiles.shape[1:])
    return torch.cat([tiles, blank]).chunk(size)[dist.get_rank(group)]


def gather_shares(tokens: torch.Tensor, group: dist.ProcessGroup) -> torch.Tensor:
    """Every rank's tokens, in the order of ranks."""
    shares = [torch.empty_like(tokens) for _ in range(dist.get_world_size(group))]
    dist.all_gather(shares, tokens.contiguous(), group=group)
    return torch.cat(shares)


class NvlmDModel(InternVLModel):
    """Tower, projector and language model without its head."""

    config: NvlmDConfig
    projector = staticmethod(two_layer_projector)
    #: ranks that are given the same tiles and run a share of them each: the tower's 25 heads cannot be shared out
    tile_group: dist.ProcessGroup | None = None

    def __init__(self, config: NvlmDConfig) -> None:
        # not InternVLModel's own: it would build InternVL's projector first, 0.9 GB that nobody uses
        InternVLPreTrainedModel.__init__(self, config)
        self.vision_tower = AutoModel.from_config(config.vision_config)
        self.multi_modal_projector = self.projector(config)
        self.language_model = AutoModel.from_config(config.text_config)
        self.post_init()

    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:  # noqa: ANN401
        """Tokens of the language model for tiles (tiles, 3, 448, 448), a bounded number of tiles at a time."""
        side = self.config.tile_px
        if pixel_values.shape[1:] != (3, side, side):
            raise ValueError(f"tiles are (n, 3, {side}, {side}), not {tuple(pixel_values.shape)}")
        # gathering carries no gradient: in training every rank runs all tiles
        group = None if torch.is_grad_enabled() else self.tile_group
        tiles = pixel_values if group is None else own_share(pixel_values, group)
        parts = [
            # patches + CLS (n, 1025, 3200) -> CLS dropped (n, 1024, 3200) -> shuffled (n, 256, 12800) -> (n, 256, 8192)
            InternVLModel.get_image_features(self, some, **kwargs | {"return_dict": True}).pooler_output
            for some in tiles.split(self.config.tiles_at_once)
        ]
        tokens = torch.cat(parts)
        if group is not None:
            tokens = gather_shares(tokens, group)[: len(pixel_values)]
        return BaseModelOutputWithPooling(pooler_output=tokens)  # (tiles, 256, 8192)


class NvlmDForConditionalGeneration(InternVLForConditionalGeneration):
    """NVLM-D as `AutoModelForImageTextToText` gives it."""

    config: NvlmDConfig
    config_class = NvlmDConfig
    #: the network below the head
    body = NvlmDModel
    # as in the published checkpoint: the head has weights of its own
    _tied_weights_keys: dict[str, str] = {}  # noqa: RUF012 the base class's attribute

    def __init__(self, config: NvlmDConfig) -> None:
        InternVLPreTrainedModel.__init__(self, config)
        self.model = self.body(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Load; a tensor that is missing, left over or of another shape is an error, never a warning."""
        told = kwargs.pop("output_loading_info", False)
        source = pretrained_model_name_or_path
        if kwargs.get("quantization_config") is not None:
            refuse_without_gpu(kwargs["quantization_config"])
            kwargs["quantization_config"] = keep_tower_whole(kwargs["quantization_config"])
            if kwargs.get("tp_plan") is not None or kwargs.get("device_mesh") is not None:
                _refuse_by_headers(source)
        # a tensor of another shape is reported with all else, by name, rather than raised without
        kwargs |= {"output_loading_info": True, "ignore_mismatched_sizes": True}
        try:
            model, found = super().from_pretrained(source, *args, **kwargs)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as exc:
            raise CheckpointError(f"the checkpoint does not fit the network: {exc}") from exc
        mesh = getattr(model, "_device_mesh", None)
        if kwargs.get("quantization_config") is not None and mesh is None:
            found["mismatched_keys"] = {*found["mismatched_keys"], *misshapen_maps(model)}
        refuse_incomplete(found)
        if model.config.image_token_id < 0:
            model.config.image_token_id = find_image_token_id(source, revision=kwargs.get("revision"))
        if model.config.image_token_id >= model.config.text_config.vocab_size:
            raise CheckpointError(f"the image token {model.config.image_token_id} has no embedding")
        if mesh is not None and "tp" in (mesh.mesh_dim_names or ()):
            model.model.tile_group = mesh["tp"].get_group()
        return (model, found) if told else model


def _refuse_by_headers(source: Any) -> None:  # noqa: ANN401 a folder or a name
    """Raise CheckpointError when a folder's headers do not fit its network.

    A rank has a part of each quantised map only: whether the whole had the right shape cannot be seen there any more.
    """
    from docproc.nvlm.check import check_checkpoint  # noqa: PLC0415 which stands on this module

    folder = Path(source)
    if not folder.is_dir():
        return
    report = check_checkpoint(folder)
    if not report.whole:
        told = [*report.stored.faults, *report.missing, *report.unexpected, *report.misshapen]
        raise CheckpointError(f"the checkpoint does not fit the network: {'; '.join(told[:5])}")


def refuse_without_gpu(quantisation: Any) -> None:  # noqa: ANN401 any quantisation of transformers
    """Raise where `quantisation` is bitsandbytes' and cannot run: without it, layers would be built and then fail."""
    if not isinstance(quantisation, BitsAndBytesConfig):
        return
    if not torch.cuda.is_available():
        raise QuantisationError(
            "bitsandbytes holds weights in four or eight bits on a GPU, and there is none; "
            "torchao's eight bits run without one"
        )
    if find_spec("bitsandbytes") is None:
        raise QuantisationError("bitsandbytes is missing: pip install bitsandbytes")


def misshapen_maps(model: nn.Module) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Linear maps whose weights are not as large as they should be: a shape is not looked at where it is quantised."""
    for name, part in model.named_modules():
        if isinstance(part, nn.Linear):
            # bitsandbytes packs numbers, and keeps the shape that they had
            found = tuple(getattr(part.weight, "quant_state", part.weight).shape)
            if found != (part.out_features, part.in_features):
                yield f"{name}.weight", found, (part.out_features, part.in_features)


def keep_tower_whole(quantisation: Any) -> Any:  # noqa: ANN401 any quantisation of transformers
    """`quantisation` without tower, projector and head.

    Their activations are too large for few bits; and a tower half left out by name would be half random.
    """
    quantisation = deepcopy(quantisation)
    for field in ("modules_to_not_convert", "llm_int8_skip_modules"):
        if hasattr(quantisation, field):
            setattr(quantisation, field, sorted({*(getattr(quantisation, field) or ()), *NEVER_QUANTISED}))
    return quantisation
