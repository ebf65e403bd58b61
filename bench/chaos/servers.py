"""The servers of a run, which can be taken away and given back: Postgres, Valkey, S3 behind a proxy."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from doubles.faulty_proxy import FaultyProxy, faulty_proxy
from doubles.postgres import PostgresServer, running_server
from doubles.s3 import ENVIRONMENT, blob_url, s3_process
from doubles.valkey import ValkeyServer, running_valkey
from psycopg import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Everything that the workers stand on."""

    postgres: PostgresServer
    valkey: ValkeyServer
    store: FaultyProxy

    @property
    def environment(self) -> dict[str, str]:
        """What a worker has to know."""
        return {
            **ENVIRONMENT,
            "DOCPROC_DATABASE_URL": self.postgres.url,
            "DOCPROC_BROKER_URL": self.valkey.url,
            "DOCPROC_BLOB_URL": blob_url(self.store.port),
        }

    def dump(self, folder: Path) -> None:
        """The database as SQL, and each table as CSV: to be counted again without a server."""
        plain = self.postgres.url.replace("postgresql+psycopg://", "postgresql://")
        command = [str(self.postgres.binaries / "pg_dump"), "--dbname", plain]
        with (folder / "database.sql").open("wb") as file:
            subprocess.run(command, stdout=file, check=True)  # noqa: S603 our own
        tables = folder / "tables"
        tables.mkdir()
        with psycopg.connect(plain) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (name,) in cursor.fetchall():
                copy = sql.SQL("COPY {} TO STDOUT (FORMAT csv, HEADER)").format(sql.Identifier(name))
                with cursor.copy(copy) as rows, (tables / f"{name}.csv").open("wb") as file:
                    for piece in rows:
                        file.write(piece)


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Servers that end with the context."""
    with ExitStack() as ended:
        postgres = ended.enter_context(running_server())
        if postgres is None:
            raise SystemExit("no Postgres binaries: make setup installs them")
        valkey = ended.enter_context(running_valkey())
        store = ended.enter_context(faulty_proxy(ended.enter_context(s3_process()).port))
        yield Servers(postgres=postgres, valkey=valkey, store=store)
