"""What fine-tuning changed of an NVLM, in a folder of its own, and the base with it again; knows no training.

LoRA's matrices are kept as peft keeps them. Weights that were trained as they are, are kept by their names. Beside both
lies adapter.json, which says what they belong to.
"""

import json
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForImageTextToText

from docproc.domain.errors import NotFoundError, UsageError

ADAPTER_FILE = "adapter.json"
WEIGHTS_FILE = "trained.safetensors"
#: LoRA's matrices stand beside every linear map of the language model, cross-attention's too
LORA_TARGETS = r".*language_model\.layers\.\d+\.(self_attn|mlp|cross_attn)\.(q|k|v|o|gate|up|down)_proj"


class AdapterError(UsageError):
    """The adapter cannot be used, or not with this base."""


def write_adapter(folder: Path, model: Any, *, facts: dict[str, Any]) -> None:  # noqa: ANN401 with or without peft
    """What was trained of `model`, with `facts` about the run."""
    lora = hasattr(model, "peft_config")
    if lora:
        model.save_pretrained(folder)
        # peft's own card says nothing that adapter.json does not
        (folder / "README.md").unlink(missing_ok=True)
    else:
        trained = {name: weight.detach().cpu() for name, weight in model.named_parameters() if weight.requires_grad}
        save_file(trained, folder / WEIGHTS_FILE)
    told = {"form": "lora" if lora else "weights", "architecture": model.config.model_type, **facts}
    (folder / ADAPTER_FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def adapter_facts(folder: Path) -> dict[str, Any]:
    """What adapter.json says. Raises NotFoundError or AdapterError."""
    path = folder / ADAPTER_FILE
    if not path.is_file():
        raise NotFoundError(f"{folder}: no {ADAPTER_FILE} in it: it is no adapter, or its run has not ended")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise AdapterError(f"{path}: cannot be read as JSON") from exc
    if not isinstance(told, dict) or "form" not in told:
        raise AdapterError(f"{path}: says not what the adapter is")
    return told


def load_with_adapter(base: str | Path, adapter: Path, **options: Any) -> Any:  # noqa: ANN401 what from_pretrained takes and gives
    """The model `base` as it was after training; `options` are those of `from_pretrained`.

    Unless the base is quantised, LoRA's matrices are added to its own: it is as fast as before.
    """
    facts = adapter_facts(adapter)
    found = AutoConfig.from_pretrained(base).model_type
    if found != facts.get("architecture"):
        raise AdapterError(f"{adapter}: belongs to a {facts.get('architecture')}, and {base} is a {found}")
    model = AutoModelForImageTextToText.from_pretrained(base, **options)
    if facts["form"] == "lora":
        from peft import PeftModel  # noqa: PLC0415 it takes a second to import, and most models have no adapter

        try:
            with catch_warnings():
                simplefilter("ignore", FutureWarning)  # peft asks transformers by names of before
                model = PeftModel.from_pretrained(model, adapter)
        except RuntimeError as exc:
            raise AdapterError(f"{adapter}: does not fit {base}") from exc
        return (model if getattr(model, "is_quantized", False) else model.merge_and_unload()).eval()
    return _with_weights(model, adapter)


@torch.no_grad()
def _with_weights(model: Any, adapter: Path) -> Any:  # noqa: ANN401 any member of the family
    own = dict(model.named_parameters())
    for name, weight in load_file(adapter / WEIGHTS_FILE).items():
        if name not in own or own[name].shape != weight.shape:
            raise AdapterError(f"{adapter}: {name} does not fit the base")
        own[name].copy_(weight)
    return model.eval()
