"""Where a server is and who asks it: checked before the first request. Knows no request."""

from urllib.parse import urlsplit

import httpx2

from docproc import __version__
from docproc.client.errors import ServerUnreachableError
from docproc.domain.errors import UsageError

#: a page that is read takes its time, and the server sends a sign of life every 15 s where nothing happens
READ_S = 90.0
CONNECT_S = 10.0


def address(server: str) -> str:
    """`https://docproc.example` without a slash at its end. Raises UsageError for what is none."""
    try:
        parts = urlsplit(server)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("the server's address is a URL such as http://127.0.0.1:8080")
    return server.rstrip("/")


def headers(key: str) -> dict[str, str]:
    """Raises UsageError for a key that no header can carry; the message does not hold it."""
    key = key.strip()
    if not key or not (key.isascii() and key.isprintable()):
        raise UsageError("the key is empty or holds characters that no key has; `docproc keys create` prints one")
    return {"Authorization": f"Bearer {key}", "User-Agent": f"docproc/{__version__}"}


def timeouts(read_s: float = READ_S) -> httpx2.Timeout:
    return httpx2.Timeout(read_s, connect=CONNECT_S, write=READ_S, pool=None)


def unreachable(base: str, error: httpx2.TransportError) -> ServerUnreachableError:
    """What kind of trouble it was; never what was sent."""
    never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    said = f"{base} does not answer ({type(error).__name__}): is `docproc serve` running there?"
    return ServerUnreachableError(said, was_asked=not never_sent)
