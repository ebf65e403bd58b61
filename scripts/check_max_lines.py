"""Fail when a Python file has more than 400 lines; there is no list of exceptions."""

import subprocess
import sys
from pathlib import Path

MAX_LINES = 400


def main() -> int:
    """Return 1 and name the files when any is too long."""
    listed = subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, check=True).stdout.split()  # noqa: S607
    counts = {name: len(Path(name).read_text(encoding="utf-8").splitlines()) for name in listed if Path(name).exists()}
    long = {name: count for name, count in counts.items() if count > MAX_LINES}
    for name, count in sorted(long.items()):
        sys.stderr.write(f"{name}: {count} lines, at most {MAX_LINES}\n")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
