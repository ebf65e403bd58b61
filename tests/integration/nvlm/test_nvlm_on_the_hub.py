"""A checkpoint on a hub is checked from its headers: a small server stands in for the hub, and counts what it sends."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from docproc.domain.errors import NotFoundError
from docproc.nvlm.check import check_checkpoint, check_files
from docproc.nvlm.hub import HubError, PublicHub, checkpoint_files
from docproc.nvlm.tiny import write_tiny

pytestmark = pytest.mark.integration
NAME, REVISION = "owner/tiny", "0123456789abcdef0123456789abcdef01234567"


class SmallHub(ThreadingHTTPServer):
    """Serves one folder under one name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder = folder
        self.knows_ranges = True
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: SmallHub

    def do_GET(self) -> None:
        if self.path.split("?")[0] == f"/api/models/{NAME}":
            files = [{"rfilename": file.name, "size": file.stat().st_size} for file in self.server.folder.iterdir()]
            self._send(200, json.dumps({"id": NAME, "modelId": NAME, "sha": REVISION, "siblings": files}).encode())
        elif self.path.startswith(f"/{NAME}/resolve/{REVISION}/"):
            self._send_file(self.server.folder / self.path.rsplit("/", 1)[1])
        else:
            self._send(404, b"{}")

    def _send_file(self, path: Path) -> None:
        whole, asked = path.read_bytes(), re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and self.server.knows_ranges:
            self._send(206, whole[int(asked[1]) : int(asked[2]) + 1])
        else:
            self._send(200, whole)

    def _send(self, status: int, content: bytes) -> None:
        self.server.sent += len(content)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        # whoever has seen enough may hang up
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        del format, args


@pytest.fixture
def hub(quiet_torch: None, tmp_path: Path) -> Iterator[SmallHub]:
    del quiet_torch
    folder = tmp_path / "published"
    write_tiny(folder)
    with SmallHub(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_headers_on_the_hub_tell_what_the_files_would(hub: SmallHub, tmp_path: Path) -> None:
    files = checkpoint_files(NAME, PublicHub(hub.url), cache=tmp_path / "empty")

    assert check_files(files) == check_checkpoint(hub.folder)
    assert files.place == NAME
    stored = sum(file.stat().st_size for file in hub.folder.glob("*.safetensors"))
    assert hub.sent < stored / 10


def test_a_shard_that_is_missing_on_the_hub_is_named(hub: SmallHub) -> None:
    min(hub.folder.glob("*.safetensors")).unlink()

    report = check_files(PublicHub(hub.url).files(NAME))

    assert not report.whole
    assert report.stored.faults[0].endswith("is missing")


def test_a_server_that_sends_whole_files_is_not_listened_to(hub: SmallHub) -> None:
    hub.knows_ranges = False

    with pytest.raises(HubError, match="cannot be read in parts"):
        check_files(PublicHub(hub.url).files(NAME))


def test_a_name_that_the_hub_does_not_know_is_refused(hub: SmallHub, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="on the hub: owner/other cannot be fetched"):
        checkpoint_files("owner/other", PublicHub(hub.url), cache=tmp_path)


def test_without_a_connection_it_is_said_that_there_is_none(hub: SmallHub, tmp_path: Path) -> None:
    hub.shutdown()
    hub.server_close()

    with pytest.raises(NotFoundError, match=r"neither a folder nor .*, and on the hub: owner/tiny cannot be fetched"):
        checkpoint_files(NAME, PublicHub(hub.url), cache=tmp_path)


def test_what_is_no_name_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"fetched before$"):
        checkpoint_files("some/folder/deep", PublicHub("http://127.0.0.1:9"), cache=tmp_path)
