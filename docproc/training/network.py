"""The base with just those weights open to training that a recipe names; knows no pages.

The tower is frozen in every stage of the paper, and here.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from docproc.domain.errors import NotFoundError, UsageError
from docproc.nvlm import NvlmDConfig
from docproc.nvlm.adapter import LORA_TARGETS
from docproc.training.recipe import Recipe, Trained

_TOWER, _ALIGNMENT = "model.vision_tower.", ("model.multi_modal_projector.", ".cross_attn.")


class BaseError(UsageError):
    """The base cannot be trained."""


def read_base_config(folder: Path) -> NvlmDConfig:
    """The configuration of the checkpoint in `folder`. Raises NotFoundError or BaseError."""
    if not (folder / "config.json").is_file():
        raise NotFoundError(f"{folder}: no checkpoint: there is no config.json in it")
    try:
        config = AutoConfig.from_pretrained(folder)
    except (ValueError, OSError) as exc:
        raise BaseError(f"{folder}: its config.json is of no model that is known here") from exc
    if not isinstance(config, NvlmDConfig):
        raise BaseError(f"{folder}: a {config.model_type}; what can be trained is NVLM-D, -X and -H")
    return config


def open_for_training(folder: Path, recipe: Recipe) -> Any:  # noqa: ANN401 any member of the family, with peft or without
    """The base, on a GPU where there is one, with what `recipe` trains open and in 32 bits."""
    gpu = torch.cuda.is_available()
    options: dict[str, Any] = {"dtype": torch.bfloat16, "device_map": "auto"} if gpu else {"dtype": torch.float32}
    if recipe.four_bit:
        options["quantization_config"] = four_bits(gpu=gpu)
    model = AutoModelForImageTextToText.from_pretrained(folder, **options)
    if gpu:
        # what a layer computed is computed again rather than kept: a page's 1,831 places in 80 layers fill a card
        model.activation_checkpointing_enable()
    model.requires_grad_(requires_grad=False)
    if recipe.trained is Trained.LORA:
        return _with_lora(model, recipe)
    for name, weight in model.named_parameters():
        if is_trained(name, recipe.trained):
            # steps of a small rate are lost in 16 bits
            weight.data = weight.data.float()
            weight.requires_grad_(requires_grad=True)
    return model


def is_trained(name: str, trained: Trained) -> bool:
    """Is the weight called `name` open?"""
    if name.startswith(_TOWER):
        return False
    return trained is Trained.ALL or any(part in name for part in _ALIGNMENT)


def four_bits(*, gpu: bool) -> Any:  # noqa: ANN401 a quantisation of transformers
    """QLoRA's form of the language model: normal floats of four bits. Raises BaseError where it cannot be."""
    if not gpu:
        raise BaseError("four bits need an NVIDIA GPU, and there is none; without --four-bit LoRA runs on a CPU too")
    if find_spec("bitsandbytes") is None:
        raise BaseError("four bits need bitsandbytes: pip install bitsandbytes")
    from transformers import BitsAndBytesConfig  # noqa: PLC0415 looks for bitsandbytes when imported

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _with_lora(model: Any, recipe: Recipe) -> Any:  # noqa: ANN401 any member of the family
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 it takes a second to import

    shape = LoraConfig(r=recipe.lora_rank, lora_alpha=2 * recipe.lora_rank, target_modules=LORA_TARGETS)
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # peft asks transformers by names of before
        return get_peft_model(model, shape)
