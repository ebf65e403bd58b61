"""Watchers under fire, in short: nothing that had to be taken is lost, nothing is taken twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_version_that_lay_untouched_is_taken_once(seed: int) -> None:
    """Each seed is in another place: SQLite or Postgres, moved or in place, another file system, a full outbox."""
    command = [sys.executable, "-m", "watch_chaos", "--seed", str(seed), "--profile", "short"]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "PYTHONPATH": f"{ROOT / 'bench'}:{ROOT / 'tests'}"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["lost"], told["doubled"], told["strange"], told["originals_lost"]) == (0, 0, 0, 0)
    assert told["kills"] > 0
    assert told["owed"] > told["files"] / 2


def test_a_burst_costs_no_more_a_file_and_no_more_memory_than_a_few_files() -> None:
    command = [sys.executable, str(ROOT / "bench" / "watch_burst.py"), "--files", "100", "1000"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    told = json.loads(done.stdout.splitlines()[-1])
    assert told["more_mib"] < 16
    assert told["times_slower"] < 2, "of a machine that others use too; bench/watch_burst.py says it exactly"
