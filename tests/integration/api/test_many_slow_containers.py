"""More containers than a replica has children for: they wait for each other, and nobody else does for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from doubles.containers import zipped
from doubles.face import Place, answering, submit, until

from docproc.api.parsing import ParsingTurns
from docproc.api.wiring import Face, open_face
from docproc.bootstrap import _desk_over
from docproc.domain.errors import BusyError
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.settings import Settings
from docproc.storage.stores import open_own_database

pytestmark = pytest.mark.integration

#: of a container for its turn, here
PATIENCE_S = 8.0


@pytest.fixture
def face(tmp_path: Path) -> Iterator[Face]:
    settings = Settings(data_dir=tmp_path / "data", workers=1)
    settings.data_dir.mkdir()
    database = open_own_database(settings.database)
    with closing(database), open_face(_desk_over(database, settings), is_service=False) as opened:
        yield replace(opened, turns=ParsingTurns(places=1, patience_s=PATIENCE_S))


@pytest.fixture
def place(face: Face, tmp_path: Path) -> Iterator[Place]:
    with answering(face) as address:
        yield Place(desk=face.desk, addresses=[address], folder=tmp_path, is_service=False)


def test_others_are_answered_at_once_while_more_containers_wait_than_there_are_threads(
    face: Face, place: Place
) -> None:
    def hand_over(number: int) -> httpx2.Response:
        archive = zipped({f"{number}.pdf": place.bill(f"R-{number}")})
        with place.client(token) as sender:
            return sender.post("/v1/jobs", data={"schema": "key_value"}, files=[("files", ("a.zip", archive))])

    token = place.key(place.tenant())
    with ThreadPoolExecutor(40) as senders, place.client(token) as client:
        watched = submit(client, place.bill("A-1"), wait=0)["id"]
        slow = face.children.lease()  # the child is at a container that takes long
        waiting = [senders.submit(hand_over, number) for number in range(40)]
        until(lambda: len(list(face.incoming.iterdir())) == 40)
        plain = submit(client, place.bill("A-2"), wait=0)["id"]
        with client.stream("GET", f"/v1/jobs/{watched}/events") as events:
            assert next(events.iter_lines())
        assert not any(each.done() for each in waiting), "who needs no turn is answered before anyone's patience ends"
        until(lambda: sum(each.done() for each in waiting) == 39)
        face.children.release(slow)
        answers = [each.result() for each in waiting]

    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert (len(made), {answer.status_code for answer in refused}) == (1, {503})
    assert {answer.json()["code"] for answer in refused} == {"busy"}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    with place.client(token) as client:  # and nothing is left of what was refused
        assert {job["id"] for job in client.get("/v1/jobs").json()["items"]} == {*made, watched, plain}


def test_whoever_waits_for_a_child_is_told_when_none_becomes_free() -> None:
    with ChildPool(size=1, limits=Limits(), patience_s=0.2) as pool:
        child = pool.lease()
        with pytest.raises(BusyError, match="try again"):
            pool.lease()
        pool.release(child)
        pool.release(pool.lease())
