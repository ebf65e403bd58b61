"""Posts a message to a URL that a user gave, and to no address inside the network unless the operator allows it.

The host's addresses are looked up once, checked, and then connected to by number: a name that means another address a
moment later (DNS rebinding) leads nowhere. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from docproc.services.errand_ports import WebhookRefusedError

#: seconds for the connection and for each answer of the receiver
TIMEOUT_S = 10.0
#: of an answer, which is not looked at
_READ_BYTES = 4096


class GuardedSender:
    """Sends over HTTPS, or over HTTP to hosts that the operator named."""

    def __init__(self, *, inside: Collection[str] = ()) -> None:
        """`inside`: hosts of the own network that webhooks may lead to."""
        self._inside = frozenset(host.lower() for host in inside)

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """The status code, which is one of success. Raises WebhookRefusedError."""
        connection, target = self._connection(url)
        try:
            connection.request("POST", target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            answer.read(_READ_BYTES)
        except (OSError, http.client.HTTPException) as exc:
            raise WebhookRefusedError(type(exc).__name__) from exc
        finally:
            connection.close()
        if not http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
            raise WebhookRefusedError(f"status {answer.status}")
        return answer.status

    def _connection(self, url: str) -> tuple[http.client.HTTPConnection, str]:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        inside = host in self._inside
        if not host or parts.username or parts.scheme not in ({"https", "http"} if inside else {"https"}):
            raise WebhookRefusedError("a webhook's URL is https://HOST/…, without a user's name", final=True)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = _address(host, port, inside=inside)
        made = _Pinned(host, port, address) if secure else _PinnedPlain(host, port, address)
        return made, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _address(host: str, port: int, *, inside: bool) -> str:
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as exc:
        raise WebhookRefusedError("the host is not known") from exc
    if not inside and not all(ipaddress.ip_address(address.split("%")[0]).is_global for address in found):
        raise WebhookRefusedError("the host is inside a network that webhooks may not lead to", final=True)
    return found[0]


class _PinnedPlain(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name means by then."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)


class _Pinned(_PinnedPlain):
    """The same over TLS; the certificate is that of the name."""

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
