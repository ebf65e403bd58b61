"""What time a bucket's server says it is; knows no blob."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path


def store_clock(url: str | Path) -> datetime | None:
    """To the second; None for a folder, and for a server that does not say. Raises StorageError."""
    if isinstance(url, Path) or not url.startswith("s3:"):
        return None
    from docproc.storage.s3_place import ClientOfProcess, S3Place  # noqa: PLC0415 boto3 is in an extra
    from docproc.storage.s3_troubles import translated  # noqa: PLC0415

    place = S3Place.parse(url)
    with translated(place):
        client = ClientOfProcess(place, endpoint=place.endpoint)()
        answer = client.head_bucket(Bucket=place.bucket)
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return None if said is None else parsedate_to_datetime(said).astimezone(UTC)
