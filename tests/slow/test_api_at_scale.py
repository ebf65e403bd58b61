"""The face under load: many who submit at once, and a file that is larger than memory should be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from doubles.command import Command
from doubles.face import Place, until
from doubles.places import place

pytestmark = [pytest.mark.slow, pytest.mark.integration]
__all__ = ["place"]

_MIB = 1 << 20


def test_two_hundred_submit_at_once_without_an_error(place: Place) -> None:
    tenant = place.tenant()
    token = place.key(tenant)
    contents = [place.bill(str(number)) for number in range(200)]

    def send(number: int) -> int:
        with place.client(token, replica=number) as client:
            answer = client.post(
                "/v1/jobs",
                headers={"Idempotency-Key": f"bill-{number}"},
                data={"schema": "key_value"},
                files=[("files", ("bill.pdf", contents[number]))],
                timeout=120,
            )
        return answer.status_code

    with ThreadPoolExecutor(200) as threads:
        assert list(threads.map(send, range(200))) == [201] * 200
    with place.client(token) as client:
        done = {"state": "succeeded", "limit": 200}
        until(lambda: len(client.get("/v1/jobs", params=done).json()["items"]) == 200, seconds=300)


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_half_a_gigabyte_streams_in_under_100_mb_of_memory(tmp_path: Path) -> None:
    command = Command(place=tmp_path, settings={"workers": 1, "max_bytes": 600 * _MIB})
    process = command.start("serve", "--port", 0)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    address, token = said[0].split()[3], said[1].split()[1]
    boundary = "b0undary"

    def body() -> Iterator[bytes]:
        head = 'Content-Disposition: form-data; name="'
        yield f'--{boundary}\r\n{head}schema"\r\n\r\nkey_value\r\n'.encode()
        yield f'--{boundary}\r\n{head}files"; filename="large.pdf"\r\n\r\n%PDF-1.7\n'.encode()
        for _ in range(500):
            yield b"x" * _MIB
        yield f"\r\n--{boundary}--\r\n".encode()

    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=300) as client:
            small = body_of_nothing(boundary)
            client.post("/v1/jobs", content=small)
            before = _peak_bytes(process.pid)
            answer = client.post("/v1/jobs", content=body())
            grown = _peak_bytes(process.pid) - before
            assert answer.status_code == 201, answer.text
            documents = client.get(f"/v1/jobs/{answer.json()['id']}/documents").json()["items"]
        assert documents[0]["byte_count"] == 500 * _MIB + 9
        assert grown < 100 * _MIB, f"{grown / _MIB:.0f} MiB"
    finally:
        process.kill()
        process.communicate()


def body_of_nothing(boundary: str) -> bytes:
    """A request that is refused, so that everything is loaded that a request needs."""
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="schema"\r\n\r\nkey_value\r\n--{boundary}--\r\n'.encode()
    )
