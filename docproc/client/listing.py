"""Which jobs are asked for, as the parameters of a request. Knows no connection."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from docproc.domain.document import JobState

Query: TypeAlias = dict[str, str | int | list[str]]


class JobFilters(TypedDict, total=False):
    """All that is given must hold."""

    state: JobState
    #: `name` or `name@version`
    schema: str
    external_id: str
    metadata: Mapping[str, str]
    #: created then or later; with a time zone
    since: datetime
    #: created earlier than that
    before: datetime


def job_query(filters: JobFilters) -> Query:
    """The filters as the server reads them: metadata as `name:value`, times in ISO 8601."""
    asked: dict[str, Any] = dict(filters)
    if "metadata" in asked:
        asked["metadata"] = [f"{name}:{value}" for name, value in asked["metadata"].items()]
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asked.items()}
