"""A watcher over a prefix of a real bucket, with whoever reads as a fake."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from docproc.storage.s3_objects import S3Objects
from docproc.storage.s3_place import ClientOfProcess, S3Place
from docproc.watch.news import News, NoNews
from docproc.watch.ports import Place
from docproc.watch.rules import Rules
from docproc.watch.s3 import BucketPlace, EndPrefixes
from doubles.watching import Watched


@dataclass
class WatchedBucket(Watched):
    """A watched prefix with everything around it."""

    #: of the bucket
    url: str = ""
    most_bytes: int | None = None
    prefix: str = field(default_factory=lambda: f"in-{secrets.token_hex(4)}")

    def __post_init__(self) -> None:
        super().__post_init__()
        bucket, _, options = self.url.partition("?")
        self.url = f"{bucket.rstrip('/')}/{self.prefix}?{options}"
        self.s3_place = S3Place.parse(self.url)
        self.client: Any = ClientOfProcess(self.s3_place, endpoint=self.s3_place.endpoint)()
        self.objects = S3Objects(self.s3_place)

    @property
    def news(self) -> News:
        return NoNews()

    def put(self, name: str, content: bytes = b"content") -> None:
        self.client.put_object(Bucket=self.s3_place.bucket, Key=f"{self.prefix}/{name}", Body=content)

    def get(self, name: str) -> bytes:
        found = self.client.get_object(Bucket=self.s3_place.bucket, Key=f"{self.prefix}/{name}")
        content: bytes = found["Body"].read()
        return content

    def tags(self, name: str) -> dict[str, str]:
        found = self.client.get_object_tagging(Bucket=self.s3_place.bucket, Key=f"{self.prefix}/{name}")
        return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}

    def place(self) -> Place:
        ends = None if self.in_place else EndPrefixes(done="done", failed="failed")
        return self.seen_as(BucketPlace(self.objects, Rules({"": self.rule}), ends=ends, most_bytes=self.most_bytes))

    def lying(self, folder: str = "") -> list[str]:
        """Objects below a prefix of the place."""
        return [found.path.removeprefix(folder) for found in self.objects.listed() if found.path.startswith(folder)]
