"""What all tables are made of: the base class, names of constraints, columns that both databases keep alike."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, Enum, Index, MetaData, Text, TypeDecorator, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from docproc.storage.paths import path_of, stored_path

#: with names for all constraints SQLite can drop them in a later migration
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: key order is not kept on Postgres: never hash such a column, never put a record into one
JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: SQLite forgets the zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone is ambiguous")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PathText(TypeDecorator[str]):
    """A path of the file system, also one that is not UTF-8."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else stored_path(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else path_of(value)


def state_column(kind: type[StrEnum], name: str) -> Enum:
    """An enum kept as text with a check: a native type could not gain a member inside a transaction."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        UUID: Uuid,
        dict[str, Any]: JsonColumn,
        list[Any]: JsonColumn,
    }


def metadata_index(name: str) -> Index:
    """An index of what users say of their things: on Postgres by any of its keys."""
    condition = text("metadata IS NOT NULL")
    return Index(
        name,
        "metadata",
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
        postgresql_where=condition,
        sqlite_where=condition,
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the few rows that `where` picks, on both databases; a query must repeat the condition to use it."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
