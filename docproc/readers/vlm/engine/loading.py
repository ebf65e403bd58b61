"""Weights onto a device, with adapters; says beforehand when they do not fit. Knows no page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from transformers import AutoModelForImageTextToText

from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.errors import ReaderUnavailableError, UsageError
from docproc.nvlm.adapter import ADAPTER_FILE, adapter_facts, load_with_adapter
from docproc.readers.vlm.engine.checkpoint import Checkpoint, require_weights, weight_count
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.network import Network

_MEMORY_FACTS = Path("/proc/meminfo")
_GIB = 1024**3
_WHOLE_BITS, _EIGHT_BITS, _FOUR_BITS = 16, 8, 4
_LORA_FILE = "adapter_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How a checkpoint is loaded and run."""

    #: for everything; None: the model as it is
    adapter: Path | None = None
    #: LoRA adapters by the names that requests use
    adapters: Mapping[str, Path] = field(default_factory=dict)
    #: `cuda`, `cuda:1`, `cpu`; None: all GPUs, or the processor where there is none
    device: str | None = None
    #: of a number of the language model's linear maps: 16, 8 (torchao) or 4 (bitsandbytes, on a GPU)
    bits: int = _WHOLE_BITS
    #: most rows that share a pass
    rows: int = 8


def load_engine(checkpoint: Checkpoint, options: EngineOptions) -> Engine:
    """Load the weights and start the engine. Raises ReaderUnavailableError when they do not fit, or UsageError."""
    device = _device(options.device)
    require_memory(checkpoint.folder, device, bits=options.bits)
    require_weights(checkpoint.folder)
    try:
        model, adapters = _load(checkpoint, options, device)
    except torch.OutOfMemoryError as exc:
        raise ReaderUnavailableError(f"{checkpoint.folder}: {device} has no memory for its weights.") from exc
    network = Network(model)
    vocabulary = Vocabulary(
        checkpoint.processor.tokenizer.backend_tokenizer.to_str(), eos=checkpoint.eos, size=network.vocabulary_size
    )
    return Engine(network, vocabulary, rows=options.rows, adapters=adapters)


def require_fitting(checkpoint: Checkpoint, options: EngineOptions) -> None:
    """Raise UsageError or ReaderUnavailableError for what `load_engine` would refuse, as far as headers can tell."""
    for folder in options.adapters.values():
        _require_adapter(folder, checkpoint, shares=True)
    if options.adapter is not None:
        _require_adapter(options.adapter, checkpoint, shares=bool(options.adapters))
    require_memory(checkpoint.folder, _device(options.device), bits=options.bits)
    require_weights(checkpoint.folder)


def require_memory(folder: Path, device: torch.device, *, bits: int = _WHOLE_BITS) -> None:
    """Raise ReaderUnavailableError when the weights alone are more than there is room for."""
    on_gpu = device.type == "cuda"
    # a processor computes in 32 bits
    needed = weight_count(folder) * (bits / 8 if bits < _WHOLE_BITS else 2 if on_gpu else 4)
    free = _free_on_gpus(device) if on_gpu else _free_memory()
    if free is not None and needed > free:
        where = "the GPU's memory" if on_gpu else "memory"
        raise ReaderUnavailableError(
            f"{folder}: its weights take {needed / _GIB:.1f} GiB, and {free / _GIB:.1f} GiB of {where} are free. "
            "Hold it in fewer bits (DOCPROC_VLM_BITS), or ask a server (--reader remote)."
        )


def _load(checkpoint: Checkpoint, options: EngineOptions, device: torch.device) -> tuple[Any, "LoraAdapters | None"]:
    told: dict[str, Any] = {"dtype": torch.bfloat16 if device.type == "cuda" else torch.float32}
    # several GPUs share the layers; one is given all of them
    spread = device.type == "cuda" and device.index is None and torch.cuda.device_count() > 1
    told["device_map"] = "auto" if spread else {"": device}
    if (quantisation := _quantisation(options.bits)) is not None:
        told["quantization_config"] = quantisation
    if not options.adapters and options.adapter is not None and (options.adapter / ADAPTER_FILE).is_file():
        return load_with_adapter(checkpoint.folder, options.adapter, **told), None
    model = AutoModelForImageTextToText.from_pretrained(checkpoint.folder, **told).eval()
    if options.adapter is None and not options.adapters:
        return model, None
    return model, LoraAdapters(model, checkpoint, options)


class LoraAdapters:
    """LoRA's matrices beside the model's own; which of them count is said before a pass."""

    def __init__(self, model: Any, checkpoint: Checkpoint, options: EngineOptions) -> None:  # noqa: ANN401 any model
        folders: dict[str | None, Path] = dict(options.adapters.items())
        if options.adapter is not None:
            folders[None] = options.adapter
        self.names = frozenset(options.adapters)
        # peft's names may hold no dot
        self._numbers = {name: f"adapter{number}" for number, name in enumerate(folders)}
        for folder in folders.values():
            _require_adapter(folder, checkpoint, shares=True)
        try:
            self._model = _with_lora(model, {self._numbers[name]: folder for name, folder in folders.items()})
        except (RuntimeError, ValueError, OSError) as exc:
            told = ", ".join(map(str, folders.values()))
            raise UsageError(f"{told}: an adapter does not fit {checkpoint.folder}") from exc

    def use(self, name: str | None) -> None:
        """This one, or without a name the one for everything, or none."""
        if name in self._numbers:
            self._model.base_model.enable_adapter_layers()
            self._model.set_adapter(self._numbers[name])
        else:
            self._model.base_model.disable_adapter_layers()


def _with_lora(model: Any, folders: Mapping[str, Path]) -> Any:  # noqa: ANN401 any model, and peft's around it
    from peft import PeftModel  # noqa: PLC0415 it takes a second to import, and most models have no adapter

    first, *others = folders
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # peft asks transformers by names of before
        with_lora = PeftModel.from_pretrained(model, folders[first], adapter_name=first)
        for name in others:
            with_lora.load_adapter(folders[name], adapter_name=name)
    return with_lora.eval()


def _require_adapter(folder: Path, checkpoint: Checkpoint, *, shares: bool) -> None:
    """Raise UsageError or NotFoundError for a folder that is no adapter of this model.

    Args:
        folder: of the adapter.
        checkpoint: what it is to be an adapter of.
        shares: other adapters are used with the same model; whole weights cannot be.
    """
    if not checkpoint.is_nvlm and not (folder / ADAPTER_FILE).is_file():
        if not (folder / _LORA_FILE).is_file():
            raise UsageError(f"{folder}: no adapter: there is no {_LORA_FILE} in it")
        return
    facts = adapter_facts(folder)
    if facts.get("architecture") != checkpoint.config.model_type:
        raise UsageError(
            f"{folder}: belongs to a {facts.get('architecture')}, and {checkpoint.folder} is a "
            f"{checkpoint.config.model_type}"
        )
    if shares and facts["form"] != "lora":
        raise UsageError(f"{folder}: holds whole weights, no LoRA: it can only be used for all schemas (--adapter)")


def _quantisation(bits: int) -> Any:  # noqa: ANN401 a quantisation of transformers
    if bits == _EIGHT_BITS:
        from torchao.quantization import Int8WeightOnlyConfig  # noqa: PLC0415 an extra, and it says much when imported
        from transformers import TorchAoConfig  # noqa: PLC0415

        return TorchAoConfig(Int8WeightOnlyConfig())
    if bits == _FOUR_BITS:
        from transformers import BitsAndBytesConfig  # noqa: PLC0415 looks for bitsandbytes when imported

        return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    return None


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as exc:
        raise UsageError(f"there is no device called {name!r}: cpu, cuda and cuda:1 are some") from exc
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ReaderUnavailableError("There is no NVIDIA GPU here, or this torch cannot use it.")
    return device


def _free_on_gpus(device: torch.device) -> int:
    chosen = range(torch.cuda.device_count()) if device.index is None else [device.index]
    return sum(int(torch.cuda.mem_get_info(index)[0]) for index in chosen)


def _free_memory() -> int | None:
    """What Linux can still give; None where it is no Linux."""
    if not _MEMORY_FACTS.is_file():
        return None
    lines = _MEMORY_FACTS.read_text(encoding="ascii").splitlines()
    told = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(told["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in told else None
