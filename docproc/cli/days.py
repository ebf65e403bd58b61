"""The option of a moment in time, which is one of UTC. Knows no command."""

from datetime import UTC, datetime
from typing import Annotated

import typer

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.")]


def in_utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
