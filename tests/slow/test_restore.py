"""Backup and restore in the order that docs/operate.md gives, with real servers and work under way."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.command import Command
from doubles.postgres import PostgresServer, empty_database, running_server
from doubles.works import Works, running_works

from docproc.domain.document import JobState
from docproc.domain.page import PageState
from docproc.storage.database import Database
from docproc.storage.migrate import migrate
from docproc.storage.stores import stores_over, work_stores_over

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with running_server() as server:
        assert server is not None, "no Postgres binaries: make setup installs them"
        yield server


@pytest.fixture
def works(server: PostgresServer, tmp_path: Path) -> Iterator[Works]:
    with empty_database(server.url) as template:
        database = Database.open(template)
        migrate(database)
        database.close()
        with running_works(server.url, template.rsplit("/", 1)[1], tmp_path) as works:
            yield works


def client(server: PostgresServer, name: str, url: str, *arguments: object) -> None:
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    subprocess.run([server.binaries / name, f"--dbname={plain}", *map(str, arguments)], check=True, timeout=120)


def elsewhere(works: Works, url: str, blobs: Path, ended: ExitStack) -> Works:
    """The same service with another database and other blobs."""
    database = Database.open(url)
    ended.callback(database.close)
    environment = {**works.environment, "DOCPROC_DATABASE_URL": url, "DOCPROC_BLOB_URL": str(blobs)}
    return replace(works, environment=environment, stores=stores_over(database, blobs), work=work_stores_over(database))


def check(works: Works, *, code: int) -> str:
    settings = {name.removeprefix("DOCPROC_").lower(): value for name, value in works.environment.items()}
    return Command(place=works.folder, settings=settings)("store", "check", "--older-than", 1, code=code).stdout


def backed_up_under_way(works: Works, server: PostgresServer, dump: Path) -> None:
    """A job at its end, one that is being read, then the rows."""
    worker = works.start_worker(slots=2)
    works.until_ended(works.submit({"before.pdf": ("one", "two")}))
    works.submit({"during.pdf": tuple(f"!nap {number}" for number in range(6))})
    works.until(lambda: len(works.reads()) >= 4)
    client(server, "pg_dump", works.environment["DOCPROC_DATABASE_URL"], "--format=custom", f"--file={dump}")
    works.until_ended(works.submit({"after.pdf": ("three",)}))
    worker.kill()


def test_rows_then_blobs_make_a_whole_service_that_goes_on(
    works: Works, server: PostgresServer, tmp_path: Path
) -> None:
    backed_up_under_way(works, server, tmp_path / "dump")
    blobs = tmp_path / "restored"
    shutil.copytree(tmp_path / "blobs", blobs)
    works.valkey.flush()

    with empty_database(server.url) as url, ExitStack() as ended:
        client(server, "pg_restore", url, tmp_path / "dump")
        restored = elsewhere(works, url, blobs, ended)
        assert "0 of them missing" in check(restored, code=0)
        before, during = restored.stores.jobs.newest()[::-1]
        assert before.state is JobState.SUCCEEDED
        assert during.finished_at is None
        restored.start_worker(slots=2)

        assert restored.until_ended(during).state is JobState.SUCCEEDED

        pages = restored.pages(restored.document(during).id)
        assert Counter(page.state for page in pages) == {PageState.READ: 6}
        assert "0 of them missing" in check(restored, code=0)


def test_blobs_then_rows_lose_what_came_between_and_the_check_says_so(
    works: Works, server: PostgresServer, tmp_path: Path
) -> None:
    blobs = tmp_path / "restored"
    worker = works.start_worker(slots=2)
    works.until_ended(works.submit({"before.pdf": ("one",)}))
    shutil.copytree(tmp_path / "blobs", blobs)
    job = works.until_ended(works.submit({"between.pdf": ("two",)}))
    worker.kill()
    client(
        server, "pg_dump", works.environment["DOCPROC_DATABASE_URL"], "--format=custom", f"--file={tmp_path / 'dump'}"
    )

    with empty_database(server.url) as url, ExitStack() as ended:
        client(server, "pg_restore", url, tmp_path / "dump")
        said = check(elsewhere(works, url, blobs, ended), code=3)

    assert "missing" in said
    assert str(works.document(job).id) in said
