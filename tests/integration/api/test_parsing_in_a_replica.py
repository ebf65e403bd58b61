"""What parses in a replica of a service: few children with little memory, for a deployment allows the sum of them."""

import threading
from pathlib import Path

import pytest

from docproc.api.wiring import open_face
from docproc.bootstrap import Desk, _desk_over
from docproc.intake.limits import GIB
from docproc.settings import Settings
from docproc.storage.stores import open_own_database

pytestmark = pytest.mark.integration


def desk(folder: Path, *, child_memory_mb: int = 3072) -> Desk:
    chosen = Settings(data_dir=folder, workers=2, child_memory_mb=child_memory_mb)
    return _desk_over(open_own_database(chosen.database), chosen)


def test_a_replica_parses_one_container_and_one_page_at_a_time_within_two_gib_each(tmp_path: Path) -> None:
    with open_face(desk(tmp_path), is_service=True) as face:
        assert face.children.limits.memory_bytes == 2 * GIB
        assert face.source()._pool.limits.memory_bytes == 2 * GIB  # type: ignore[attr-defined] # the child's own limit
        first, came = face.children.lease(), threading.Event()

        def wait_for_a_child() -> None:
            face.children.release(face.children.lease())
            came.set()

        waiting = threading.Thread(target=wait_for_a_child)
        waiting.start()
        assert not came.wait(0.3)
        face.children.release(first)
        waiting.join()
        assert came.is_set()


def test_a_replica_keeps_to_a_smaller_limit_that_is_set(tmp_path: Path) -> None:
    with open_face(desk(tmp_path, child_memory_mb=1024), is_service=True) as face:
        assert face.children.limits.memory_bytes == 1 * GIB


def test_a_lone_service_which_works_too_has_what_its_settings_say(tmp_path: Path) -> None:
    with open_face(desk(tmp_path), is_service=False) as face:
        assert face.children.limits.memory_bytes == 3 * GIB
        leased = [face.children.lease() for _ in range(2)]
        for child in leased:
            face.children.release(child)
