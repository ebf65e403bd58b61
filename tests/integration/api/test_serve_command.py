"""`docproc serve` as somebody starts it who has just installed docproc, with curl as the first client."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from doubles.command import Command, write_pdf
from doubles.face import BILL, until
from doubles.waiting import PATIENCE_S

pytestmark = pytest.mark.integration

_BILL = Path(__file__).parents[3] / "samples" / "documents" / "invoices" / "brightwater-english.pdf"


class Server:
    """One that answers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("try"):
                break
        self.said = "".join(lines)
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found, self.said
        self.address = found[0]

    @property
    def key(self) -> str | None:
        found = re.search(r"^key  (docproc_\S+)", self.said, re.MULTILINE)
        return found and found[1]


@contextmanager
def serving(command: Command, **settings: object) -> Iterator[Server]:
    process = command.start("serve", "--port", 0, **settings)
    try:
        yield Server(process)
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors[-2000:]


def asking(server: Server, key: str | None) -> httpx2.Client:
    return httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(place=tmp_path, settings={"workers": 2})


def test_the_first_curl_submits_waits_and_downloads_a_workbook(command: Command) -> None:
    curl = shutil.which("curl")
    assert curl, "the first client is curl"
    shutil.copy(_BILL, command.place / "bill.pdf")
    with serving(command) as server:
        line = server.said.split("try", 1)[1].strip()
        first = subprocess.run(  # noqa: S602 as the user pastes it
            line.replace("curl ", "curl -sS --fail-with-body "),
            shell=True,
            capture_output=True,
            text=True,
            cwd=command.place,
            check=True,
        )
        answer = json.loads(first.stdout)
        assert answer["state"] == "succeeded"
        assert answer["extractions"][0]["record"]["invoice_number"]
        headers = ["-H", f"Authorization: Bearer {server.key}", "-H", "Content-Type: application/json"]
        ask = [curl, "-sS", "--fail-with-body", *headers]

        def told(*arguments: str) -> dict[str, object]:
            output = subprocess.run([*ask, *arguments], capture_output=True, text=True, check=True).stdout
            found: dict[str, object] = json.loads(output)
            return found

        export = told("-d", '{"format": "xlsx"}', f"{server.address}/v1/jobs/{answer['id']}/exports")["id"]
        until(lambda: told(f"{server.address}/v1/exports/{export}")["state"] == "succeeded")
        target = command.place / "records.xlsx"
        subprocess.run([*ask, "-o", str(target), f"{server.address}/v1/exports/{export}/download"], check=True)
        assert target.read_bytes().startswith(b"PK")


def test_what_was_not_finished_goes_on_the_next_time(command: Command) -> None:
    with serving(command, workers=1) as server:
        key = server.key
        files = [
            ("files", (f"{n}.pdf", write_pdf(command.place / f"{n}.pdf", *[BILL.format(number=n)] * 3).read_bytes()))
            for n in range(12)
        ]
        with asking(server, key) as client:
            job = client.post("/v1/jobs", data={"schema": "key_value"}, files=files).json()
            assert job["documents"]["total"] == 12
    with serving(command) as server:
        assert server.key is None, "a key is shown once"
        with asking(server, key) as client:
            until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["finished_at"])
            found = client.get(f"/v1/jobs/{job['id']}").json()
    assert found["documents"]["succeeded"] == 12
    assert found["pages"]["read"] == 36


def test_others_may_ask_only_when_there_are_keys(command: Command) -> None:
    refused = command("serve", "--host", "0.0.0.0", "--port", 0, code=2)  # noqa: S104 what is tested
    assert "docproc keys create" in refused.stderr
    command("keys", "create", "erp")
    with serving(command) as server:
        assert server.key is None


def test_a_port_that_is_taken_is_said(command: Command) -> None:
    with serving(command) as server:
        port = server.address.rsplit(":", 1)[1]
        assert "choose another --port" in command("serve", "--port", port, code=2).stderr
