"""NVLM-D, -X and -H in torch, composed of transformers' parts; importing it makes the Auto classes know them."""

from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from docproc.nvlm.checkpoint import CheckpointError, register_names
from docproc.nvlm.config import ConfigError, NvlmDConfig
from docproc.nvlm.cross import (
    NvlmHConfig,
    NvlmHForConditionalGeneration,
    NvlmXConfig,
    NvlmXForConditionalGeneration,
)
from docproc.nvlm.cross_processor import NvlmHProcessor, NvlmXProcessor
from docproc.nvlm.model import NvlmDForConditionalGeneration, QuantisationError
from docproc.nvlm.processor import NvlmProcessor, TagTokens

__all__ = [
    "CheckpointError",
    "ConfigError",
    "NvlmDConfig",
    "NvlmDForConditionalGeneration",
    "NvlmHConfig",
    "NvlmHForConditionalGeneration",
    "NvlmHProcessor",
    "NvlmProcessor",
    "NvlmXConfig",
    "NvlmXForConditionalGeneration",
    "NvlmXProcessor",
    "QuantisationError",
    "TagTokens",
]

_FAMILY = (
    (NvlmDConfig, NvlmDForConditionalGeneration, NvlmProcessor),
    (NvlmXConfig, NvlmXForConditionalGeneration, NvlmXProcessor),
    (NvlmHConfig, NvlmHForConditionalGeneration, NvlmHProcessor),
)
for _config, _network, _processor in _FAMILY:
    AutoConfig.register(_config.model_type, _config, exist_ok=True)
    AutoModelForImageTextToText.register(_config, _network, exist_ok=True)
    AutoProcessor.register(_config, _processor, exist_ok=True)
    register_names(_config.model_type)
