"""Where the servers of the remote reader are and how it uses them. Knows no setting and no network."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from docproc.domain.errors import UsageError
from docproc.domain.reading import Route

_COMPLETIONS = "/chat/completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteConfig:
    """Everything that an operator says of the servers."""

    #: base addresses as `base_address` makes them
    endpoints: tuple[str, ...]
    #: None: the one that the server has
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    route: Route = Route.AUTO
    #: for one answer, first byte to last
    timeout_s: float = 300.0
    #: most requests at the same time to one endpoint
    concurrency: int = 16


def base_address(text: str) -> str:
    """`http://host:8000/v1` for all the ways in which people write it. Raises UsageError."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(f"{text!r} is no address of a server: write for example http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.password is not None:
        raise UsageError("an endpoint holds no user and no password: set DOCPROC_REMOTE_API_KEY")
    if parts.query or parts.fragment:
        raise UsageError(f"the endpoint {parts.scheme}://{parts.netloc} may have a path and nothing behind it")
    path = parts.path.rstrip("/").removesuffix(_COMPLETIONS)
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"
