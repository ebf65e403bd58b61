"""Takes webhooks: `python receiver.py PORT FILE`, with the secrets of its tenants in SECRETS. Knows nothing of docproc.

Every message becomes a line of FILE before it is answered. Of some the answer is lost, so that they come again.
"""

import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: older messages may have been recorded and sent again by a stranger
_OLDEST_S = 300.0
#: one in so many events is taken without a word the first time
_LOST_ANSWERS = 16


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told."""

    daemon_threads = True

    def __init__(self, port: int, file: Path, secrets: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._file = file
        self._secrets = secrets
        self._turn = threading.Lock()
        self._known: set[str] = set()

    def take(self, tenant: str, body: bytes, signature: str) -> int | None:
        """The status to answer with; None: the answer is lost."""
        signed = is_signed(body, signature, self._secrets[tenant])
        told = json.loads(body)
        line = {
            "tenant": tenant,
            "id": told["id"],
            "number": told["number"],
            "kind": told["kind"],
            "job_id": told["job_id"],
            "sha256": hashlib.sha256(body).hexdigest(),
            "signed": signed,
        }
        with self._turn:
            is_new = told["id"] not in self._known
            self._known.add(told["id"])
            with self._file.open("a") as file:
                file.write(json.dumps(line) + "\n")
        if not signed:
            return 400
        drawn = hashlib.sha256(told["id"].encode()).digest()[0]
        return None if is_new and drawn % _LOST_ANSWERS == 0 else 204


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether it was signed with the secret, and lately."""
    parts = [part.partition("=") for part in signature.split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    fits = any(name == "v1" and hmac.compare_digest(value, mark) for name, _, value in parts)
    return fits and at.isdigit() and abs(time.time() - int(at)) <= _OLDEST_S


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """One message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.take(self.path.strip("/"), body, self.headers.get("Docproc-Signature", ""))
        self.close_connection = True
        if status is not None:
            self.send_response(status)
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """The file tells everything."""


if __name__ == "__main__":
    Receiver(int(sys.argv[1]), Path(sys.argv[2]), json.loads(os.environ["SECRETS"])).serve_forever()
