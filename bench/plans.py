"""How long a service's database takes for what it does all day, with a million pages: milliseconds of each call.

Takes the median of 15 calls, after VACUUM ANALYZE, and again right after 200,000 pages ended without one: whoever looks
for work then steps over the dead entries of its index. A transaction that asks for nothing tells how busy the machine
is. Calls that write are timed with fsync off, as the tests run Postgres.

python bench/plans.py [--pages 1000000]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from doubles.delivery import Depot
from doubles.many_pages import COUNTING_CALL, Day, end_pages, fill
from doubles.postgres import empty_database, running_postgres

from docproc.storage.database import Database
from docproc.storage.migrate import migrate

ROUNDS = 15
ENDED = 200_000
AIM_MS = 20.0


def main() -> None:
    """Print a table, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000_000)
    pages = parser.parse_args().pages
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        if server is None:
            raise SystemExit("no Postgres binaries: make setup installs them")
        with empty_database(server) as url:
            database = Database.open(url)
            migrate(database)
            began = time.perf_counter()
            fill(database, pages=pages)
            made_s = time.perf_counter() - began
            report(Depot(database, Path(folder)), pages=pages, made_s=made_s)
            database.close()


def report(depot: Depot, *, pages: int, made_s: float) -> None:
    calls = {"nothing": lambda: depot.rows("SELECT 1"), **Day(depot).calls(), COUNTING_CALL: depot.work.tasks.due}
    tidy = milliseconds(calls)
    ended = min(ENDED, pages // 5)
    end_pages(depot.database, count=ended)
    untidy = milliseconds(calls)
    for name in calls:
        print(f"{name:28} {tidy[name]:8.1f} ms {untidy[name]:8.1f} ms right after {ended} pages ended")
    slow = [name for name in calls if max(tidy[name], untidy[name]) > AIM_MS and name != COUNTING_CALL]
    print(json.dumps({"pages": pages, "made_s": round(made_s), "ms": tidy, "ms_untidy": untidy, "slow": slow}))


def milliseconds(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Medians over rounds of all the calls, for some go on with what others took."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return {name: round(statistics.median(found) * 1000, 2) for name, found in seconds.items()}


if __name__ == "__main__":
    main()
