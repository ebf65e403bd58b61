"""Make the client for threads of the one for asyncio, so that there is one source of both: `--check` only compares."""

import re
import subprocess
import sys
from pathlib import Path

ROOM = Path(__file__).parent.parent / "docproc" / "client"
TWINS = {"async_client.py": "sync_client.py", "async_job.py": "sync_job.py"}

#: in this order; each is a whole word or phrase of the source
WORDS = (
    (
        r"for asyncio\. `(\w+)\.py` is made of this file: edit this one\.",
        r"for threads. Made by scripts/make_sync_client.py.",
    ),
    (r"from asyncio import sleep", "from time import sleep"),
    (r"from collections\.abc import (.*)Awaitable, ", r"from collections.abc import \1"),
    (r"Awaitable\[([\w.]+)\]", r"\1"),
    (r"\basync_(client|job)\b", r"sync_\1"),
    (r"\b(async def|async with|async for)\b", lambda found: found[1].removeprefix("async ")),
    (r"\bawait ", ""),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAsync(Client|Job)\b", r"\1"),
    (r"\ba(close|read|iter_bytes)\(", r"\1("),
)


def threaded(source: str) -> str:
    """The same program without asyncio."""
    for pattern, words in WORDS:
        source = re.sub(pattern, words, source)
    return source


def formatted(source: str, name: str) -> str:
    """As `make fix` would leave it."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (
        ["check", "--fix", "--unsafe-fixes", "--select=I,UP028", "--exit-zero", "--quiet"],
        ["format", "--quiet"],
    ):
        done = subprocess.run(  # noqa: S603 our own words, and our own source on its standard input
            [*ruff, *command, "--stdin-filename", str(ROOM / name), "-"],
            input=source,
            capture_output=True,
            text=True,
            check=True,
        )
        source = done.stdout
    return source


def main() -> int:
    """Write the twins, or with `--check` say which one is no longer what its source makes."""
    stale = []
    for source, twin in TWINS.items():
        made = formatted(threaded((ROOM / source).read_text(encoding="utf-8")), twin)
        place = ROOM / twin
        if not place.exists() or place.read_text(encoding="utf-8") != made:
            stale.append(twin)
            if "--check" not in sys.argv[1:]:
                place.write_text(made, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        sys.stderr.write(f"docproc/client: run scripts/make_sync_client.py, it changes {', '.join(stale)}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
