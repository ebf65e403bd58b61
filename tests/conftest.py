"""Fixtures of all areas. Its place also puts this folder on the path, so that tests can import `doubles`."""

import gc
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from doubles.postgres import empty_database, running_postgres
from doubles.s3 import ENVIRONMENT, blob_url, s3_in_process
from doubles.stores import memory_stores
from doubles.valkey import running_valkey
from hypothesis import HealthCheck, settings

from docproc.services.ports import Stores
from docproc.storage.database import Database
from docproc.storage.migrate import migrate
from docproc.storage.stores import stores_over

# Whoever starts the tests in the background has Ctrl-C ignored, and every process that they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, however busy the machine: what hangs on chance or speed says nothing of a change.
# To look for what nobody thought of: --hypothesis-profile=exploring
settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("exploring"), derandomize=True, database=None)
settings.load_profile("same")

pytest_plugins = ["doubles.nvlm_checkpoint", "doubles.vlm_checkpoints"]


def pytest_collection_finish() -> None:
    """What was imported and collected stays: to look through it for garbage again and again took much of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private Postgres server that lives as long as the test run."""
    with running_postgres() as url:
        if url is None:
            pytest.fail("no Postgres binaries: make setup installs them")
        yield url


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    with empty_database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on each of the two kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'docproc.db'}"
    url: str = request.getfixturevalue("empty_postgres")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the newest revision, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "docproc.db"
    database = Database.open(f"sqlite:///{path}")
    migrate(database)
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The name of a Postgres database at the newest revision, to be copied."""
    with empty_database(postgres_url) as url:
        database = Database.open(url)
        migrate(database)
        database.close()
        yield url.rsplit("/", 1)[1]


@contextmanager
def _database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Database]:
    with ExitStack() as ended:
        if kind == "sqlite":
            shutil.copy(request.getfixturevalue("migrated_file"), folder / "docproc.db")
            url = f"sqlite:///{folder / 'docproc.db'}"
        else:
            template = request.getfixturevalue("migrated_postgres")
            url = ended.enter_context(empty_database(request.getfixturevalue("postgres_url"), template=template))
        database = Database.open(url)
        ended.callback(database.close)
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database at the newest revision, on each of the two kinds."""
    with _database(request, request.param, tmp_path) as database:
        yield database


@pytest.fixture
def kept_stores(database: Database, tmp_path: Path) -> Stores:
    """Stores over each kind of database, with blobs in a folder: another process can open them too."""
    return stores_over(database, tmp_path / "blobs")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """The ports of the stores: the double and both adapters, under the same tests."""
    if request.param == "memory":
        yield memory_stores()
        return
    with _database(request, request.param, tmp_path) as database:
        yield stores_over(database, tmp_path / "blobs")


@pytest.fixture
def local_stores(migrated_file: Path, tmp_path: Path) -> Iterator[Stores]:
    """Stores as on one machine without a server."""
    shutil.copy(migrated_file, tmp_path / "docproc.db")
    database = Database.open(f"sqlite:///{tmp_path / 'docproc.db'}")
    yield stores_over(database, tmp_path / "blobs")
    database.close()


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A private Valkey server that lives as long as the test run."""
    with running_valkey() as server:
        yield server.url


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A bucket on an S3 server in this process that lives as long as the test run, and credentials for it."""
    with pytest.MonkeyPatch.context() as patch, s3_in_process() as port:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield blob_url(port)
