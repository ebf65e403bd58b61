"""Tiny NVLM-D, -X and -H learn which tile shows a symbol, and know it by nothing but tiles and tags."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]
SCRIPT = Path(__file__).parents[2] / "bench" / "which_tile.py"
#: of one page in 30 by chance, three times as many at most: among 50 pages that is five
ABOUT_CHANCE = 0.1


@pytest.mark.parametrize("arch", ["d", "x", "h"])
def test_a_tiny_network_learns_which_tile_shows_a_symbol(arch: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "--arch", arch],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(ended.stdout.splitlines()[-1])
    assert facts["same_thumbnail"] == 1.0  # the tiles alone can tell
    assert facts["unseen"] >= 0.9
    assert facts["moved"] >= 0.9
    assert facts["moved_changed"] >= 0.9
    assert facts["permuted"] <= ABOUT_CHANCE
    assert facts["permuted_as_shown"] >= 0.9
    assert facts["untagged"] <= ABOUT_CHANCE
