"""Sums over the rows of the meter. Knows no price."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select

from docproc.services.usage import UsageBy, UsageFilter, UsageSum
from docproc.storage.database import Database
from docproc.storage.service_tables import USAGE

_SUMMED = ("pages", "tiles", "prompt_tokens", "output_tokens", "seconds")


class SqlUsageStore:
    """Usage in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sums(self, wanted: UsageFilter, *, by: Sequence[UsageBy]) -> Sequence[UsageSum]:
        groups = self._groups()
        chosen = {each: groups[each].label(f"by_{each}") for each in dict.fromkeys(by)}
        sums = [func.coalesce(func.sum(USAGE.c[name]), 0).label(name) for name in _SUMMED]
        statement = select(*chosen.values(), *sums).where(*_terms(wanted))
        if chosen:
            statement = statement.group_by(*chosen.values()).order_by(*chosen.values())
        with self._database.read() as connection:
            return [
                UsageSum(
                    group={each: str(row[f"by_{each}"]) for each in chosen},
                    pages=int(row["pages"]),
                    tiles=int(row["tiles"]),
                    prompt_tokens=int(row["prompt_tokens"]),
                    output_tokens=int(row["output_tokens"]),
                    seconds=float(row["seconds"]),
                )
                for row in connection.execute(statement).mappings()
            ]

    def _groups(self) -> Mapping[UsageBy, ColumnElement[Any]]:
        moment: ColumnElement[Any] = USAGE.c.happened_at
        if not self._database.is_sqlite:  # which keeps moments in UTC
            moment = func.timezone("UTC", moment)
        return {
            UsageBy.TENANT: USAGE.c.tenant,
            UsageBy.DAY: cast(func.date(moment), Text),
            UsageBy.JOB: USAGE.c.job_id,
            UsageBy.READER: USAGE.c.reader,
        }


def _terms(wanted: UsageFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.tenant is not None:
        yield USAGE.c.tenant == wanted.tenant
    if wanted.since is not None:
        yield USAGE.c.happened_at >= wanted.since
    if wanted.before is not None:
        yield USAGE.c.happened_at < wanted.before
