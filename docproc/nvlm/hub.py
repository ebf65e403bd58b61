"""Fetching a published checkpoint, its licence first, or parts of its files; knows no terminal and no network shape."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol, TypeVar

import huggingface_hub

# HTTPError is that of the HTTP library beneath the client, which is not the same one in all its versions
from huggingface_hub.errors import HFValidationError, HTTPError, LocalEntryNotFoundError

from docproc.domain.errors import NotFoundError, UsageError
from docproc.nvlm.headers import CheckpointFiles, FolderFiles

#: weights once, in one form, with what is needed to read them; never code
_WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "LICENSE*", "README.md")
#: where the card's own word is not plain enough
_KNOWN_TERMS = {
    "nvidia/NVLM-D-72B": "CC-BY-NC-4.0: non-commercial use only",
}


#: OWNER/NAME; whatever else was meant as a folder
_NAME_PATTERN = re.compile(r"[\w.-]+/[\w.-]+")

Answer = TypeVar("Answer")


class HubError(UsageError):
    """The hub cannot be reached, or has no such checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A checkpoint that could be fetched."""

    name: str
    #: the commit that was looked at, and that is fetched
    revision: str
    licence: str
    download_bytes: int


class Hub(Protocol):
    """The two questions that are asked of the hub."""

    def offer(self, name: str) -> Offer:
        """What `name` is, before anything is fetched."""

    def fetch(self, offer: Offer, into: Path) -> Path:
        """The folder with what was offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFiles:
    """A checkpoint's files where they are published; nothing is kept of what is read."""

    name: str
    revision: str
    #: bytes of every file
    sizes: Mapping[str, int]
    endpoint: str | None

    @property
    def place(self) -> str:
        """Its name."""
        return self.name

    def size(self, name: str) -> int | None:
        """As the hub lists it."""
        return self.sizes.get(name)

    def read(self, name: str, *, start: int, length: int) -> bytes:
        """Exactly these bytes of the file: a server that would send all of it is not listened to."""
        return _asked(self.name, lambda: self._part(name, start, length)) if length else b""

    def _part(self, name: str, start: int, length: int) -> bytes:
        url = huggingface_hub.hf_hub_url(self.name, name, revision=self.revision, endpoint=self.endpoint)
        wanted = {"Range": f"bytes={start}-{start + length - 1}", "Accept-Encoding": "identity"}
        headers = huggingface_hub.utils.build_hf_headers() | wanted
        session = huggingface_hub.utils.get_session()
        with session.stream("GET", url, headers=headers, follow_redirects=True) as answer:
            huggingface_hub.utils.hf_raise_for_status(answer)
            if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                raise HubError(f"{name} cannot be read in parts")
            part: bytes = answer.read()
        if len(part) != length:
            raise HubError(f"{name} came in part only")
        return part


class PublicHub:
    """The hub as its own client reaches it, at `endpoint` or where the client is set to look."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint

    def offer(self, name: str) -> Offer:
        """What `name` is, before anything is fetched."""
        found = self._info(name)
        card = found.card_data.to_dict() if found.card_data else {}
        said = " ".join(filter(None, (card.get("license"), card.get("license_name"), card.get("license_link"))))
        files = huggingface_hub.utils.filter_repo_objects(
            found.siblings or [], allow_patterns=list(_WANTED), key=lambda file: file.rfilename
        )
        return Offer(
            name=name,
            revision=found.sha,
            licence=_KNOWN_TERMS.get(name, said or "not stated"),
            download_bytes=sum(file.size or 0 for file in files),
        )

    def files(self, name: str) -> HubFiles:
        """The files of `name`, to be read in parts."""
        found = self._info(name)
        sizes = {file.rfilename: file.size for file in found.siblings or [] if file.size is not None}
        return HubFiles(name=name, revision=found.sha, sizes=sizes, endpoint=self._endpoint)

    def _info(self, name: str) -> huggingface_hub.ModelInfo:
        api = huggingface_hub.HfApi(endpoint=self._endpoint)
        return _asked(name, lambda: api.model_info(name, files_metadata=True))

    def fetch(self, offer: Offer, into: Path) -> Path:
        """The folder with what was offered; a fetch that was cut short goes on where it stopped."""
        return _asked(
            offer.name,
            lambda: Path(
                huggingface_hub.snapshot_download(
                    offer.name,
                    revision=offer.revision,
                    local_dir=into,
                    allow_patterns=list(_WANTED),
                    endpoint=self._endpoint,
                )
            ),
        )


def local_folder(name: str, *, cache: Path | None = None) -> Path:
    """The folder `name`, or where the hub's client keeps the checkpoint `name` that was fetched before."""
    if (folder := Path(name)).is_dir():
        return folder
    try:
        return Path(huggingface_hub.snapshot_download(name, local_files_only=True, cache_dir=cache))
    except (HFValidationError, LocalEntryNotFoundError) as exc:
        raise NotFoundError(f"{name} is neither a folder nor a checkpoint that was fetched before") from exc


def checkpoint_files(name: str, hub: PublicHub, *, cache: Path | None = None) -> CheckpointFiles:
    """The files of the checkpoint `name`: on this machine where they are here, else on the hub."""
    try:
        return FolderFiles(local_folder(name, cache=cache))
    except NotFoundError as exc:
        if not _NAME_PATTERN.fullmatch(name):
            raise
        try:
            return hub.files(name)
        except HubError as unreachable:
            raise NotFoundError(f"{exc}, and on the hub: {unreachable}") from unreachable


def _asked(name: str, question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except (HTTPError, HFValidationError, OSError) as exc:
        reason = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise HubError(f"{name} cannot be fetched: {reason}") from exc
