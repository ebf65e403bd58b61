"""What the URL of a bucket says."""

import pytest

from docproc.storage.s3_place import S3Place


def test_a_bucket_alone_is_on_aws() -> None:
    place = S3Place.parse("s3://records")
    assert (place.bucket, place.prefix, place.endpoint, place.path_style) == ("records", "", None, False)
    assert place.encryption == {}


def test_a_prefix_ends_with_one_slash() -> None:
    assert S3Place.parse("s3://records/a/b").prefix == "a/b/"
    assert S3Place.parse("s3://records/a/b/").prefix == "a/b/"


def test_a_server_of_ones_own_has_the_bucket_in_the_path_unless_it_says_otherwise() -> None:
    assert S3Place.parse("s3://records?endpoint=http://store:9000").path_style
    assert not S3Place.parse("s3://records?endpoint=http://store:9000&path_style=false").path_style


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("sse=AES256", {"ServerSideEncryption": "AES256"}),
        (
            "sse=aws:kms&kms_key=arn:aws:kms:eu-central-1:1:key/2",
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-central-1:1:key/2"},
        ),
    ],
)
def test_encryption_is_asked_for_in_each_request_that_writes(options: str, said: dict[str, str]) -> None:
    assert S3Place.parse(f"s3://records?{options}").encryption == said
