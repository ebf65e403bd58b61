"""What 100,000 waiting pages cost those that are read: pages a second with and without them, in turn, in one run.

The waiting pages are those of a tenant who is paused, in the same queue. How much memory the broker takes is told too.

python bench/backlog.py [--waiting 100000] [--runs 5] [--documents 15] [--pages 10]
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

import psycopg
import redis

sys.path.insert(0, str(Path(__file__).parent))
from running import QUEUE, running_stack
from service import throughput
from waiting_pages import TENANT, add_backlog

_PARKED = "read.parked"


def show_backlog(url: str, *, shown: bool) -> None:
    """Put the waiting pages into the queue that is measured, or out of it."""
    queue = QUEUE if shown else _PARKED
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE pages SET queue = %s WHERE tenant = %s", [queue, TENANT])
        connection.execute("VACUUM ANALYZE pages")


def main() -> None:
    """Print one line a run and one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, default=15)
    parser.add_argument("--pages", type=int, default=10)
    arguments = parser.parse_args()
    with running_stack() as stack:
        url = stack.service.settings.database.replace("postgresql+psycopg://", "postgresql://")
        throughput(stack, documents=2, pages=2)  # processes start and connect
        add_backlog(stack, pages=arguments.waiting, paused=True)
        broker = redis.Redis.from_url(stack.service.broker_url)
        rates: dict[bool, list[float]] = {False: [], True: []}
        memory = 0
        for run in range(arguments.runs):
            for shown in (False, True):
                show_backlog(url, shown=shown)
                rates[shown].append(throughput(stack, documents=arguments.documents, pages=arguments.pages))
                memory = max(memory, int(broker.info("memory")["used_memory"]))
            print(f"run {run + 1}: {rates[False][-1]:.1f} pages/s alone, {rates[True][-1]:.1f} with the backlog")
        alone, behind = (statistics.median(rates[shown]) for shown in (False, True))
        print(
            json.dumps(
                {
                    "waiting": arguments.waiting,
                    "pages_per_s_alone": round(alone, 1),
                    "pages_per_s_with_backlog": round(behind, 1),
                    "ratio": round(behind / alone, 3),
                    "broker_memory_mib": round(memory / 1024**2, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
