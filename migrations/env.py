"""What Alembic runs: on the connection that docproc hands over, or on `-x url=URL` for a developer."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection

from docproc.storage.columns import Base, UtcDateTime
from docproc.storage.database import Database
from docproc.storage.differences import compare_type


def render_item(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our column types as SQLAlchemy's own, so that an old revision needs nothing of docproc."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=compare_type,
        # Alembic thinks that SQLite cannot roll back DDL; with transactions begun by us it can
        transactional_ddl=True,
    )
    context.run_migrations()


def main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    database = Database.open(context.get_x_argument(as_dictionary=True)["url"])
    with database.write() as connection:
        run(connection)
    database.close()


main()
