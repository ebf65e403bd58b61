"""An S3 server that needs nothing else (moto): in this process, or in one of its own. It checks no signatures."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from doubles.ports import READY_S, free_port, wait_for

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

BUCKET = "docproc-test"
#: what a process needs in its environment to speak to the server; it takes any key
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def blob_url(port: int, *, bucket: str = BUCKET, prefix: str = "") -> str:
    return f"s3://{bucket}/{prefix}?endpoint=http://127.0.0.1:{port}&region=us-east-1"


def make_bucket(port: int, *, bucket: str = BUCKET, key: str = "testing", secret: str = "testing") -> None:  # noqa: S107
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
    client.create_bucket(Bucket=bucket)
    client.close()


@contextmanager
def s3_in_process(
    asked: Callable[["WSGIEnvironment"], None] = lambda _: None,
    *,
    turn: "AbstractContextManager[object]" = nullcontext(),  # noqa: B008 it holds nothing
) -> Iterator[int]:
    """The port of a server in threads of this process, with an empty bucket: quick to start, shares the processor.

    `asked` is told of every request, as WSGI has it, and may change it. `turn` is held while one is answered: with a
    lock nobody writes between another's look and write.
    """
    from doubles.s3_server import make_s3_server  # noqa: PLC0415 takes a second

    server = make_s3_server(0)
    app = server.app

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        asked(environ)
        with turn:
            return app(environ, start)

    server.app = answer
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        make_bucket(server.port)
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class S3Process:
    """A server in a process of its own. It holds everything in memory: stopping it loses all blobs.

    For an outage that loses nothing put a FaultyProxy before it.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None while it is stopped."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """With an empty bucket."""
        if self._process is not None:
            return
        command = [sys.executable, str(Path(__file__).with_name("s3_server.py")), str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(self.port)
            make_bucket(self.port)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(timeout=READY_S)
        self._process = None


@contextmanager
def s3_process() -> Iterator[S3Process]:
    """A server that ends with the context."""
    server = S3Process()
    server.start()
    try:
        yield server
    finally:
        server.stop()
