"""Fetches a document from a URL that a user gave, and reaches nothing inside the network in doing so."""

import http.client
from collections.abc import Collection
from pathlib import Path

from docproc.domain.errors import TooLargeError, UsageError
from docproc.services.errand_ports import WebhookRefusedError
from docproc.sinks.guarded import ended_after, guarded_connection

#: seconds that a fetch may take as a whole
TOTAL_S = 60.0
_PIECE_BYTES = 1 << 20
_HEADERS = {"User-Agent": "docproc", "Accept": "*/*"}


def fetch(url: str, to: Path, *, max_bytes: int, inside: Collection[str] = (), total_s: float = TOTAL_S) -> None:
    """The bytes at `url` as a new file; redirects are not followed.

    Raises UsageError when they cannot be had, TooLargeError beyond `max_bytes`.
    """
    try:
        connection, target = guarded_connection(url, inside=frozenset(host.lower() for host in inside))
    except WebhookRefusedError as exc:
        raise UsageError(f"the URL of a document: {exc.reason}") from exc
    try:
        with ended_after(connection, total_s):
            connection.request("GET", target, headers=_HEADERS)
            with connection.getresponse() as answer:
                if answer.status != http.client.OK:
                    raise UsageError(f"the URL of a document was answered with status {answer.status}")
                _write(answer, to, max_bytes=max_bytes)
    except (OSError, http.client.HTTPException) as exc:
        raise UsageError(f"the URL of a document cannot be fetched: {type(exc).__name__}") from exc
    finally:
        connection.close()


def _write(answer: http.client.HTTPResponse, to: Path, *, max_bytes: int) -> None:
    written = 0
    with to.open("xb") as stream:
        while piece := answer.read(_PIECE_BYTES):
            written += len(piece)
            if written > max_bytes:
                raise TooLargeError(f"a document is larger than the limit of {max_bytes:,} bytes")
            stream.write(piece)
    if answer.length:  # of what was announced so much is missing, which http.client says nothing of
        raise UsageError("the URL of a document was not answered to the end")
