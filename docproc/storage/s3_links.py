"""Links with which others read and write single blobs in S3 without docproc between; knows no blob's content."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from docproc.services.blob_keys import check_key
from docproc.storage.s3_place import ClientOfProcess, S3Place
from docproc.storage.s3_troubles import translated

_PLAIN = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLink:
    """Where to PUT the bytes, and the headers that must go with them."""

    url: str
    headers: dict[str, str]


class S3Links:
    """Makes links; asks no server, so a link to a blob that is not there is made too."""

    def __init__(self, place: S3Place) -> None:
        self._place = place
        self._client = ClientOfProcess(place, endpoint=place.public_endpoint or place.endpoint)

    def presign_get(self, key: str, *, expires_s: int, filename: str | None = None) -> str:
        """A link that reads one blob. A browser saves it, as `filename`, and never shows what may be a hostile page."""
        shown = {"ResponseContentType": _PLAIN, "ResponseContentDisposition": _attachment(filename)}
        return self._signed("get_object", {**self._at(key), **shown}, expires_s)

    def presign_put(self, key: str, *, byte_count: int, sha256: str, expires_s: int) -> UploadLink:
        """A link that writes these bytes and no others, once, where the server checks it: see `open_upload`."""
        digest = b64encode(bytes.fromhex(sha256)).decode()
        bound = {"ContentLength": byte_count, "ContentType": _PLAIN, "ChecksumSHA256": digest, "IfNoneMatch": "*"}
        headers = {
            "Content-Type": _PLAIN,
            "Content-Length": str(byte_count),
            "x-amz-checksum-sha256": digest,
            "If-None-Match": "*",
            "x-amz-server-side-encryption": self._place.sse,
            "x-amz-server-side-encryption-aws-kms-key-id": self._place.kms_key,
        }
        url = self._signed("put_object", {**self._at(key), **bound, **self._place.encryption}, expires_s)
        return UploadLink(url=url, headers={name: value for name, value in headers.items() if value is not None})

    def _signed(self, action: str, request: dict[str, Any], expires_s: int) -> str:
        with translated(self._place):
            return self._client().generate_presigned_url(action, Params=request, ExpiresIn=expires_s)

    def _at(self, key: str) -> dict[str, Any]:
        check_key(key)
        return {"Bucket": self._place.bucket, "Key": self._place.prefix + key}


def _attachment(filename: str | None) -> str:
    if filename is None:
        return "attachment"
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
