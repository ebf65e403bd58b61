"""What the service itself costs: pages a second with a reader that answers at once, and how long one page takes.

Postgres, the broker, the S3 server and the workers share this machine. What the database alone does is taken in the
same run, for machines differ and are noisy: pages claimed and finished by the workers' own transactions with nothing
between them, and rows of a bare table, with two columns and the driver alone.

python bench/service.py [--documents 60] [--pages 10] [--single 40]
"""

import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parent))
from claims import claims_per_s
from running import Stack, running_stack, write_documents

_CLAIM = """
    UPDATE bench_rows SET state = 'leased', owner = %s WHERE id = (
        SELECT id FROM bench_rows WHERE state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""


def rows_per_s(url: str, *, rows: int, clients: int = 4) -> float:
    """Rows a second that `clients` connections claim and finish."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_rows (id int PRIMARY KEY, state text, owner text)")
        connection.execute("CREATE INDEX ON bench_rows (id) WHERE state = 'waiting'")
        connection.execute("INSERT INTO bench_rows SELECT n, 'waiting' FROM generate_series(1, %s) n", [rows])
    began = time.perf_counter()
    threads = [threading.Thread(target=_claim_all, args=(plain, str(number))) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rows / (time.perf_counter() - began)


def _claim_all(url: str, owner: str) -> None:
    with psycopg.connect(url) as connection:
        while (row := connection.execute(_CLAIM, [owner]).fetchone()) is not None:
            connection.commit()
            connection.execute("UPDATE bench_rows SET state = 'read' WHERE id = %s AND owner = %s", [row[0], owner])
            connection.commit()


def throughput(stack: Stack, *, documents: int, pages: int) -> float:
    """Pages a second from the beginning of the submission to the last record."""
    files = write_documents(stack.folder / f"many-{time.monotonic_ns()}", count=documents, pages=pages)
    began = time.perf_counter()
    # who looks on takes as little as can be of the two cores, which the database alone has to itself
    job = stack.wait(stack.submit(files), every_s=0.1)
    if job.pages.read != documents * pages:
        raise SystemExit(f"{job.pages.read} pages were read, not {documents * pages}")
    return documents * pages / (time.perf_counter() - began)


def single_pages(stack: Stack, *, count: int) -> list[float]:
    """Seconds from the submission of a document of one page to its record, one after the other."""
    seconds = []
    for path in write_documents(stack.folder / "single", count=count, pages=1, name="single"):
        began = time.perf_counter()
        stack.wait(stack.submit([path]), every_s=0.005)
        seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Print progress as it goes and one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--single", type=int, default=40)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--slots", type=int, default=2)
    arguments = parser.parse_args()
    with running_stack(workers=arguments.workers, slots=arguments.slots) as stack:
        single_pages(stack, count=3)  # processes start and connect
        one = single_pages(stack, count=arguments.single)
        rate = throughput(stack, documents=arguments.documents, pages=arguments.pages)
        own = claims_per_s(stack)
        bare = rows_per_s(stack.service.settings.database, rows=2000)
        print(
            json.dumps(
                {
                    "pages_per_s": round(rate, 1),
                    "database_pages_per_s": round(own, 1),
                    "share": round(rate / own, 3),
                    "bare_rows_per_s": round(bare, 1),
                    "single_p50_s": round(statistics.median(one), 3),
                    "single_p95_s": round(statistics.quantiles(one, n=20)[-1], 3),
                }
            )
        )


if __name__ == "__main__":
    main()
