"""What a checkpoint's files say they hold, read from their headers alone; knows no network, nor where the files are."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from docproc.nvlm.checkpoint import CheckpointError

INDEX_NAME = "model.safetensors.index.json"
SINGLE_NAME = "model.safetensors"
#: a header is preceded by its length, little-endian
_LENGTH_BYTES = 8
#: as the format itself limits it
_MOST_HEADER_BYTES = 100_000_000
_DTYPE_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}


class CheckpointFiles(Protocol):
    """The files of a checkpoint, wherever they are."""

    @property
    def place(self) -> str:
        """What to call them."""

    def size(self, name: str) -> int | None:
        """Bytes of the file `name`; None: there is none."""

    def read(self, name: str, *, start: int, length: int) -> bytes:
        """A part of a file that is there."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """A checkpoint on this machine."""

    folder: Path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def size(self, name: str) -> int | None:
        """As its file system says it."""
        path = self.folder / name
        return path.stat().st_size if path.is_file() else None

    def read(self, name: str, *, start: int, length: int) -> bytes:
        """Nothing more is read from the disk."""
        with (self.folder / name).open("rb") as file:
            file.seek(start)
            return file.read(length)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """A tensor as its shard's header tells it."""

    shape: tuple[int, ...]
    dtype: str
    stored_bytes: int

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        total = 1
        for side in self.shape:
            total *= side
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """Every tensor of a checkpoint."""

    #: by published name
    tensors: dict[str, StoredTensor]
    #: what is wrong with the files themselves
    faults: tuple[str, ...]
    #: shards that end where their header ends
    headers_only: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """How many numbers are stored, dummy heads included."""
        return sum(tensor.parameters for tensor in self.tensors.values())

    @property
    def stored_bytes(self) -> int:
        """How many bytes the tensors take on disk."""
        return sum(tensor.stored_bytes for tensor in self.tensors.values())


def read_headers(files: CheckpointFiles) -> StoredCheckpoint:
    """The tensors of a checkpoint, and what is wrong with its files."""
    places = _weight_map(files)
    tensors: dict[str, StoredTensor] = {}
    faults: list[str] = []
    headers_only: list[str] = []
    for shard in sorted(set(places.values())):
        if files.size(shard) is None:
            faults.append(f"{shard} is missing")
            continue
        found, data_bytes = read_header(files, shard)
        ends_after = sum(tensor.stored_bytes for tensor in found.values())
        if data_bytes == 0 and ends_after:
            headers_only.append(shard)
        elif data_bytes != ends_after:
            faults.append(f"{shard} holds {data_bytes} bytes of tensors; its header says {ends_after}")
        if doubled := tensors.keys() & found.keys():
            faults.append(f"{min(doubled)} is in {shard} and in another shard")
        if strangers := {name for name in found if places.get(name) != shard}:
            faults.append(f"{min(strangers)} is in {shard}, where the index does not look for it")
        tensors |= found
    return StoredCheckpoint(tensors=tensors, faults=tuple(faults), headers_only=tuple(headers_only))


def read_header(files: CheckpointFiles, name: str) -> tuple[dict[str, StoredTensor], int]:
    """The tensors of one shard, and how many bytes follow its header."""
    size = files.size(name) or 0
    length = int.from_bytes(files.read(name, start=0, length=min(size, _LENGTH_BYTES)), "little")
    if size < _LENGTH_BYTES or length > min(size - _LENGTH_BYTES, _MOST_HEADER_BYTES):
        raise CheckpointError(f"{name} is not a safetensors file")
    header = _json(files.read(name, start=_LENGTH_BYTES, length=length), name)
    try:
        found = {tensor: _tensor(entry) for tensor, entry in header.items() if tensor != "__metadata__"}
    except (KeyError, TypeError, ValueError) as exc:
        raise CheckpointError(f"{name} has a header that cannot be read: {exc!r}") from exc
    return found, size - _LENGTH_BYTES - length


def read_object(files: CheckpointFiles, name: str) -> dict[str, Any] | None:
    """The object that a JSON file holds; None: there is no such file."""
    size = files.size(name)
    if size is None:
        return None
    if size > _MOST_HEADER_BYTES:
        raise CheckpointError(f"{name} is too long to be read")
    return _json(files.read(name, start=0, length=size), name)


def _tensor(entry: dict[str, Any]) -> StoredTensor:
    start, end = entry["data_offsets"]
    tensor = StoredTensor(shape=tuple(map(int, entry["shape"])), dtype=entry["dtype"], stored_bytes=end - start)
    if tensor.stored_bytes != tensor.parameters * _DTYPE_BYTES[tensor.dtype]:
        raise ValueError(f"{tensor.shape} of {tensor.dtype} is not {tensor.stored_bytes} bytes")
    return tensor


def _weight_map(files: CheckpointFiles) -> dict[str, str]:
    """Which tensor is in which shard."""
    if (index := read_object(files, INDEX_NAME)) is not None:
        places = index.get("weight_map")
        if not isinstance(places, dict) or not all(_is_beside(shard) for shard in places.values()):
            raise CheckpointError(f"{INDEX_NAME} has no weight map")
        return places
    if files.size(SINGLE_NAME) is not None:
        return dict.fromkeys(read_header(files, SINGLE_NAME)[0], SINGLE_NAME)
    raise CheckpointError(f"{files.place} holds neither {INDEX_NAME} nor {SINGLE_NAME}")


def _is_beside(shard: object) -> bool:
    return isinstance(shard, str) and Path(shard).name == shard


def _json(text: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise CheckpointError(f"{name} cannot be read: {exc}") from exc
    if not isinstance(value, dict):
        raise CheckpointError(f"{name} cannot be read: not an object")
    return value
