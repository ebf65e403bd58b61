"""Where blobs lie in S3, as a URL says it, and the client for it; knows no blob."""

import os
import re
from dataclasses import dataclass, fields
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

import boto3
from botocore.config import Config

from docproc.domain.errors import UsageError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_RETRIES = 2
_LONGEST_S = 600.0
#: connections kept open: more threads than that each pay for a new one
_CONNECTIONS = 64
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}\Z")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]*\Z")
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[A-Za-z0-9._/-]*)?\Z")
_ENCRYPTIONS = ("AES256", "aws:kms")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """A bucket, where in it, and how its server wants to be spoken to. Holds no secret."""

    bucket: str
    prefix: str = ""  # empty or with a slash at its end
    endpoint: str | None = None  # None: AWS
    public_endpoint: str | None = None  # how others reach the same server: for presigned URLs
    links: bool = True  # False where nobody but docproc reaches the server
    region: str | None = None
    path_style: bool = False  # https://server/bucket/key instead of https://bucket.server/key
    sse: str | None = None  # how the server encrypts what it keeps
    kms_key: str | None = None
    checksums: bool = True  # False for servers that do not know S3's newer checksums
    connect_s: float = 3.0  # how long one try waits for a connection
    read_s: float = 30.0  # how long one try waits for the next bytes

    @classmethod
    def parse(cls, url: str) -> "S3Place":
        """Read `s3://bucket/prefix?option=…`. Raises UsageError that names what is wrong."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        known = {field.name for field in fields(cls)} - {"bucket", "prefix"}
        if unknown := options.keys() - known:
            raise _wrong(f"there is no option {min(unknown)!r}; there are {', '.join(sorted(known))}")
        prefix = parts.path.strip("/")
        if parts.scheme != "s3" or not _BUCKET.match(parts.netloc) or not _PREFIX.match(prefix):
            raise _wrong("it reads s3://bucket/prefix?option=value, without user and password")
        endpoint = _endpoint(options, "endpoint")
        return cls(
            bucket=parts.netloc,
            prefix=f"{prefix}/" if prefix else "",
            endpoint=endpoint,
            public_endpoint=_endpoint(options, "public_endpoint"),
            links=_truth(options, "links", default=True),
            region=options.get("region"),
            # a server of one's own seldom has a name for each bucket
            path_style=_truth(options, "path_style", default=endpoint is not None),
            sse=_encryption(options),
            kms_key=options.get("kms_key"),
            checksums=_truth(options, "checksums", default=True),
            connect_s=_seconds(options, "connect_s", default=3.0),
            read_s=_seconds(options, "read_s", default=30.0),
        )

    @property
    def encryption(self) -> dict[str, Any]:
        """What a request that writes says of it."""
        said = {"ServerSideEncryption": self.sse, "SSEKMSKeyId": self.kms_key}
        return {name: value for name, value in said.items() if value is not None}

    def __str__(self) -> str:
        return f"bucket {self.bucket} at {self.endpoint or 'AWS'}"


class ClientOfProcess:
    """One client a process, made when it is first needed: making it takes long, and it does not survive a fork."""

    def __init__(self, place: S3Place, *, endpoint: str | None) -> None:
        self._place = place
        self._endpoint = endpoint
        self._own = _Own()

    def __call__(self) -> "S3Client":
        own = self._own
        if own.pid != os.getpid():  # after a fork its connections and its lock are the parent's
            own = self._own = _Own()
        return own.client(self._place, self._endpoint)


class _Own:
    """What one process has to itself."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = Lock()
        self._client: S3Client | None = None

    def client(self, place: S3Place, endpoint: str | None) -> "S3Client":
        with self._lock:
            if self._client is None:
                self._client = _make_client(place, endpoint)
            return self._client


def _make_client(place: S3Place, endpoint: str | None) -> "S3Client":
    checksums: Literal["when_supported", "when_required"] = "when_supported" if place.checksums else "when_required"
    session = boto3.session.Session()  # the default session may not be shared by threads
    client = session.client(
        "s3",
        endpoint_url=endpoint,
        region_name=place.region or session.region_name or "us-east-1",
        config=Config(
            signature_version="s3v4",
            connect_timeout=place.connect_s,
            read_timeout=place.read_s,
            retries={"mode": "standard", "max_attempts": _RETRIES},
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            s3={"addressing_style": "path" if place.path_style else "auto"},
            request_checksum_calculation=checksums,
            response_checksum_validation=checksums,
        ),
    )
    client.meta.events.register_last("before-call.s3", _send_at_once)
    return client


def _send_at_once(params: dict[str, Any], **_: object) -> None:
    """Do not ask first whether the server wants the body: bodies are short, and asking takes a way there and back."""
    params["headers"].pop("Expect", None)


def _endpoint(options: dict[str, str], name: str) -> str | None:
    if name not in options:
        return None
    if not _ENDPOINT.match(options[name]):
        raise _wrong(f"{name} is http://server:port or https://server, without user and password")
    return options[name].rstrip("/")


def _truth(options: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in options:
        return default
    if options[name] not in _TRUTH:
        raise _wrong(f"{name} is true or false")
    return _TRUTH[options[name]]


def _seconds(options: dict[str, str], name: str, *, default: float) -> float:
    try:
        seconds = float(options.get(name, default))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise _wrong(f"{name} is a number of seconds, at most {_LONGEST_S:g}")
    return seconds


def _encryption(options: dict[str, str]) -> str | None:
    sse = options.get("sse")
    if sse not in {None, *_ENCRYPTIONS}:
        raise _wrong(f"sse is {' or '.join(_ENCRYPTIONS)}")
    if "kms_key" in options and sse != "aws:kms":
        raise _wrong("kms_key goes with sse=aws:kms")
    return sse


def _wrong(trouble: str) -> UsageError:
    return UsageError(f"blob store URL: {trouble}; see docs/storage.md")
