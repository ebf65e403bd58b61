"""An errand: what is done for a job beside the way of its documents, an export or a delivery."""

from enum import StrEnum


class ErrandState(StrEnum):
    """Where an errand stands; the last two are final."""

    WAITING = "waiting"
    QUEUED = "queued"
    LEASED = "leased"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
