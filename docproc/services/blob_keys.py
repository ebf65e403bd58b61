"""Names of blobs: `tenant/kind/name`, safe as a path and as an object key. Knows no store."""

import re
from collections.abc import Mapping
from enum import StrEnum
from string import hexdigits
from uuid import UUID

from docproc.domain.errors import UsageError

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\Z")


class BlobKind(StrEnum):
    """What a blob holds."""

    ORIGINAL = "original"  # by sha256
    WORDS = "words"  # pages of a document, and its attachments
    READING = "reading"
    EXTRACTION = "extraction"
    TABLE = "table"  # rows of a long table
    EXPORT = "export"
    IMAGE = "image"  # of a page, by the sha256 of its document


#: kinds whose names begin with the id of the document that they belong to
OF_DOCUMENT = (BlobKind.WORDS, BlobKind.READING, BlobKind.EXTRACTION, BlobKind.TABLE)

#: what names begin with: the id of a document or an export, or the sha256 of a file
_STEM_DIGITS: Mapping[str, int] = dict.fromkeys((*OF_DOCUMENT, BlobKind.EXPORT), 32) | {
    BlobKind.ORIGINAL: 64,
    BlobKind.IMAGE: 64,
}

#: kinds that are made again when they are lost: not worth waiting for the disk
MADE_AGAIN = frozenset({BlobKind.WORDS, BlobKind.IMAGE})


def original_key(tenant: str, sha256: str) -> str:
    return _key(tenant, BlobKind.ORIGINAL, sha256)


def image_key(tenant: str, sha256: str, page: int, mark: str) -> str:
    """The image of a page; `mark` stands for what it depends on besides the bytes of the document."""
    return _key(tenant, BlobKind.IMAGE, f"{sha256}.{page}.{mark}")


def image_prefix(tenant: str, sha256: str) -> str:
    """Where the images of all pages of these bytes begin."""
    return f"{tenant}/{BlobKind.IMAGE}/{sha256}."


def document_key(tenant: str, kind: BlobKind, document_id: UUID, *marks: int) -> str:
    """A blob of one document; the first mark is the attempt, so that a late worker cannot overwrite a newer one's."""
    return _key(tenant, kind, ".".join([document_id.hex, *map(str, marks)]))


def document_prefix(tenant: str, kind: BlobKind, document_id: UUID) -> str:
    """Where all blobs of one kind of a document begin, those of every attempt."""
    return f"{tenant}/{kind}/{document_id.hex}."


def check_key(key: str) -> tuple[str, str, str]:
    """Tenant, kind and name. Raises UsageError for a key that could lead elsewhere."""
    parts = key.split("/")
    if len(parts) != 3 or not all(_PART.match(part) for part in parts):  # noqa: PLR2004 tenant, kind, name
        raise UsageError("a blob key is tenant/kind/name, of letters, digits, dots, dashes and underscores")
    tenant, kind, name = parts
    return tenant, kind, name


def check_prefix(prefix: str) -> tuple[str, str, str]:
    """Tenant, kind and the beginning of a name, which may be empty."""
    tenant, kind, name = check_key(f"{prefix}0" if prefix.endswith("/") else prefix)
    return tenant, kind, "" if prefix.endswith("/") else name


def stem_of(name: str) -> str:
    """What stands before the first dot: a document id or a sha256."""
    return name.split(".", 1)[0]


def is_ours(key: str) -> bool:
    """Whether docproc may have named it: what others put beside our blobs is none of our business."""
    try:
        _, kind, name = check_key(key)
    except UsageError:
        return False
    digits = _STEM_DIGITS.get(kind)
    stem = stem_of(name)
    return digits == len(stem) and set(stem) <= set(hexdigits.lower())


def _key(tenant: str, kind: BlobKind, name: str) -> str:
    key = f"{tenant}/{kind}/{name}"
    check_key(key)
    return key
