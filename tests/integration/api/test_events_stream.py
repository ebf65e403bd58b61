"""Watching a job: numbered events that nobody misses, and progress page by page."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from doubles.face import Place, submit, until

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Told:
    kind: str
    number: int | None
    data: dict[str, Any]


def told(lines: Iterator[str]) -> Iterator[Told]:
    """Messages of a stream, as the standard reads them."""
    message: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            message[name] = value
        elif "event" in message:
            number = int(message["id"]) if "id" in message else None
            yield Told(message["event"], number, json.loads(message["data"]))
            message = {}


def watch(client: httpx2.Client, job: str, *, last: int | None = None, most: int | None = None) -> list[Told]:
    """Until the stream ends, or until so many events were told."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    found: list[Told] = []
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for each in told(answer.iter_lines()):
            found.append(each)
            if most is not None and sum(one.number is not None for one in found) >= most:
                break
    return found


def events(found: list[Told]) -> list[tuple[int | None, str]]:
    return [(each.number, each.kind) for each in found if each.number is not None]


def submit_many(place: Place, client: httpx2.Client, count: int, *, pages: int = 1) -> str:
    files = [("files", (f"{n}.pdf", place.bill(str(n), pages=pages))) for n in range(count)]
    answer = client.post("/v1/jobs", data={"schema": "key_value"}, files=files)
    assert answer.status_code == 201
    job: str = answer.json()["id"]
    return job


def test_a_client_that_comes_back_misses_nothing(place: Place, client: httpx2.Client) -> None:
    job = submit_many(place, client, 4)
    seen: list[Told] = []
    while True:
        last = max((each.number or 0 for each in seen), default=0)
        headers = {"Last-Event-ID": str(last)} if last else {}
        if client.get(f"/v1/jobs/{job}").json()["finished_at"] and last == 5:
            assert client.get(f"/v1/jobs/{job}/events", headers=headers).status_code == 204
            break
        seen += watch(client, job, last=last or None, most=1)
    assert [number for number, _ in events(seen)] == [1, 2, 3, 4, 5]
    assert events(seen)[-1] == (5, "job.succeeded")


def test_four_watchers_agree(place: Place, tenant: str, client: httpx2.Client) -> None:
    job = submit_many(place, client, 3)
    token = place.key(tenant)

    def look(replica: int) -> list[tuple[int | None, str]]:
        with place.client(token, replica=replica) as watcher:
            return events(watch(watcher, job))

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(look, range(4))
    assert len(first) == 4
    assert all(other == first for other in others)
    assert events(watch(client, job)) == first


def test_progress_is_told_page_by_page(place: Place, client: httpx2.Client) -> None:
    job = submit_many(place, client, 2, pages=6)
    found = watch(client, job)
    progress = [each.data for each in found if each.kind == "progress"]
    assert [each["pages"]["read"] for each in progress] == sorted(each["pages"]["read"] for each in progress)
    for each in progress:
        pages = each["pages"]
        assert pages["total"] == sum(pages[name] for name in ("read", "blank", "failed", "canceled", "open"))
        assert each["jobs_ahead"] >= 0
    assert progress[-1]["pages"]["read"] == 12
    assert progress[-1]["pages_per_s"] > 0
    assert progress[-1]["seconds_left"] is None
    assert found[-1].kind == "progress"


def test_a_job_that_is_worked_on_again_goes_on_with_its_numbers(client: httpx2.Client) -> None:
    job = submit(client, b"no document")["id"]
    first = events(watch(client, job))
    assert first[-1] == (len(first), "job.failed")
    before = len(first)
    client.post(f"/v1/jobs/{job}/retry")
    until(lambda: client.get(f"/v1/jobs/{job}").json()["finished_at"])
    after = watch(client, job, last=before)
    assert [number for number, _ in events(after)] == list(range(before + 1, before + 1 + len(events(after))))
    assert "document.received" in {each.kind for each in after}


def test_a_watcher_that_goes_away_is_forgotten(place: Place, client: httpx2.Client) -> None:
    job = submit_many(place, client, 1)
    assert watch(client, job, most=1)
    assert client.get("/health").status_code == 200
