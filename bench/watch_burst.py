"""Files dropped at once: time per file and peak memory of a watcher, over how many they are. Neither may grow.

python bench/watch_burst.py [--files 100 1000 10000] [--documents]

By default the files are refused by intake, so that what is left is the cost of watching; with --documents each is a
page that a reader of a few milliseconds reads. The first number is run once more at the end: what other work on the
machine did meanwhile shows in the difference of the two.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy

_BENCH = Path(__file__).parent
sys.path.insert(0, str(_BENCH))
from watch_chaos.drops import tiny_pdf  # noqa: E402 beside this file

_LOOK_EVERY_S, _TELL_EVERY_S = 0.2, 10.0


def burst(files: int, *, documents: bool) -> dict[str, float]:
    """One run of `docproc watch --once` over a folder with so many files."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        inbox = base / "inbox"
        inbox.mkdir()
        for number in range(files):
            text = f"File {number}"
            (inbox / f"{number:06}.pdf").write_bytes(tiny_pdf(text) if documents else text.encode())
        command = [str(Path(sys.executable).parent / "docproc"), "watch", str(inbox), "--schema", "key_value", "--once"]
        command += ["--reader", "quick", "--outbox", str(base / "outbox"), "--settle", "1", "--workers", "2"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(_BENCH),
            "DOCPROC_DATA_DIR": str(base / "data"),
            "DOCPROC_READERS": json.dumps({"quick": "chaos.quick_reader:QuickReader"}),
        }
        peak_kib = _watched(command, environment, base / "log", inbox=inbox)
        put_away = sum(
            not path.name.endswith(".json") for each in ("done", "failed") for path in (inbox / each).iterdir()
        )
        if put_away != files:
            raise SystemExit(f"of {files} files {put_away} were put away")
        seconds = _seconds(base / "data" / "docproc.db")
        return {
            "files": files,
            "seconds": round(seconds, 1),
            "milliseconds_each": round(1000 * seconds / files, 2),
            "peak_mib": round(peak_kib / 1024, 1),
        }


def _watched(command: list[str], environment: dict[str, str], log: Path, *, inbox: Path) -> int:
    """Its peak memory, when it has ended; tells now and then how far it is."""
    told_at, peak_kib = time.monotonic(), 0
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)  # noqa: S603 our own
        while process.poll() is None:
            peak_kib = max(peak_kib, _peak_kib(process.pid))
            if time.monotonic() - told_at > _TELL_EVERY_S:
                told_at = time.monotonic()
                left = sum(path.suffix == ".pdf" for path in inbox.iterdir())
                print(f"{left} lie there, {peak_kib / 1024:.0f} MiB", file=sys.stderr, flush=True)
            time.sleep(_LOOK_EVERY_S)
    return peak_kib


def _peak_kib(pid: int) -> int:
    """Of the watcher's own process; parsing children are bounded by limits of their own."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _seconds(database: Path) -> float:
    """From the first file that was claimed to the last that was put away: without the start of the process."""
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    days = "julianday(max(finished_at)) - julianday(min(seen_at))"
    with engine.connect() as connection:
        taken = connection.scalar(sqlalchemy.text(f"SELECT ({days}) * 86400 FROM watched_files"))  # noqa: S608 ours
    engine.dispose()
    return float(taken or 0)


def main() -> None:
    """The last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", nargs="+", type=int, default=[100, 1000, 10000])
    parser.add_argument("--documents", action="store_true")
    arguments = parser.parse_args()
    figures = []
    for files in (*arguments.files, arguments.files[0]):
        figures.append(burst(files, documents=arguments.documents))
        print(figures[-1], file=sys.stderr, flush=True)
    first, *_, last, again = figures
    few_ms = (first["milliseconds_each"] + again["milliseconds_each"]) / 2
    print(
        json.dumps(
            {
                "runs": figures,
                "times_slower": round(last["milliseconds_each"] / few_ms, 2),
                "more_mib": round(last["peak_mib"] - first["peak_mib"], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
