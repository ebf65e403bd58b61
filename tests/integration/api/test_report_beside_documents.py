"""A lone service with one worker: a report that is drawn for long keeps no document waiting."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from doubles.face import Place, answering, submit, until
from doubles.parsing_children import parsing_children

from docproc.api.wiring import open_face
from docproc.bootstrap import _desk_over
from docproc.pages.pool import Child
from docproc.settings import Settings
from docproc.storage.stores import open_own_database

pytestmark = pytest.mark.integration


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    settings = Settings(data_dir=tmp_path / "data", workers=1)
    settings.data_dir.mkdir()
    database = open_own_database(settings.database)
    desk = _desk_over(database, settings)
    with closing(database), open_face(desk, is_service=False) as face, answering(face) as address:
        yield Place(desk=desk, addresses=[address], folder=tmp_path, is_service=False)


def somebody_waits_for_a_child() -> bool:
    """A thread of this process."""
    walks = [traceback.walk_stack(frame) for frame in sys._current_frames().values()]
    return any(frame.f_code is Child.receive.__code__ for walk in walks for frame, _ in walk)


def test_documents_are_read_while_a_report_has_a_child(place: Place) -> None:
    before = parsing_children()
    with place.client(place.key(place.tenant())) as client:
        job = submit(client, place.bill("A-1"))["id"]
        (child,) = parsing_children() - before
        os.kill(child, signal.SIGSTOP)  # the page that the report asks it for takes long
        try:
            export = client.post(f"/v1/jobs/{job}/exports", json={"format": "html"}).json()["id"]
            until(lambda: client.get(f"/v1/exports/{export}").json()["state"] == "leased")
            until(somebody_waits_for_a_child)
            bill = submit(client, place.bill("A-2"))
            assert bill["finished_at"]
            assert client.get(f"/v1/exports/{export}").json()["state"] == "leased"
        finally:
            os.kill(child, signal.SIGCONT)
        until(lambda: client.get(f"/v1/exports/{export}").json()["state"] == "succeeded")
