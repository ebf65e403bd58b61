"""Extractions to files: JSONL, JSON, CSV, XLSX and the HTML report. Knows no store, no job and no page parser."""
