"""A document: one submitted file, known by its sha256, immutable."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

#: pages are numbered from 1 in ranges; None: all
PageRanges: TypeAlias = tuple[tuple[int, int], ...] | None


class MediaType(StrEnum):
    """What docproc reads, told by magic bytes and never by name."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    GIF = "image/gif"
    BMP = "image/bmp"
    HEIC = "image/heic"
    AVIF = "image/avif"
    XML = "application/xml"
    #: the body of a mail, as docproc made it of a container; never told by magic bytes: other web pages are refused
    HTML = "text/html"
    ZIP = "application/zip"
    MAIL = "message/rfc822"

    @property
    def is_container(self) -> bool:
        """Whether it holds documents and is none itself."""
        return self in {MediaType.ZIP, MediaType.MAIL}


class DocumentState(StrEnum):
    """Where a document stands; the last four are final."""

    RECEIVED = "received"
    PREPARING = "preparing"
    READING = "reading"
    ASSEMBLING = "assembling"
    SUCCEEDED = "succeeded"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    CANCELED = "canceled"


class JobState(StrEnum):
    """Where a job stands, derived from its documents; the last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What intake found out about a file, without parsing it."""

    sha256: str
    media_type: MediaType
    byte_count: int
