"""What lists are filtered by, as conditions that an index can be entered with. Knows no list."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, Text, and_, cast, func, or_, select, text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from docproc.domain.document import DocumentState, JobState
from docproc.storage.changes import OPEN_DOCUMENT_STATES
from docproc.storage.tables import JOBS, SCHEMAS

# as the partial indexes say it: a parameter in their place could keep a plan from using them
_UNFINISHED = text("jobs.finished_at IS NULL")
_WITH_FAILURES = text("jobs.documents_failed > 0")
_WITH_CANCELED = text("jobs.documents_canceled > 0")
_EMPTY = text("jobs.documents_total = 0")


def behind(table: Table, created_at: datetime, row_id: UUID) -> ColumnElement[bool]:
    """What comes later in a list that begins with the newest.

    The first condition alone tells an index where to begin; a comparison of rows would bind values without their types.
    """
    same = and_(table.c.created_at == created_at, table.c.id < row_id)
    return and_(table.c.created_at <= created_at, or_(table.c.created_at < created_at, same))


def has_metadata(column: Column[Any], wanted: Mapping[str, str], *, is_sqlite: bool) -> Iterator[ColumnElement[bool]]:
    """Each of `wanted` stands there as a text, or as the number that it spells."""
    for key, value in wanted.items():
        if is_sqlite:
            each = func.json_each(column).table_valued("key", "value", "type")
            plain = each.c.type.in_(("text", "integer", "real"))
            yield select(each.c.key).where(each.c.key == key, plain, cast(each.c.value, Text) == value).exists()
        else:
            stored = type_coerce(column, JSONB)
            yield or_(*(stored.contains({key: each}) for each in _spelt(value)))


def _spelt(value: str) -> Iterator[str | int | float]:
    yield value
    try:
        number = json.loads(value)
    except ValueError:
        return
    if type(number) in {int, float} and json.dumps(number) == value:
        yield number


def is_schema(label: str) -> ColumnElement[bool]:
    """`name`, or `name@version`."""
    name, _, version = label.partition("@")
    return and_(SCHEMAS.c.name == name, cast(SCHEMAS.c.version, Text) == version) if version else SCHEMAS.c.name == name


def job_is(state: JobState) -> ColumnElement[bool]:
    """What `domain.states.job_state` and `Job.state` say, as a question to the rows."""
    count = {each: JOBS.c[f"documents_{each}"] for each in DocumentState}
    total = JOBS.c.documents_total
    begun = sum((count[each] for each in OPEN_DOCUMENT_STATES[1:]), count[OPEN_DOCUMENT_STATES[0]])
    usable = count[DocumentState.SUCCEEDED] + count[DocumentState.NEEDS_REVIEW]
    asked = JOBS.c.cancel_requested_at.is_not(None)
    only_received = count[DocumentState.RECEIVED] == total
    # column by column, and not by sums, of which the planner knows nothing
    ended = and_(total > 0, *(count[each] == 0 for each in OPEN_DOCUMENT_STATES))
    spoilt = (count[DocumentState.FAILED], count[DocumentState.CANCELED])
    match state:
        case JobState.QUEUED:
            return or_(and_(_UNFINISHED, total > 0, only_received), and_(_EMPTY, ~asked))
        case JobState.RUNNING:
            return and_(_UNFINISHED, begun > 0, ~only_received)
        case JobState.SUCCEEDED:
            return and_(ended, *(each == 0 for each in spoilt))
        case JobState.PARTIAL:
            return and_(or_(_WITH_FAILURES, _WITH_CANCELED), ended, usable > 0, usable < total)
        case JobState.FAILED:
            return and_(_WITH_FAILURES, ended, usable == 0)
        case JobState.CANCELED:
            none_failed = and_(_WITH_CANCELED, ended, usable == 0, count[DocumentState.FAILED] == 0)
            return or_(and_(_EMPTY, asked), none_failed)
