"""Readers: a window of pages and a schema become a reading."""
