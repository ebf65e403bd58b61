"""Watched places: files that people and machines leave there become jobs, and their records lie in an outbox."""
