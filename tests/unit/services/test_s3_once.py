"""A conditional put, as servers of several kinds answer it."""

import pytest
from botocore.exceptions import ClientError

from docproc.storage.s3 import S3BlobStore
from docproc.storage.s3_place import S3Place

KEY = "local/original/ab"


class Store(S3BlobStore):
    """A store that knows the sizes of its blobs, without a server."""

    def __init__(self, found: int | None) -> None:
        super().__init__(S3Place(bucket="records"))
        self.found = found

    def size(self, key: str) -> int | None:
        return self.found if key == KEY else None


class Server:
    """Refuses a conditional put with `code`."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[dict[str, str]] = []

    def __call__(self, **condition: str) -> None:
        self.asked.append(condition)
        if condition:
            raise ClientError({"Error": {"Code": self.code}}, "PutObject")


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "ConditionalRequestConflict"])
def test_what_is_there_already_is_not_written_again(code: str) -> None:
    server = Server(code)
    assert not Store(3)._write(server, KEY, 3, once=True)
    assert server.asked == [{"IfNoneMatch": "*"}]


@pytest.mark.parametrize("found", [None, 2])
def test_what_went_meanwhile_or_was_cut_is_written(found: int | None) -> None:
    server = Server("PreconditionFailed")
    assert Store(found)._write(server, KEY, 3, once=True)
    assert server.asked == [{"IfNoneMatch": "*"}, {}]


def test_a_server_without_conditions_is_asked_for_one_only_once() -> None:
    server, store = Server("NotImplemented"), Store(None)
    assert store._write(server, KEY, 3, once=True)
    assert store._write(server, KEY, 3, once=True)
    assert server.asked == [{"IfNoneMatch": "*"}, {}, {}]


def test_any_other_refusal_stands() -> None:
    with pytest.raises(ClientError):
        Store(3)._write(Server("AccessDenied"), KEY, 3, once=True)


def test_what_may_change_is_written_without_a_condition() -> None:
    server = Server("PreconditionFailed")
    assert Store(3)._write(server, KEY, 3, once=False)
    assert server.asked == [{}]
