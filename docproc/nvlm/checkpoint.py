"""The published names and shapes of NVLM-D's weights, and loading that fails instead of warning; computes nothing.

The published tower was padded with all-zero heads (25 to 32) so that its heads divide over 8 GPUs. Zero query, key and
value rows with zero output columns add exactly nothing, so they are checked to be zero, cut off on load and put back
on save.
"""

from typing import Any

import torch
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import ConversionOps, WeightConverter, WeightRenaming

from docproc.domain.errors import UsageError
from docproc.nvlm.config import stored_heads


class CheckpointError(UsageError):
    """The checkpoint's tensors are not those of the network."""


class DropDummyHeads(ConversionOps):
    """Cuts one stored tensor into its targets, without the heads behind the real ones once they are seen to be zero."""

    def __init__(self, dim: int = 0) -> None:
        self.dim = dim

    def convert(
        self,
        input_dict: dict[str, Any],
        source_patterns: list[str],
        target_patterns: list[str],
        **context: Any,  # noqa: ANN401 what transformers hands to every operation
    ) -> dict[str, Any]:
        """Stored to real."""
        del source_patterns
        width = context["config"].vision_config.hidden_size
        real: dict[str, Any] = {}
        for target, stored in zip(target_patterns, _one(input_dict).chunk(len(target_patterns), self.dim), strict=True):
            if stored.narrow(self.dim, width, stored.shape[self.dim] - width).any():
                raise CheckpointError(f"{context['full_layer_name']}: a head behind the real ones is not zero")
            real[target] = stored.narrow(self.dim, 0, width).contiguous()
        return real

    @property
    def reverse_op(self) -> ConversionOps:
        """What saving does."""
        return AddDummyHeads(self.dim)


class AddDummyHeads(ConversionOps):
    """Puts the zero heads back behind the real ones and joins the tensors as they are stored."""

    def __init__(self, dim: int = 0) -> None:
        self.dim = dim

    def convert(
        self,
        input_dict: dict[str, Any],
        source_patterns: list[str],
        target_patterns: list[str],
        **context: Any,  # noqa: ANN401 what transformers hands to every operation
    ) -> dict[str, Any]:
        """Real to stored."""
        tower = context["config"].vision_config
        width = tower.hidden_size // tower.num_attention_heads * stored_heads(tower.num_attention_heads)
        padded = []
        for source in source_patterns:
            real = _one({source: input_dict[source]})
            shape = [*real.shape]
            shape[self.dim] = width - shape[self.dim]
            padded.append(torch.cat([real, real.new_zeros(shape)], self.dim))
        return {target_patterns[0]: torch.cat(padded, self.dim)}

    @property
    def reverse_op(self) -> ConversionOps:
        """What loading does."""
        return DropDummyHeads(self.dim)


def _one(tensors: dict[str, Any]) -> torch.Tensor:
    """The only tensor there is; transformers hands it over bare or as a list of one."""
    (only,) = tensors.values()
    return only[0] if isinstance(only, list) else only


#: published name, name in transformers' own layers; every pattern reads the same in both directions
_NAMES = (
    (r"^language_model\.model\.", "^model.language_model."),
    (r"^language_model\.lm_head\.", "^lm_head."),
    (r"^mlp1\.", "^model.multi_modal_projector."),
    (r"^vision_model\.embeddings\.class_embedding", "^model.vision_tower.embeddings.cls_token"),
    (r"^vision_model\.embeddings\.position_embedding", "^model.vision_tower.embeddings.position_embeddings"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "^model.vision_tower.embeddings.patch_embeddings.projection."),
    (r"^vision_model\.encoder\.layers\.", "^model.vision_tower.encoder.layer."),
    (r"\.ls1", ".lambda_1"),
    (r"\.ls2", ".lambda_2"),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.attn\.proj\.bias", ".attention.projection_layer.bias"),
)
#: published name, names in transformers' own layers, dimension that the heads lie along
_HEADS = (
    ("attn.qkv.weight", [f"attention.{part}_proj.weight" for part in "qkv"], 0),
    ("attn.q_norm.weight", ["attention.q_norm.weight"], 0),
    ("attn.k_norm.weight", ["attention.k_norm.weight"], 0),
    ("attn.proj.weight", ["attention.projection_layer.weight"], 1),
)


def register_names(model_type: str) -> None:
    """Teach transformers the published layout of a member of the family."""
    register_checkpoint_conversion_mapping(
        model_type,
        [
            *(WeightRenaming(published, ours) for published, ours in _NAMES),
            *(WeightConverter(published, ours, [DropDummyHeads(dim)]) for published, ours, dim in _HEADS),
        ],
        overwrite=True,
    )


def refuse_incomplete(found: dict[str, Any]) -> None:
    """Raise unless every tensor of the network was in the checkpoint, with its shape, and nothing else was."""
    kinds = {
        "missing": found["missing_keys"],
        "unexpected": found["unexpected_keys"],
        "of another shape": [key for key, *_ in found["mismatched_keys"]],
    }
    complaints = [_complaint(kind, sorted(keys)) for kind, keys in kinds.items() if keys]
    if complaints:
        raise CheckpointError(f"the checkpoint does not fit the network: {'; '.join(complaints)}")


def _complaint(kind: str, keys: list[str], shown: int = 5) -> str:
    more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
    return f"{len(keys)} {kind} ({', '.join(keys[:shown])}{more})"
