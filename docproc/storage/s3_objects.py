"""Objects of others below a prefix: listed, fetched, moved, each in the version asked for. Knows no blob of ours."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import ClientError

from docproc.domain.errors import BlobMissingError
from docproc.storage.s3_place import ClientOfProcess, S3Place
from docproc.storage.s3_troubles import ABSENT, TAKEN, UNCONDITIONAL, code_of, translated

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import TagTypeDef

_PIECE_BYTES = 1 << 20
#: in the order of lists behind everything that a path may go on with, but for a name that begins with it
_LAST = "\U0010ffff"
#: versions and markers of a path that are asked for
_NEWEST = 100


class _Begin(TypedDict, total=False):
    StartAfter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """An object as it was seen."""

    #: below the prefix
    path: str
    etag: str
    byte_count: int
    #: lists and heads differ in what they say of its fractions
    modified_s: int
    #: in a bucket that keeps versions; lists do not tell
    version_id: str | None = None


class S3Objects:
    """What lies in a bucket below a prefix. Raises StorageError; BlobMissingError for a version that is not there."""

    def __init__(self, place: S3Place) -> None:
        self.place = place
        self._client = ClientOfProcess(place, endpoint=place.endpoint)

    def require(self) -> None:
        """That it can be listed."""
        with translated(self.place):
            self._client().list_objects_v2(Bucket=self.place.bucket, Prefix=self.place.prefix, MaxKeys=1)

    def listed(self, *, below: str = "", without: Sequence[str] = ()) -> Iterator[ObjectVersion]:
        """In the order of their paths, a page of a thousand at a time; what begins with one of `without` is leapt over.

        Only those whose paths begin with `below`. A leap is one request, however many objects lie there, and unlike a
        delimiter it costs nothing for folders.
        """
        after: str | None = ""
        while after is not None:
            after = yield from self._listed_to(after, below, without)

    def _listed_to(self, after: str, below: str, without: Sequence[str]) -> Generator[ObjectVersion, None, str | None]:
        """Those behind `after`, up to what is to be leapt over: behind what to go on; None at the end."""
        begin: _Begin = {"StartAfter": self.place.prefix + after} if after else {}
        with translated(self.place):
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix + below, **begin):
                for found in page.get("Contents", []):
                    path = found["Key"].removeprefix(self.place.prefix)
                    if path <= after:  # of a server that cannot begin in the middle
                        continue
                    left_out = next((each for each in without if path.startswith(each)), None)
                    if left_out is not None:
                        if left_out + _LAST <= after:  # leapt over already: a name that begins with the last of all
                            continue
                        return left_out + _LAST
                    yield ObjectVersion(
                        path=path,
                        etag=found["ETag"],
                        byte_count=found["Size"],
                        modified_s=_seconds(found["LastModified"]),
                    )
        return None

    def head(self, path: str) -> ObjectVersion | None:
        with translated(self.place):
            try:
                found = self._client().head_object(**self._at(path))
            except ClientError as exc:
                if code_of(exc) in ABSENT:
                    return None
                raise
        return ObjectVersion(
            path=path,
            etag=found["ETag"],
            byte_count=found["ContentLength"],
            modified_s=_seconds(found["LastModified"]),
            version_id=_version_id(found.get("VersionId")),
        )

    def fetch(self, version: ObjectVersion, target: Path) -> None:
        """Its bytes into a file. Raises OSError for the file."""
        with self._of_version():
            answer = self._client().get_object(**self._at(version.path), IfMatch=version.etag)
            with closing(answer["Body"]) as body, target.open("wb") as file:
                for piece in body.iter_chunks(_PIECE_BYTES):
                    file.write(piece)

    def read(self, path: str, *, most_bytes: int) -> bytes | None:
        """The beginning of a small object; None when there is none."""
        with translated(self.place):
            try:
                answer = self._client().get_object(**self._at(path), Range=f"bytes=0-{most_bytes - 1}")
                with closing(answer["Body"]) as body:
                    return body.read()
            except ClientError as exc:
                if code_of(exc) in {*ABSENT, "InvalidRange"}:
                    return None
                raise

    def write(self, path: str, content: bytes) -> None:
        with translated(self.place):
            self._client().put_object(**self._at(path), **self.place.encryption, Body=content)

    def copy(self, version: ObjectVersion, path: str) -> None:
        """The version under another path, whatever lies there; larger ones than 5 GB in parts."""
        with self._of_version():
            self._client().copy(
                {"Bucket": self.place.bucket, "Key": self.place.prefix + version.path},
                **self._at(path),
                ExtraArgs={**self.place.encryption, "CopySourceIfMatch": version.etag},
            )

    def delete(self, version: ObjectVersion) -> None:
        """That version and no later one, as far as the server can tell them apart.

        In a bucket that keeps versions all stay, under a marker: without one the next older would lie there instead.
        """
        with self._of_version():
            try:
                answer = self._client().delete_object(**self._at(version.path), IfMatch=version.etag)
            except ClientError as exc:
                if code_of(exc) not in UNCONDITIONAL:
                    raise
                answer = self._client().delete_object(**self._at(version.path))
            marker = _version_id(answer.get("VersionId")) if answer.get("DeleteMarker") else None
            if marker is not None:  # where versions are kept no longer, nothing later is left under it
                self._uncover_later(version, marker=marker)

    def _uncover_later(self, version: ObjectVersion, *, marker: str) -> None:
        """Most servers pass over the condition: what came just before the marker is under it, and nobody has seen it.

        Raises BlobMissingError when there was such a one, as for the condition.
        """
        key = self.place.prefix + version.path
        found = self._client().list_object_versions(Bucket=self.place.bucket, Prefix=key, MaxKeys=_NEWEST)
        newest = next((each for each in found.get("Versions", []) if each["Key"] == key), None)
        # one that came behind the marker is seen
        if newest is not None and not newest["IsLatest"] and _version_id(newest["VersionId"]) != version.version_id:
            self._client().delete_object(**self._at(version.path), VersionId=marker)
            raise BlobMissingError

    def tag(self, version: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Beside the tags that it has."""
        at = self._at(version.path)
        if version.version_id is not None:
            at["VersionId"] = version.version_id
        with self._of_version():
            had = {tag["Key"]: tag["Value"] for tag in self._client().get_object_tagging(**at)["TagSet"]}
            told: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in {**had, **tags}.items()]
            self._client().put_object_tagging(**at, Tagging={"TagSet": told})

    @contextmanager
    def _of_version(self) -> Iterator[None]:
        """What the server says of a version that is no longer there."""
        with translated(self.place):
            try:
                yield
            except ClientError as exc:
                if code_of(exc) in TAKEN | ABSENT:
                    raise BlobMissingError from exc
                raise

    def _at(self, path: str) -> dict[str, Any]:
        return {"Bucket": self.place.bucket, "Key": self.place.prefix + path}


def _version_id(told: str | None) -> str | None:
    """`null` names the one version of an object that was there before versions were kept."""
    return None if told == "null" else told


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def open_objects(url: str) -> S3Objects:
    """What lies at `s3://bucket/prefix?…`; nothing is connected yet. Raises UsageError."""
    return S3Objects(S3Place.parse(url))
