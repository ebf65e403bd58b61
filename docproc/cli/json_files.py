"""JSON and JSON lines that a user hands in; an error names the place and quotes nothing of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docproc.domain.errors import UsageError


def read_json(path: Path) -> Any:  # noqa: ANN401 plain JSON
    """A JSON file. Raises UsageError that quotes nothing of it."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as exc:
        raise UsageError(f"{path}: cannot be read as JSON") from exc


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file. Raises UsageError with the number of a line that is none."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _object(line, f"{path}: line {number}")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: cannot be read") from exc


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as exc:
        raise UsageError(f"{place} is not JSON") from exc
    if not isinstance(parsed, dict):
        raise UsageError(f"{place} is not an object")
    return parsed
