"""Bytes to an accepted document: media type by magic bytes, limits, sha256; decodes nothing and parses nothing."""

from docproc.intake.accept import accept
from docproc.intake.limits import Limits
from docproc.intake.sniff import HEAD_BYTES, TAIL_BYTES, sniff

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "Limits", "accept", "sniff"]
