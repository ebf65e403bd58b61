"""Lists of a watched prefix: what was put away is not looked at again, however much it has become."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from doubles.s3 import ENVIRONMENT, blob_url, s3_in_process

from docproc.storage.s3_objects import S3Objects
from docproc.storage.s3_place import ClientOfProcess, S3Place
from docproc.watch.rules import Rule, Rules
from docproc.watch.s3 import BucketPlace, EndPrefixes

pytestmark = pytest.mark.integration

A_PAGE = 10
MOST_LISTS = 100
#: before, between and behind the two, also what only looks as if it lay in one of them
TO_TAKE = (
    "a.pdf",
    "done",
    "done-not/a.pdf",
    "done.pdf",
    "done0",
    "done1/a.pdf",
    "em/done/a.pdf",
    "failed.pdf",
    "ü/z.pdf",
)
ENDS = EndPrefixes(done="done", failed="failed")


class Server:
    """What a server was asked for, and the prefix that is watched there."""

    def __init__(self) -> None:
        self.url = ""
        self.lists: list[dict[str, list[str]]] = []
        self.begins_anywhere = True

    def asked(self, environ: dict[str, Any]) -> None:
        query = parse_qs(environ["QUERY_STRING"])
        if "list-type" not in query:
            return
        self.lists.append(query)
        assert len(self.lists) < MOST_LISTS, "a look that does not end"
        if not self.begins_anywhere:
            kept = [part for part in environ["QUERY_STRING"].split("&") if not part.startswith("start-after")]
            environ["QUERY_STRING"] = "&".join(kept)
        environ["QUERY_STRING"] += f"&max-keys={A_PAGE}"

    def listed(self, objects: S3Objects, *, ends: EndPrefixes | None = ENDS, trigger: bool = False) -> list[str]:
        rules = Rules({"": Rule(schema="invoice", trigger=trigger)})
        self.lists.clear()
        return [sighting.path for sighting in BucketPlace(objects, rules, ends=ends).look()]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        server = Server()
        with s3_in_process(server.asked) as port:
            server.url = blob_url(port, prefix="in")
            yield server


@pytest.fixture(scope="module")
def objects(server: Server) -> S3Objects:
    """A hundred objects in each of the folders for what was read."""
    place = S3Place.parse(server.url)
    client = ClientOfProcess(place, endpoint=place.endpoint)()
    put_away = [f"{end}/{number:03}.pdf" for end in ("done", "failed") for number in range(100)]
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(
            lambda path: client.put_object(Bucket=place.bucket, Key=f"in/{path}", Body=b"x"), (*put_away, *TO_TAKE)
        ):
            pass
    return S3Objects(place)


def test_a_look_costs_no_request_more_for_all_that_was_put_away(server: Server, objects: S3Objects) -> None:
    assert server.listed(objects) == sorted(TO_TAKE)
    assert len(server.lists) == 3
    assert len([query for query in server.lists if "start-after" in query]) == 2


@pytest.mark.parametrize("name", ["\U0010ffff", "\U0010ffffy.pdf", "\U0010ffff/z.pdf"])
def test_no_name_can_keep_a_look_from_its_end(server: Server, objects: S3Objects, name: str) -> None:
    """Whoever may upload may also name what they upload."""
    objects.write(f"done/{name}", b"x")
    try:
        assert server.listed(objects) == sorted(TO_TAKE)
    finally:
        left = objects.head(f"done/{name}")
        assert left is not None
        objects.delete(left)


def test_a_look_for_triggers_leaps_too(server: Server, objects: S3Objects) -> None:
    assert server.listed(objects, trigger=True) == []
    assert len(server.lists) == 6


def test_what_stays_where_it_is_is_all_looked_at(server: Server, objects: S3Objects) -> None:
    assert len(server.listed(objects, ends=None)) == 200 + len(TO_TAKE)
    assert len(server.lists) == 21


def test_ends_may_lie_deeper(server: Server, objects: S3Objects) -> None:
    deeper = server.listed(objects, ends=EndPrefixes(done="em/done", failed="failed"))
    assert "em/done/a.pdf" not in deeper
    assert "done/000.pdf" in deeper
    assert not [path for path in deeper if path.startswith("failed/")]


def test_a_server_that_cannot_begin_in_the_middle_tells_each_object_once(server: Server, objects: S3Objects) -> None:
    server.begins_anywhere = False
    assert server.listed(objects) == sorted(TO_TAKE)
    server.begins_anywhere = True
