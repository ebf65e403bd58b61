"""How long one page takes over HTTP: POST /v1/jobs?wait=30 until its record, of `docproc serve` without settings.

Each is another document, so nothing is reused. One JSON line, which says of each target whether it is met.

python bench/api.py [--requests 60]
"""

import argparse
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pymupdf

#: PyMuPDF carries no types
_library: Any = pymupdf
_WARM_UP = 3
#: seconds that a user waits at most, for half of the requests and for nearly all
TARGETS_S = {"p50_s": 1.0, "p95_s": 2.0}
_LINES = ("Invoice", "Invoice number: {number}", "Invoice date: 2026-03-01", "Buyer: Acme Ltd", "Total: 120.00 EUR")


def bill(number: int) -> bytes:
    """A page of a bill."""
    document = _library.open()
    page = document.new_page()
    for line, text in enumerate(_LINES):
        page.insert_text((50, 80 + 24 * line), text.format(number=number))
    content: bytes = document.tobytes()
    document.close()
    return content


def measure(requests: int, folder: Path) -> list[float]:
    """Seconds from each request to its record."""
    command = [str(Path(sys.executable).parent / "docproc"), "serve", "--port", "0"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "DOCPROC_DATA_DIR": str(folder / "data")}
    greeting = folder / "greeting"
    with greeting.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=environment, cwd=folder)  # noqa: S603 our own
    try:
        address, token = _greeted(greeting)
        with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            taken = [_one(client, number) for number in range(_WARM_UP + requests)]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
    return taken[_WARM_UP:]


def _greeted(greeting: Path) -> tuple[str, str]:
    """Where it answers, and the key that it made."""
    for _ in range(600):
        said = greeting.read_text()
        address, token = re.search(r"http://\S+?:\d+", said), re.search(r"docproc_[\w-]+", said)
        if address and token:
            return address[0], token[0]
        time.sleep(0.1)
    raise SystemExit("docproc serve does not answer")


def _one(client: httpx2.Client, number: int) -> float:
    content = bill(number)
    began = time.perf_counter()
    answer = client.post(
        "/v1/jobs", params={"wait": 30}, data={"schema": "invoice"}, files=[("files", ("bill.pdf", content))]
    )
    taken = time.perf_counter() - began
    if not answer.json().get("extractions"):
        raise SystemExit(f"no record: {answer.status_code}")
    return taken


def told(taken: Sequence[float]) -> dict[str, Any]:
    """The figures of some requests, and which targets they meet."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    figures = {"p50_s": cuts[49], "p95_s": cuts[94], "longest_s": max(taken)}
    return {
        "bench": "api",
        "requests": len(taken),
        **{name: round(each, 3) for name, each in figures.items()},
        "targets_s": TARGETS_S,
        "met": {name: figures[name] <= target for name, target in TARGETS_S.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=60)
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(requests, Path(folder))
    print(json.dumps(told(taken)))


if __name__ == "__main__":
    main()
