"""More containers than a replica has children for: they wait for each other, and nobody else does for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from doubles.containers import zipped
from doubles.face import Place, answering, submit, until
from doubles.waiting import PATIENCE_S

from docproc.api.parsing import ParsingTurns
from docproc.api.wiring import Face, open_face
from docproc.bootstrap import _desk_over
from docproc.domain.errors import BusyError
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.settings import Settings
from docproc.storage.stores import open_own_database

pytestmark = pytest.mark.integration


@pytest.fixture
def face(tmp_path: Path) -> Iterator[Face]:
    """With one child, which is waited for as long as a test may last."""
    settings = Settings(data_dir=tmp_path / "data", workers=1)
    settings.data_dir.mkdir()
    database = open_own_database(settings.database)
    with (
        closing(database),
        open_face(_desk_over(database, settings), is_service=False) as opened,
        ChildPool(size=1, limits=settings.limits, patience_s=PATIENCE_S) as children,
    ):
        yield replace(opened, children=children, turns=ParsingTurns(places=1, patience_s=PATIENCE_S))


@contextmanager
def answered(face: Face, folder: Path) -> Iterator[Place]:
    with answering(face) as address:
        yield Place(desk=face.desk, addresses=[address], folder=folder, is_service=False)


def hand_over(place: Place, token: str, number: int) -> httpx2.Response:
    archive = zipped({f"{number}.pdf": place.bill(f"R-{number}")})
    with place.client(token) as sender:
        return sender.post("/v1/jobs", data={"schema": "key_value"}, files=[("files", ("a.zip", archive))])


def jobs(place: Place, token: str) -> set[str]:
    with place.client(token) as client:
        return {job["id"] for job in client.get("/v1/jobs", params={"limit": 100}).json()["items"]}


def test_others_are_answered_at_once_while_more_containers_wait_than_there_are_threads(
    face: Face, tmp_path: Path
) -> None:
    with answered(face, tmp_path) as place, ThreadPoolExecutor(40) as senders:
        token = place.key(place.tenant())
        with place.client(token) as client:
            watched = submit(client, place.bill("A-1"), wait=0)["id"]
            slow = face.children.lease()  # the child is at a container that takes long
            waiting = [senders.submit(hand_over, place, token, number) for number in range(40)]
            until(lambda: len(list(face.incoming.iterdir())) == 40)
            plain = submit(client, place.bill("A-2"), wait=0)["id"]
            with client.stream("GET", f"/v1/jobs/{watched}/events") as events:
                assert next(events.iter_lines())
            assert not any(each.done() for each in waiting)
            face.children.release(slow)
            answers = [each.result() for each in waiting]

        assert {answer.status_code for answer in answers} == {201}
        assert jobs(place, token) == {*(answer.json()["id"] for answer in answers), watched, plain}


def test_of_containers_that_wait_for_a_turn_too_long_nothing_is_left_but_a_word_when_to_come_again(
    face: Face, tmp_path: Path
) -> None:
    face = replace(face, turns=ParsingTurns(places=1, patience_s=0.2))
    with answered(face, tmp_path) as place, ThreadPoolExecutor(4) as senders:
        token = place.key(place.tenant())
        slow = face.children.lease()
        waiting = [senders.submit(hand_over, place, token, number) for number in range(4)]
        until(lambda: sum(each.done() for each in waiting) == 3)  # one has the turn, and waits for the child
        face.children.release(slow)
        answers = [each.result() for each in waiting]

        made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        refused = [answer for answer in answers if answer.status_code != 201]
        assert (len(made), {answer.status_code for answer in refused}) == (1, {503})
        assert {answer.json()["code"] for answer in refused} == {"busy"}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert jobs(place, token) == made


def test_whoever_waits_for_a_child_is_told_when_none_becomes_free() -> None:
    with ChildPool(size=1, limits=Limits(), patience_s=0.2) as pool:
        child = pool.lease()
        with pytest.raises(BusyError, match="try again"):
            pool.lease()
        pool.release(child)
        pool.release(pool.lease())
