"""The whole way with models: submitted by command line and REST, read on workers, exported, over Postgres, Valkey, S3.

One job is read by a tiny NVLM-D that a worker hosts, one by a model behind a server, one by `auto`, which leaves to the
hosted model what it is not sure of. Every page must be accounted for, and every record valid against its JSON Schema.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from doubles.command import DOCPROC, Command, write_pdf
from doubles.face import Place, answering
from doubles.openai_server import OpenAiServer, openai_server, said
from doubles.postgres import empty_database
from doubles.s3 import ENVIRONMENT, blob_url, s3_process
from doubles.valkey import running_valkey
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from docproc.api.wiring import open_face
from docproc.bootstrap import _desk_over
from docproc.settings import Settings
from docproc.storage.database import Database

pytestmark = pytest.mark.slow

#: what machines under load may need, to import torch for instance
_PATIENCE_S = 300.0
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "bill",
    "type": "object",
    "properties": {
        "number": {"type": ["string", "null"], "maxLength": 16},
        "kind": {"type": ["string", "null"], "enum": ["bill", "reminder", None]},
        # nothing is certain enough: what rules find of it is left to the model by `auto`
        "total": {
            "type": ["string", "null"],
            "pattern": "^[0-9]{1,6}\\.[0-9]{2}$",
            "x-docproc": {"threshold": 1.0},
        },
    },
    "required": ["number", "kind", "total"],
    "additionalProperties": False,
}
ANSWER = json.dumps({"number": "R-1", "kind": "bill", "total": "119.00"})
_FILES = 3
_PAGES_A_FILE = 2


class Service:
    """A service's command line and workers, each started as an operator starts them."""

    def __init__(self, command: Command, ended: ExitStack, *, server: OpenAiServer) -> None:
        self.command = command
        self._ended = ended
        self._told = {"remote_endpoints": json.dumps([server.url]), **command.settings}

    def start_worker(self, name: str, *options: object) -> None:
        variables = {f"DOCPROC_{key.upper()}": str(value) for key, value in self._told.items()}
        with (self.command.place / f"worker-{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(DOCPROC), "worker", *map(str, options)],
                cwd=self.command.place,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.command.place), **self.command.environment, **variables},
                stdout=log,
                stderr=log,
            )
        self._ended.callback(process.wait, timeout=_PATIENCE_S)
        self._ended.callback(process.send_signal, signal.SIGTERM)

    def until_served(self, queue: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while queue not in self.command("workers", "list", "--json").stdout:
            logs = "\n".join(path.read_text()[-2000:] for path in self.command.place.glob("worker-*.log"))
            assert time.monotonic() < deadline, logs
            time.sleep(0.5)

    def records_of(self, job: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The job and its records, once it is done."""
        deadline = time.monotonic() + _PATIENCE_S
        while (shown := self.shown(job))["state"] in {"queued", "running"}:
            assert time.monotonic() < deadline, shown
            time.sleep(0.5)
        out = self.command.place / f"{job}.jsonl"
        self.command("jobs", "export", job, "--out", out)
        return shown, [json.loads(line) for line in out.read_text().splitlines()]

    def shown(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("jobs", "show", job, "--json").stdout)
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        server.replies(said(ANSWER))
        yield server


@pytest.fixture(scope="module")
def service(
    postgres_url: str,
    migrated_postgres: str,
    tmp_path_factory: pytest.TempPathFactory,
    checkpoint: Path,
    server: OpenAiServer,
) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("whole-way")
    (place / "bill.json").write_text(json.dumps(SCHEMA))
    with ExitStack() as ended:
        patch = ended.enter_context(pytest.MonkeyPatch.context())
        for name, value in ENVIRONMENT.items():  # the face runs in this process
            patch.setenv(name, value)
        settings = {
            "database_url": ended.enter_context(empty_database(postgres_url, template=migrated_postgres)),
            "broker_url": ended.enter_context(running_valkey()).url,
            "blob_url": blob_url(ended.enter_context(s3_process()).port),
            "lease_seconds": 60,
        }
        environment = {**ENVIRONMENT, "OMP_NUM_THREADS": "1"}
        service = Service(Command(place=place, settings=settings, environment=environment), ended, server=server)
        service.start_worker("model", "--model", checkpoint, "--slots", 4)
        service.start_worker("cpu", "--queues", "prepare,read.cpu,assemble", "--slots", 2)
        service.start_worker("remote", "--queues", "read.remote", "--slots", 4, "--pool", "threads")
        for queue in ("read.vlm", "read.remote", "prepare"):
            service.until_served(queue)
        yield service


@pytest.fixture
def inbox(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    for number in range(_FILES):
        pages = [f"Bill {request.node.name} {number}-{page}\nTotal 119.00" for page in range(_PAGES_A_FILE)]
        write_pdf(folder / f"{number}.pdf", *pages)
    return folder


def by_command_line(service: Service, inbox: Path, reader: str) -> str:
    """The id of the job."""
    done = service.command("submit", inbox, "--schema", "bill.json", "--reader", reader, "--quiet")
    return done.stdout.strip()


def by_rest(service: Service, inbox: Path, reader: str) -> str:
    """The id of the job, over HTTP, from a face in front of the same stores."""
    told = {name: str(value) for name, value in service.command.settings.items() if name.endswith("_url")}
    data = service.command.place / "face"
    settings = Settings(
        data_dir=data,
        database_url=SecretStr(told["database_url"]),
        blob_url=SecretStr(told["blob_url"]),
        broker_url=SecretStr(told["broker_url"]),
    )
    database = Database.open(told["database_url"])
    desk = _desk_over(database, settings)
    with closing(database), open_face(desk, is_service=True) as face, answering(face) as address:
        place = Place(desk=desk, addresses=[address], folder=service.command.place, is_service=True)
        with place.client(place.key("local")) as client:
            files = [("files", (path.name, path.read_bytes(), "application/pdf")) for path in sorted(inbox.iterdir())]
            answer = client.post("/v1/jobs", data={"schema": json.dumps(SCHEMA), "reader": reader}, files=files)
    assert answer.status_code in {200, 201, 202}, answer.text
    return str(answer.json()["id"])


def require_whole(job: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """All pages read, one line a document, and each record as its schema wants it."""
    assert job["state"] == "succeeded"
    assert job["pages"]["total"] == job["pages"]["read"] == _FILES * _PAGES_A_FILE
    assert len({line["document_id"] for line in lines}) == len(lines) == _FILES
    validator = Draft202012Validator(SCHEMA)
    assert [error.message for line in lines for error in validator.iter_errors(line["record"])] == []


@pytest.mark.parametrize("reader", ["vlm", "remote", "auto"])
@pytest.mark.parametrize("submitted", [by_command_line, by_rest])
def test_documents_are_read_by_models_on_workers_and_exported(
    service: Service, inbox: Path, reader: str, submitted: Callable[[Service, Path, str], str]
) -> None:
    job, lines = service.records_of(submitted(service, inbox, reader))

    require_whole(job, lines)
    readers = {page["reader"] for line in lines for page in line["pages"]}
    assert readers == ({reader} if reader != "auto" else readers & {"layout", "vlm"})
    if reader == "auto":
        assert "vlm" in readers
