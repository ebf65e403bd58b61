"""Passwords come from a file, never from the command line, where every user of the machine could read them."""

from pathlib import Path

from docproc.domain.errors import UsageError


def read_passwords(file: Path | None) -> tuple[str, ...]:
    """One password a line, tried in this order; empty lines are left out.

    Raises UsageError when the file cannot be read.
    """
    if file is None:
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"--password-file {file}: cannot be read: {exc}") from exc
    return tuple(line for line in lines if line)
