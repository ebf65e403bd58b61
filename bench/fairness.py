"""How long ten pages take behind another tenant's 100,000 that are being read, beside what they take alone.

python bench/fairness.py [--waiting 100000] [--runs 5]
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from running import Stack, running_stack, write_documents
from service import throughput
from waiting_pages import TENANT, add_backlog

_PAGES = 10


def seconds_of_ten(stack: Stack) -> float:
    """From the submission of a document of ten pages to its record."""
    (path,) = write_documents(stack.folder / f"ten-{time.monotonic_ns()}", count=1, pages=_PAGES)
    began = time.perf_counter()
    stack.wait(stack.submit([path]), every_s=0.01)
    return time.perf_counter() - began


def main() -> None:
    """Print one line a run and one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with running_stack() as stack:
        tenants = stack.service.work.tenants
        throughput(stack, documents=2, pages=2)  # processes start and connect
        add_backlog(stack, pages=arguments.waiting, paused=True)
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for run in range(arguments.runs):
            for busy in (False, True):
                tenants.pause_tenant(TENANT, paused=not busy)
                time.sleep(2.0)  # until what was sent for the other tenant is done, or until it is at work
                seconds[busy].append(seconds_of_ten(stack))
            print(f"run {run + 1}: {seconds[False][-1]:.2f} s alone, {seconds[True][-1]:.2f} s behind the other tenant")
        alone, behind = (statistics.median(seconds[busy]) for busy in (False, True))
        print(
            json.dumps(
                {
                    "waiting": arguments.waiting,
                    "alone_s": round(alone, 3),
                    "behind_s": round(behind, 3),
                    "ratio": round(behind / alone, 2),
                }
            )
        )


if __name__ == "__main__":
    main()
