"""Fetching a published checkpoint, its licence first; knows neither terminal nor network shape."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import huggingface_hub

# HTTPError is that of the HTTP library beneath the client, which is not the same one in all its versions
from huggingface_hub.errors import HFValidationError, HTTPError, LocalEntryNotFoundError

from docproc.domain.errors import NotFoundError, UsageError

#: weights once, in one form, with what is needed to read them; never code
_WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "LICENSE*", "README.md")
#: where the card's own word is not plain enough
_KNOWN_TERMS = {
    "nvidia/NVLM-D-72B": "CC-BY-NC-4.0: non-commercial use only",
}


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


class PublicHub:
    """The hub as its own client reaches it."""

    def offer(self, name: str) -> Offer:
        """What `name` is, before anything is fetched."""
        found = _asked(name, lambda: huggingface_hub.HfApi().model_info(name, files_metadata=True))
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

    def fetch(self, offer: Offer, into: Path) -> Path:
        """The folder with what was offered; a fetch that was cut short goes on where it stopped."""
        return _asked(
            offer.name,
            lambda: Path(
                huggingface_hub.snapshot_download(
                    offer.name, revision=offer.revision, local_dir=into, allow_patterns=list(_WANTED)
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


def _asked(name: str, question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except (HTTPError, HFValidationError, OSError) as exc:
        reason = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise HubError(f"{name} cannot be fetched: {reason}") from exc
