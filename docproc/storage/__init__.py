"""Adapters of the stores: SQLAlchemy tables and queries for SQLite and Postgres, and the folder blob store."""
