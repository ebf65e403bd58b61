"""Databases that cannot be used, and transactions that can."""

import threading
import time
from pathlib import Path

import pytest
from doubles.waiting import PATIENCE_S
from sqlalchemy import Connection, text

from docproc.domain.errors import StorageError, UsageError
from docproc.storage.blobs import FolderBlobStore
from docproc.storage.database import RESTED_S, Database
from docproc.storage.migrate import migrate, revision
from docproc.storage.stores import open_own_database

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "url",
    ["", "no url", "mysql://host/name", "sqlite+nonsense", "postgresql://host:port/name", "postgresql://[::1/name"],
)
def test_a_url_that_names_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Database.open(url)


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "docproc.db"
    path.write_bytes(b"this is not a database, and it is longer than the header of one" * 100)
    with pytest.raises(StorageError):
        open_own_database(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is not")


def test_a_folder_in_the_place_of_the_database_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        open_own_database(f"sqlite:///{tmp_path}")


def test_a_data_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        open_own_database(f"sqlite:///{tmp_path / 'file' / 'docproc.db'}")


def test_a_server_that_does_not_answer_is_a_storage_error_without_the_password() -> None:
    with pytest.raises(StorageError) as caught:
        revision(Database.open("postgresql+psycopg://user:secret@127.0.0.1:1/none"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("option", ["sllmode=require", "connect_timeout=secret"])
def test_an_option_of_the_url_that_the_driver_does_not_take_is_named(option: str) -> None:
    with pytest.raises(
        StorageError, match=f"DOCPROC_DATABASE_URL .{option.split('=', maxsplit=1)[0]}. is not"
    ) as caught:
        revision(Database.open(f"postgresql+psycopg://user:secret@127.0.0.1:1/none?{option}"))
    assert "secret" not in str(caught.value)


def test_the_text_of_a_database_error_is_kept_out_of_ours(database: Database) -> None:
    with pytest.raises(StorageError) as caught, database.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "a secret value"})
    assert "secret" not in str(caught.value)


def test_a_transaction_that_breaks_leaves_nothing(database: Database) -> None:
    def change_and_break() -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'x'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_break()
    assert migrate(database) is False


def test_writers_of_one_process_wait_for_each_other(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(20):
            with database.write() as connection:
                locked = "" if database.is_sqlite else " FOR UPDATE"
                value = connection.scalar(text(f"SELECT value FROM counter{locked}"))  # noqa: S608 two constants
                time.sleep(0.0005)
                connection.execute(text("UPDATE counter SET value = :value"), {"value": (value or 0) + 1})

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 100


def test_a_second_database_object_on_the_same_file_waits_too(tmp_path: Path) -> None:
    """As another process would: a lock that is upgraded in the middle of a transaction could not wait."""
    first, second = (Database.open(f"sqlite:///{tmp_path / 'docproc.db'}") for _ in range(2))
    migrate(first)
    entered, written = threading.Event(), []

    def write() -> None:
        entered.set()
        with second.write() as connection:
            written.append(connection.scalar(text("SELECT version_num FROM alembic_version")))

    thread = threading.Thread(target=write)
    with first.write() as connection:
        thread.start()
        assert entered.wait(PATIENCE_S)
        time.sleep(0.1)
        connection.execute(text("UPDATE alembic_version SET version_num = 'changed'"))
        assert written == []
    thread.join(PATIENCE_S)
    assert written == ["changed"]
    first.close()
    second.close()


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("read committed is Postgres' way; no use case reads twice in one transaction")
    with database.read() as reading:
        before = reading.scalar(text("SELECT version_num FROM alembic_version"))
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'changed'"))
        assert reading.scalar(text("SELECT version_num FROM alembic_version")) == before


def test_a_database_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "docproc.db"
    open_own_database(f"sqlite:///{path}")
    database = Database.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(StorageError, match=r"docproc\.db.*writable.*DOCPROC_DATA_DIR"), database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'x'"))
    database.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"in the way")
    with pytest.raises(StorageError, match=r"blobs: .*DOCPROC_DATA_DIR"):
        FolderBlobStore(tmp_path / "blobs").put("local/words/0123.1", [b"a"])


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "docproc.db"
    path.write_bytes(b"not SQLite, and longer than the header of a database" * 100)
    with pytest.raises(StorageError, match=r"docproc\.db: it is no SQLite database"):
        open_own_database(f"sqlite:///{path}")


def test_a_server_that_does_not_answer_is_named_with_what_to_do() -> None:
    with pytest.raises(StorageError, match=r"127\.0\.0\.1:1/none: .*reached.*DOCPROC_DATABASE_URL") as caught:
        revision(Database.open("postgresql+psycopg://user:secret@127.0.0.1:1/none"))
    assert "user" not in str(caught.value)


def _shown(connection: Connection) -> list[str]:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    return [str(connection.scalar(text(f"SHOW {name}"))) for name in names]


def test_nobody_waits_for_ever_for_a_server(empty_postgres: str) -> None:
    database = Database.open(empty_postgres, statement_s=60)
    with database.read() as connection:
        assert _shown(connection) == ["10s", "1min", "2min"]
    with database.long_read() as connection:
        assert _shown(connection) == ["10s", "0", "2min"]
    with database.read() as connection:
        assert _shown(connection)[1] == "1min"
    database.close()


def test_a_lock_that_a_stopped_client_holds_is_told_and_not_waited_for(empty_postgres: str) -> None:
    database = Database.open(f"{empty_postgres}?options=-c%20lock_timeout%3D100")  # the URL goes first
    with database.write() as stopped:
        stopped.execute(text("CREATE TABLE held (value INTEGER)"))
        stopped.execute(text("INSERT INTO held VALUES (1)"))
    with database.write() as stopped:
        stopped.execute(text("UPDATE held SET value = 2"))
        with pytest.raises(StorageError, match="another process holds"), database.write() as other:
            other.execute(text("UPDATE held SET value = 3"))
    database.close()


def test_a_connection_that_was_closed_while_it_rested_is_not_used(empty_postgres: str) -> None:
    database = Database.open(empty_postgres, connections=1)
    with database.read() as connection:
        resting = connection.connection.dbapi_connection
    assert resting is not None
    resting.close()
    time.sleep(RESTED_S + 0.1)
    with database.read() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    database.close()
