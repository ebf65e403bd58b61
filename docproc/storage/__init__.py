"""Adapters of the stores: tables and queries for SQLite and Postgres, and blobs in a folder or in S3."""
