"""Posts a message to a URL that a user gave, and to no address inside the network unless the operator allows it.

The host's addresses are looked up once, checked, and then connected to by number: a name that means another address a
moment later (DNS rebinding) leads nowhere. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Collection, Mapping

from docproc.domain.errors import UsageError
from docproc.services.add_webhook import webhook_url
from docproc.services.errand_ports import WebhookRefusedError

#: seconds for the connection and for each answer of the receiver
TIMEOUT_S = 10.0
#: of an answer, which is not looked at
_READ_BYTES = 4096
#: all IPv6 addresses that single hosts of the internet have
_UNICAST = ipaddress.IPv6Network("2000::/3")
#: 6to4 and Teredo, which stand within it
_WRAPPED = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))


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
        try:
            parts = webhook_url(url)
        except UsageError as exc:
            raise WebhookRefusedError(exc.message, final=True) from exc
        host = (parts.hostname or "").lower()
        inside = host in self._inside
        if parts.scheme == "http" and not inside:
            raise WebhookRefusedError("outside the own network a webhook's URL begins with https://", final=True)
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
    if not inside and not all(is_outside(address) for address in found):
        raise WebhookRefusedError("the host is inside a network that webhooks may not lead to", final=True)
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
