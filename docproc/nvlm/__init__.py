"""NVLM-D in torch, composed of transformers' parts; importing it makes transformers' Auto classes know it."""

from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from docproc.nvlm.checkpoint import CheckpointError, register_names
from docproc.nvlm.config import ConfigError, NvlmDConfig
from docproc.nvlm.model import NvlmDForConditionalGeneration, NvlmDModel
from docproc.nvlm.processor import NvlmProcessor, TagTokens

__all__ = [
    "CheckpointError",
    "ConfigError",
    "NvlmDConfig",
    "NvlmDForConditionalGeneration",
    "NvlmDModel",
    "NvlmProcessor",
    "TagTokens",
]

AutoConfig.register(NvlmDConfig.model_type, NvlmDConfig, exist_ok=True)
AutoModelForImageTextToText.register(NvlmDConfig, NvlmDForConditionalGeneration, exist_ok=True)
AutoProcessor.register(NvlmDConfig, NvlmProcessor, exist_ok=True)
register_names()
