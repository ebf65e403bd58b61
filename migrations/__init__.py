"""Alembic revisions of docproc's tables, the same for SQLite and Postgres."""
