"""Make the bucket that DOCPROC_BLOB_URL names, unless it is there; knows nothing of what will lie in it."""

# ruff: noqa: INP001 a script

import os
import sys
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import boto3


def main() -> int:
    """Only for servers of one's own: with AWS, whoever owns the account makes the bucket."""
    url = urlsplit(os.environ["DOCPROC_BLOB_URL"])  # noqa: TID251 a script beside docproc
    options = parse_qs(url.query)
    if url.scheme != "s3" or "endpoint" not in options:
        return 0
    client = boto3.client(
        "s3", endpoint_url=options["endpoint"][0], region_name=options.get("region", ["us-east-1"])[0]
    )
    with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
        client.create_bucket(Bucket=url.hostname or "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
