"""Score docproc on a folder of evaluation sets with a scorer of your own; knows neither the data nor how it is scored.

    python bench/score.py SETS_FOLDER SCORER.py [SET ...] [--out FOLDER] [--workers N]

A set is a folder with `docs/`, `schema.json` and what the scorer needs; the scorer is called as
`python SCORER.py SET PREDICTIONS.jsonl` and its last line is one JSON object. The last line here is an object with
each set's `overall`, its calibration and the seconds that the extraction took.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: what of a scorer's report is worth a column
KEPT = ("overall", "entity_f1_norm", "calibration")


def main() -> int:
    """Extract and score every set; return 1 when an extraction crashed."""
    parser = argparse.ArgumentParser(description="Score docproc on evaluation sets.")
    parser.add_argument("sets_folder", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "docproc-score")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.sets or sorted(path.parent.name for path in options.sets_folder.glob("*/schema.json"))
    report = {name: _score(options.sets_folder / name, options) for name in names}
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if any("error" in entry for entry in report.values()) else 0


def _score(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    lines = options.out / f"{folder.name}.jsonl"
    started = time.perf_counter()
    docproc = Path(sys.executable).parent / "docproc"
    command = [
        *(str(docproc), "extract", str(folder / "docs"), "--schema", str(folder / "schema.json")),
        *("--out", str(lines), "--overwrite", "--workers", str(options.workers)),
    ]
    done = subprocess.run(command, check=False)  # noqa: S603 our own command on the user's folder
    seconds = time.perf_counter() - started
    if not lines.exists():
        return {"error": f"docproc ended with {done.returncode}"}
    scored = subprocess.run(  # noqa: S603 the user's own scorer
        [sys.executable, str(options.scorer), str(folder), str(lines), "--per-doc", str(options.out / folder.name)],
        check=True,
        capture_output=True,
        text=True,
    )
    sys.stdout.write(f"== {folder.name}: {seconds:.0f} s\n{scored.stdout}\n")
    result: dict[str, Any] = json.loads(scored.stdout.splitlines()[-1])
    return {key: result[key] for key in KEPT if key in result} | {"seconds": round(seconds, 1)}


if __name__ == "__main__":
    sys.exit(main())
