"""A connection to a URL that a user gave, and to no address inside the network unless the operator allows it.

The host's addresses are looked up once, checked, and then connected to by number: a name that means another address a
moment later (DNS rebinding) leads nowhere. Knows neither what is sent nor what is answered.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from docproc.domain.errors import UsageError
from docproc.services.add_webhook import webhook_url
from docproc.services.errand_ports import WebhookRefusedError

#: seconds that the other side may be silent
TIMEOUT_S = 10.0
#: all IPv6 addresses that single hosts of the internet have
_UNICAST = ipaddress.IPv6Network("2000::/3")
#: 6to4 and Teredo, which stand within it
_WRAPPED = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))


def guarded_connection(url: str, *, inside: Collection[str]) -> tuple["PinnedPlain", str]:
    """A connection that is not open yet, and what to ask it for; `inside`: hosts of the own network, in small letters.

    Over HTTPS, or over HTTP to those hosts. Raises WebhookRefusedError.
    """
    try:
        parts = webhook_url(url)
    except UsageError as exc:
        raise WebhookRefusedError(exc.message, final=True) from exc
    host = (parts.hostname or "").lower()
    own = host in inside
    if parts.scheme == "http" and not own:
        raise WebhookRefusedError("outside the own network a URL begins with https://", final=True)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = _address(host, port, inside=own)
    made = _Pinned(host, port, address) if secure else PinnedPlain(host, port, address)
    return made, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@contextmanager
def ended_after(connection: "PinnedPlain", seconds: float) -> Iterator[None]:
    """Break it off then: a receiver that answers byte by byte is never silent, and would hold a worker for ever."""

    def end() -> None:
        if connection.line is not None:
            with suppress(OSError):  # it is closed
                # the plain socket's own: that of TLS would change what the other thread reads from
                socket.socket.shutdown(connection.line, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _address(host: str, port: int, *, inside: bool) -> str:
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as exc:
        raise WebhookRefusedError("the host is not known") from exc
    if not inside and not all(is_outside(address) for address in found):
        raise WebhookRefusedError("the host is inside a network that may not be reached", final=True)
    return found[0]


def is_outside(address: str) -> bool:
    """Whether an IP address is one of the public internet, by itself and not by way of a gateway.

    An IPv6 address that only wraps an IPv4 address (NAT64, 6to4, Teredo, the old compatible form) may lead back inside.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_outside(str(found.ipv4_mapped))
        if found not in _UNICAST or any(found in wrapped for wrapped in _WRAPPED):
            return False
    return found.is_global and not found.is_multicast


class PinnedPlain(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name means by then."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address
        #: `sock` is None already while the rest of an answer is read
        self.line: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self.line = socket.create_connection((self._address, self.port), TIMEOUT_S)


class _Pinned(PinnedPlain):
    """The same over TLS; the certificate is that of the name."""

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        # the handshake afterwards, when the socket can be reached and broken off
        secured = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = self.line = secured
        secured.do_handshake()
