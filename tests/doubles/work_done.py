"""How far a job of the command line is, told by its own rows: a command that asks takes longer than many documents."""

import sqlite3
from contextlib import closing
from pathlib import Path


def documents_done(data: Path) -> int:
    """Of all jobs; none while there is no database."""
    kept = data / "docproc.db"
    if not kept.exists():
        return 0
    with closing(sqlite3.connect(f"file:{kept}?mode=ro", uri=True)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM documents WHERE finished_at IS NOT NULL").fetchone()
        except sqlite3.OperationalError:  # its tables are being made
            return 0
        return int(count)
