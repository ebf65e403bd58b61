"""Posts a message to a URL that a user gave; redirects are not followed, and no answer is looked at."""

import http.client
from collections.abc import Collection, Mapping

from docproc.services.errand_ports import WebhookRefusedError
from docproc.sinks.guarded import ended_after, guarded_connection

#: seconds that a message may take as a whole
TOTAL_S = 30.0
#: of an answer, which is not looked at
_READ_BYTES = 4096


class GuardedSender:
    """Sends over HTTPS, or over HTTP to hosts that the operator named."""

    def __init__(self, *, inside: Collection[str] = (), total_s: float = TOTAL_S) -> None:
        """`inside`: hosts of the own network that webhooks may lead to."""
        self._total_s = total_s
        self._inside = frozenset(host.lower() for host in inside)

    def send(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """The status code, which is one of success. Raises WebhookRefusedError."""
        connection, target = guarded_connection(url, inside=self._inside)
        try:
            with ended_after(connection, self._total_s):
                connection.request("POST", target, body=body, headers=dict(headers))
                with connection.getresponse() as answer:
                    answer.read(_READ_BYTES)
        except (OSError, http.client.HTTPException) as exc:
            raise WebhookRefusedError(type(exc).__name__) from exc
        finally:
            connection.close()
        if not http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
            raise WebhookRefusedError(f"status {answer.status}", status_code=answer.status)
        return answer.status
