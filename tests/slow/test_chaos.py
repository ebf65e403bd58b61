import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("reader", "pages"), [("quick", 300), ("vlm", 80)])
def test_no_page_is_lost_or_doubled_while_workers_and_servers_die(tmp_path: Path, reader: str, pages: int) -> None:
    folder = tmp_path / "chaos"
    profile = ("--seed", "7", "--profile", "short", "--reader", reader)
    command = [sys.executable, "-m", "chaos", *profile, "--folder", str(folder)]
    path = os.pathsep.join(str(ROOT / place) for place in ("bench", "tests", "."))

    run = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=900,
    )

    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert (told["pages"], told["lost"], told["doubled"], told["orphan_blobs"]) == (pages, 0, 0, 0)
    assert told["kills"] >= 10
    assert (told["undue_failures"], told["miscounted"], told["missing_blobs"]) == (0, 0, 0)
    assert (told["bad_answers"], told["misled_watchers"], told["webhooks_lost"], told["clients_failed"]) == (0, 0, 0, 0)
    assert told["watchers"] == 2 * told["jobs"]
    assert told["webhooks"] >= told["jobs"]
    assert sum(count for state, count in told["states"].items() if " " not in state) == pages

    counted = subprocess.run(
        [sys.executable, ROOT / "bench/chaos/account.py", folder], capture_output=True, text=True, check=True
    )
    assert json.loads(counted.stdout)["states"] == told["states"]
