"""What a broker URL may be; asks no broker, and never shows the URL: it may hold a password."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from docproc.domain.errors import UsageError

REDIS = frozenset({"redis", "rediss", "redis+socket"})
RABBITMQ = frozenset({"amqp", "amqps", "pyamqp"})
_TAKEN = "redis://, rediss://, redis+socket://, amqp://, amqps:// and pyamqp://"

T = TypeVar("T")


def scheme_of(url: str) -> str:
    """What kind of broker: `redis`, `amqp` and the like. Raises UsageError when it is not the URL of a broker."""
    # of a broker with replicas there may be several, one behind the other
    first, *_ = [_scheme_of(each) for each in url.split(";")]
    return first


def _scheme_of(url: str) -> str:
    scheme, parted, _ = url.partition("://")
    if not parted or scheme not in REDIS | RABBITMQ:
        raise wrong(f"it begins with none of {_TAKEN} (Redis behind Sentinel: its own address)")
    parts = _had(lambda: urlsplit(url), "its host is written wrong: an IPv6 address stands in [ and ]")
    _had(lambda: parts.port, "what stands behind its host and a colon is no port, a number up to 65535")
    if scheme in REDIS and not _names_a_database(parts):
        raise wrong("what stands behind its host is no number of a database: redis://HOST:6379/0")
    return scheme


def _names_a_database(parts: SplitResult) -> bool:
    name = parts.path.strip("/")
    return parts.scheme == "redis+socket" or not name or name.isdecimal()


def _had(look: Callable[[], T], trouble: str) -> T:
    try:
        return look()
    except ValueError:
        raise wrong(trouble) from None  # its text may show the password


def wrong(trouble: str) -> UsageError:
    return UsageError(f"DOCPROC_BROKER_URL cannot be used: {trouble}")
