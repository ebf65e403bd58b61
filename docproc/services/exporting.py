"""An export as a task of its own: asked for, made by a worker, kept as a blob. Knows no format."""

from enum import StrEnum


class ExportState(StrEnum):
    """Where an export stands; the last two are final."""

    WAITING = "waiting"
    QUEUED = "queued"
    LEASED = "leased"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
