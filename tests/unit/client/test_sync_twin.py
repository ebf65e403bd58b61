"""The client for threads is what the one for asyncio makes it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_client_for_threads_is_made_of_the_one_for_asyncio():
    script = ROOT / "scripts" / "make_sync_client.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_word_of_asyncio_is_left_in_it():
    room = ROOT / "docproc" / "client"
    text = "".join((room / name).read_text() for name in ("sync_client.py", "sync_job.py"))
    assert "async" not in text.lower()
    assert "await" not in text
