"""NVLM-D: InternViT tower, projector and Qwen2, composed of transformers' own parts; knows no images and no text.

What NVLM-D has of its own is here: the projector, and that the tower runs a bounded number of tiles at a time.
Pixel shuffle, the scatter of tile tokens into the prompt and all of `generate` are transformers'.
"""

from typing import Any

import torch
from torch import nn
from transformers import AutoModel, InternVLForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.internvl.modeling_internvl import InternVLModel, InternVLPreTrainedModel

from docproc.nvlm.checkpoint import CheckpointError, refuse_incomplete
from docproc.nvlm.config import NvlmDConfig
from docproc.nvlm.tokens import find_image_token_id


def two_layer_projector(config: NvlmDConfig) -> nn.Sequential:
    """From a shuffled tower token to a token of the language model; the norm has a bias, the linear maps have none."""
    language = config.text_config
    return nn.Sequential(
        nn.LayerNorm(config.shuffled_width, eps=1e-5),
        nn.Linear(config.shuffled_width, language.intermediate_size, bias=False),
        nn.GELU(),
        nn.Linear(language.intermediate_size, language.hidden_size, bias=False),
    )


class NvlmDModel(InternVLModel):
    """Tower, projector and language model without its head."""

    config: NvlmDConfig
    projector = staticmethod(two_layer_projector)

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
        parts = [
            # patches + CLS (n, 1025, 3200) -> CLS dropped (n, 1024, 3200) -> shuffled (n, 256, 12800) -> (n, 256, 8192)
            InternVLModel.get_image_features(self, tiles, **kwargs | {"return_dict": True}).pooler_output
            for tiles in pixel_values.split(self.config.tiles_at_once)
        ]
        return BaseModelOutputWithPooling(pooler_output=torch.cat(parts))  # (tiles, 256, 8192)


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
        # a tensor of another shape is reported with all else, by name, rather than raised without
        kwargs |= {"output_loading_info": True, "ignore_mismatched_sizes": True}
        try:
            model, found = super().from_pretrained(source, *args, **kwargs)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as exc:
            raise CheckpointError(f"the checkpoint does not fit the network: {exc}") from exc
        refuse_incomplete(found)
        if model.config.image_token_id < 0:
            model.config.image_token_id = find_image_token_id(source, revision=kwargs.get("revision"))
        return (model, found) if told else model
