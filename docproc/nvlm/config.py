"""NVLM-D's configuration, read from and written as the published config.json; knows no weights.

The published file names its halves `vision_config` (InternViT's words) and `llm_config` (Qwen2's). In memory they are
transformers' own `InternVLVisionConfig` and `Qwen2Config`, so that transformers' own layers can be built from them.
Whatever the network below would compute differently is refused here, by name.
"""

import json
from typing import Any, ClassVar

from transformers import InternVLConfig
from transformers.models.internvl.configuration_internvl import InternVLVisionConfig
from transformers.models.qwen2.configuration_qwen2 import Qwen2Config

from docproc.domain.errors import UsageError
from docproc.tiling import MAX_TILES

#: the tower was published padded to a multiple of this many heads; the added heads are all zero
HEAD_MULTIPLE = 8
PATCH_PX = 14
#: pixel shuffle makes one token of 2 x 2 patches
TOKEN_PX = 2 * PATCH_PX
#: every tile's tag is as long as every other's
TAG_TOKENS = 5

#: what the tower is called and must be: published key, the only value that is computed, value of a file without the key
_TOWER_MUST_BE = (
    ("norm_type", "rms_norm", "rms_norm"),
    ("qk_normalization", True, True),
    ("qkv_bias", False, False),
    ("hidden_act", "gelu", "gelu"),
    ("layer_norm_eps", 1e-6, 1e-6),
    ("patch_size", PATCH_PX, PATCH_PX),
    ("num_channels", 3, 3),
)
_MUST_BE = (
    ("select_layer", -1, -1),
    # the published class falls back to "v1", which is another order of the same numbers
    ("ps_version", "v2", "v1"),
    ("downsample_ratio", 0.5, 0.5),
)
_LANGUAGE_MUST_BE = (
    ("attention_bias", True, True),
    ("hidden_act", "silu", "silu"),
    ("use_sliding_window", False, False),
    ("rope_scaling", None, None),
    # the file's own tie_word_embeddings, a default of its class, ties nothing
    ("tie_word_embeddings", False, False),
)
_TOWER_KEPT = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
_LANGUAGE_KEPT = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
    "rms_norm_eps",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "use_cache",
    "initializer_range",
)


class ConfigError(UsageError):
    """The checkpoint's config.json describes a network that this is not."""


class NvlmDConfig(InternVLConfig):
    """The shape of NVLM-D: tower, projector and language model."""

    model_type = "NVLM_D"
    #: what a relative of NVLM-D says in its config.json beside the published words
    own_keys: ClassVar[tuple[str, ...]] = ()

    tie_word_embeddings: bool = False
    #: id of `<|vision_pad|>`; -1 until the tokenizer has said it (the published file does not)
    image_token_id: int = -1
    #: most tiles that the tower runs at a time: a tile's widest activation is 26 MB in bfloat16
    tiles_at_once: int = 16
    #: most tiles of a page, the thumbnail not counted
    max_tiles: int = MAX_TILES

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:  # noqa: ANN401 the base class's signature
        """From the published dictionary, or from one in transformers' own words."""
        if "llm_config" in config_dict:
            own = {key: config_dict[key] for key in cls.own_keys if key in config_dict}
            config_dict = _read(config_dict) | own
        return super().from_dict(config_dict, **kwargs)

    def to_json_string(self, use_diff: bool = True) -> str:  # noqa: FBT001, FBT002 the base class's signature
        """The published form: what is saved can be read by the other readers of NVLM-D."""
        del use_diff
        return json.dumps(_published(self), indent=2, sort_keys=True) + "\n"

    @property
    def tile_px(self) -> int:
        """Side of a tile in pixels: 448, smaller in tests."""
        return int(self.vision_config.image_size[0])

    @property
    def tile_tokens(self) -> int:
        """How many places in the prompt a tile takes: 256."""
        return int((self.tile_px // TOKEN_PX) ** 2)

    def decoder_tokens(self, tile_count: int) -> int:
        """How many tokens of the decoder an image takes: each tile behind its tag, `<Image></Image>` around them."""
        return tile_count * (TAG_TOKENS + self.tile_tokens) + 4

    def attended_places(self, tile_count: int) -> int:
        """How many places, summed over all layers, an image takes in cross-attention's cache: NVLM-D has none."""
        del tile_count
        return 0

    @property
    def shuffled_width(self) -> int:
        """Width of a token after pixel shuffle, four patches beside each other: 12800."""
        return int(4 * self.vision_config.hidden_size)


def stored_heads(heads: int) -> int:
    """How many heads the published layout stores for a tower of `heads`: 32 for 25."""
    return -(-heads // HEAD_MULTIPLE) * HEAD_MULTIPLE


def _read(published: dict[str, Any]) -> dict[str, Any]:
    """Transformers' words for the published ones; refuses what would be computed differently."""
    tower, language = published.get("vision_config", {}), published["llm_config"]
    _refuse("", published, _MUST_BE)
    _refuse("vision_config.", tower, _TOWER_MUST_BE)
    _refuse("llm_config.", language, _LANGUAGE_MUST_BE)
    missing = [f"vision_config.{key}" for key in _TOWER_KEPT if key not in tower]
    missing += [f"llm_config.{key}" for key in _LANGUAGE_KEPT[:6] if key not in language]
    if missing:
        raise ConfigError(f"config.json: {', '.join(missing)} missing")
    side = _tile_side(published, tower)
    if tower["hidden_size"] % tower["num_attention_heads"]:
        raise ConfigError("config.json: vision_config.hidden_size is not a multiple of num_attention_heads")
    return {
        "architectures": published.get("architectures"),
        "dtype": published.get("dtype", published.get("torch_dtype")),
        "image_token_id": published.get("image_token_id", -1),
        "image_seq_length": (side // TOKEN_PX) ** 2,
        "max_tiles": published.get("max_dynamic_patch", MAX_TILES),
        "tie_word_embeddings": False,
        "vision_config": InternVLVisionConfig(
            **{key: tower[key] for key in _TOWER_KEPT},
            image_size=side,
            patch_size=PATCH_PX,
            norm_type="rms_norm",
            use_qk_norm=True,
            attention_bias=False,
            # without it a LayerNorm that NVLM does not have would follow the last layer
            use_mean_pooling=True,
        ),
        "text_config": Qwen2Config(
            **{key: language[key] for key in _LANGUAGE_KEPT if key in language},
            rope_parameters={"rope_type": "default", "rope_theta": _rope_theta(language)},
            tie_word_embeddings=False,
        ),
    }


def _refuse(place: str, found: dict[str, Any], must_be: tuple[tuple[str, Any, Any], ...]) -> None:
    for key, value, absent in must_be:
        if (got := found.get(key, absent)) != value:
            said = repr(got) if key in found else f"not given (which means {got!r})"
            raise ConfigError(f"config.json: {place}{key} is {said}; only {value!r} is supported")


def _rope_theta(language: dict[str, Any]) -> float:
    """As older and newer files say it."""
    said = language.get("rope_parameters") or {}
    if (kind := said.get("rope_type", "default")) != "default":
        raise ConfigError(f"config.json: llm_config.rope_parameters is of type {kind!r}; only 'default' is supported")
    return float(said.get("rope_theta", language.get("rope_theta", 1e6)))


def _tile_side(published: dict[str, Any], tower: dict[str, Any]) -> int:
    """The tile's side: one number for the tower and the tiler, a whole number of tokens."""
    side = tower.get("image_size", 448)
    forced = published.get("force_image_size") or side
    if side != forced:
        raise ConfigError(f"config.json: vision_config.image_size is {side!r} but force_image_size is {forced!r}")
    if not isinstance(side, int) or side < TOKEN_PX or side % TOKEN_PX:
        raise ConfigError(f"config.json: force_image_size is {side!r}; a tile is a multiple of {TOKEN_PX} pixels wide")
    return side


def _published(config: NvlmDConfig) -> dict[str, Any]:
    """The published words for `config`: the inverse of `_read`."""
    tower, language = config.vision_config, config.text_config
    dtype = str(config.dtype or "float32").removeprefix("torch.")
    return {
        "architectures": [config.model_type],
        "model_type": config.model_type,
        **{key: getattr(config, key) for key in config.own_keys},
        **{key: value for key, value, _ in _MUST_BE},
        "force_image_size": config.tile_px,
        "dynamic_image_size": True,
        "template": "chatml",
        "use_thumbnail": True,
        "min_dynamic_patch": 1,
        "max_dynamic_patch": config.max_tiles,
        "torch_dtype": dtype,
        **({"image_token_id": config.image_token_id} if config.image_token_id >= 0 else {}),
        "vision_config": {
            "architectures": ["InternVisionModel"],
            "model_type": "intern_vit_6b",
            **{key: value for key, value, _ in _TOWER_MUST_BE},
            **{key: getattr(tower, key) for key in _TOWER_KEPT},
            "image_size": config.tile_px,
            "drop_path_rate": 0.0,
            "torch_dtype": dtype,
        },
        "llm_config": {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            **{key: value for key, value, _ in _LANGUAGE_MUST_BE},
            **{key: getattr(language, key) for key in _LANGUAGE_KEPT},
            "rope_theta": language.rope_parameters["rope_theta"],
            "torch_dtype": dtype,
        },
    }
