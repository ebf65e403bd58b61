"""A checkpoint's folder before its weights are loaded: configuration, processor, what tells it from others."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from transformers import AutoConfig, AutoProcessor, GenerationConfig

from docproc.domain.errors import DocprocError, UsageError
from docproc.nvlm import NvlmDConfig
from docproc.nvlm.headers import INDEX_NAME, SINGLE_NAME, FolderFiles, read_header, read_object
from docproc.nvlm.quiet import be_quiet
from docproc.readers.vlm.engine.still_images import still_image_processor

#: of a file of weights this much is read at its beginning, its end and between, to tell it from others
_SAMPLE_BYTES = 1 << 16
_SAMPLES = 16
_LABEL_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model that can be loaded."""

    folder: Path
    config: Any
    processor: Any
    fingerprint: str

    @property
    def is_nvlm(self) -> bool:
        """One of the family that docproc has of its own."""
        return isinstance(self.config, NvlmDConfig)

    @property
    def label(self) -> str:
        """Its kind and what tells it from others of its kind."""
        return f"{self.config.model_type}-{self.fingerprint}"

    @property
    def eos(self) -> int:
        """The token that ends an answer."""
        tokenizer = self.processor.tokenizer
        if self.is_nvlm:
            return int(self.processor.eos_token_id)
        ends = _ends(self.folder)
        return ends[0] if ends and tokenizer.eos_token_id not in ends else int(tokenizer.eos_token_id)


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read everything but the weights. Raises UsageError that says what is wrong with `folder`."""
    be_quiet()
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder}: no model: there is no config.json in it")
    try:
        config = AutoConfig.from_pretrained(folder)
    except DocprocError:
        raise
    except (ValueError, OSError) as exc:
        raise UsageError(f"{folder}: its config.json is of no model that is known here") from exc
    processor = _processor(folder, config)
    if not hasattr(getattr(processor, "tokenizer", None), "backend_tokenizer"):
        raise UsageError(f"{folder}: it has no fast tokenizer beside an image processor: it reads no page images")
    return Checkpoint(folder=folder, config=config, processor=processor, fingerprint=fingerprint(folder))


def fingerprint(folder: Path) -> str:
    """Tells a folder of weights from others, wherever it lies: names, sizes, headers and samples of every file."""
    told = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".safetensors", ".bin", ".txt", ".jinja"}:
            told.update(f"{path.name}:{path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                for sample in _samples(file, path.stat().st_size):
                    told.update(sample)
    return told.hexdigest()[:_LABEL_LENGTH]


def weight_count(folder: Path) -> int:
    """How many numbers its files of weights hold, by their headers; 0 when they have none. Raises UsageError."""
    files = FolderFiles(folder)
    tensors = (read_header(files, path.name)[0] for path in folder.glob("*.safetensors"))
    return sum(tensor.parameters for shard in tensors for tensor in shard.values())


def require_weights(folder: Path) -> None:
    """Raise UsageError when a file of weights is missing or cut short; others than safetensors are not looked into."""
    files = FolderFiles(folder)
    for shard in _shards(files):
        if files.size(shard) is None:
            raise UsageError(f"{folder}: {shard} is missing: fetch the checkpoint again")
        tensors, there = read_header(files, shard)
        if there < sum(tensor.stored_bytes for tensor in tensors.values()):
            raise UsageError(f"{folder}: {shard} is cut short: fetch the checkpoint again")


def _shards(files: FolderFiles) -> Collection[str]:
    index = read_object(files, INDEX_NAME)
    if index is not None:
        return frozenset(index.get("weight_map", {}).values())
    return () if any(files.folder.glob("*.bin")) else (SINGLE_NAME,)


def _processor(folder: Path, config: Any) -> Any:  # noqa: ANN401 of any model
    try:
        return AutoProcessor.from_pretrained(folder)
    except DocprocError:
        raise
    except (ImportError, ValueError):
        # most often for want of torchvision, which a page needs not
        pass
    except OSError as exc:
        raise _unreadable(folder, exc) from exc
    try:
        return still_image_processor(folder, config)
    except (ImportError, ValueError, OSError, TypeError) as exc:
        raise _unreadable(folder, exc) from exc


def _unreadable(folder: Path, error: BaseException) -> UsageError:
    said = (str(error).strip() or type(error).__name__).partition("\n")[0][:200]
    return UsageError(f"{folder}: its processor or tokenizer cannot be read: {said}")


def _samples(file: BinaryIO, size: int) -> Iterator[bytes]:
    last = max(0, size - _SAMPLE_BYTES)
    for place in sorted({last * number // (_SAMPLES - 1) for number in range(_SAMPLES)}):
        file.seek(place)
        yield file.read(_SAMPLE_BYTES)


def _ends(folder: Path) -> list[int]:
    try:
        told = GenerationConfig.from_pretrained(folder).eos_token_id
    except (ValueError, OSError):
        return []
    return [] if told is None else [told] if isinstance(told, int) else list(told)
