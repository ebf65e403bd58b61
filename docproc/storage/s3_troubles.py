"""Errors of S3 as StorageError: which bucket, what is wrong, what to do. Knows no request."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import HTTPError

from docproc.domain.errors import BlobMissingError, StorageError
from docproc.storage.s3_place import S3Place

#: a range behind the end is asked for only where there were bytes once; a bare 404 may come from something between
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "InvalidRange"})
#: answers to a question for the size, which have no body to say more
ABSENT = frozenset({"404", "NotFound", "NoSuchKey"})
#: answers to a conditional put that came second
TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
#: answers of servers that have no conditional put
UNCONDITIONAL = frozenset({"NotImplemented", "501"})

_KEYS = "check the key and the secret that docproc is given (AWS_ACCESS_KEY_ID and what else boto3 looks at)"
_RIGHTS = (
    "it may not do this: give it s3:GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListBucket; "
    "a watched prefix of a bucket with versions takes more, see docs/watch.md"
)
#: by S3's code, or the status where the answer had no body
_TO_DO: Mapping[str, str] = {
    "NoSuchBucket": "there is no such bucket: create it, or set DOCPROC_BLOB_URL",
    "AccessDenied": _RIGHTS,
    "403": f"{_KEYS}, and its rights",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "ExpiredToken": "the credentials have expired: renew them",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "PermanentRedirect": "the bucket is in another region: add region= to DOCPROC_BLOB_URL",
    "AuthorizationHeaderMalformed": "the bucket is in another region: add region= to DOCPROC_BLOB_URL",
    "SlowDown": "the server is overloaded: try again later",
    "ServiceUnavailable": "the server is overloaded or down: try again later",
    "InternalError": "the server failed: try again, and look at its log if it stays",
    "QuotaExceeded": "the bucket is full: make room",
    "InsufficientStorage": "the server's disk is full: make room",
    "XMinioStorageFull": "the server's disk is full: make room",
}
_BY_KIND: tuple[tuple[type[BotoCoreError], str], ...] = (
    (NoCredentialsError, f"there are no credentials: {_KEYS}"),
    (PartialCredentialsError, f"the credentials are incomplete: {_KEYS}"),
    (ConnectTimeoutError, "the server cannot be reached in time: see that it runs, and check DOCPROC_BLOB_URL"),
    (ReadTimeoutError, "the server has fallen silent: see that it is well"),
    (SSLError, "its certificate is not trusted: set AWS_CA_BUNDLE to the file of your authority's"),
    (EndpointConnectionError, "the server cannot be reached: see that it runs, and check DOCPROC_BLOB_URL"),
)


@contextmanager
def translated(place: S3Place) -> Iterator[None]:
    """What boto3 raises, as BlobMissingError or StorageError.

    The text of an error is not told: it may hold a key, and some servers echo what they were sent.
    """
    try:
        yield
    except ClientError as exc:
        code = code_of(exc)
        if code in _GONE:
            raise BlobMissingError from exc
        raise StorageError(f"{place}: {code}: {_TO_DO.get(code, 'the server refuses the request')}") from exc
    except (BotoCoreError, HTTPError) as exc:  # the latter where boto3 lets one through while a body is read
        trouble = next((text for kind, text in _BY_KIND if isinstance(exc, kind)), None)
        raise StorageError(f"{place}: {trouble or f'the connection broke ({type(exc).__name__}): try again'}") from exc


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
