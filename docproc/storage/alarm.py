"""Waits for Postgres to tell that something became due; an alarm that is broken only makes its owner look by itself."""

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from docproc.storage.changes import CHANNEL
from docproc.storage.database import Database

if TYPE_CHECKING:
    import psycopg

logger = logging.getLogger(__name__)


class PostgresAlarm:
    """Listens on a connection of its own, opened anew when it is lost."""

    def __init__(self, database: Database) -> None:
        self._url = database.engine.url
        self._connection: psycopg.Connection | None = None

    def wait(self, timeout_s: float) -> bool:
        import psycopg  # noqa: PLC0415 only a service has the driver

        try:
            listening = self._listening()
            # each as a whole: psycopg holds the connection's lock while its generator is not at its end
            if list(listening.notifies(timeout=timeout_s, stop_after=1)):
                list(listening.notifies(timeout=0))  # one look answers every call until now
                return True
        except psycopg.Error as exc:
            logger.warning("alarm lost", extra={"action": "alarm_lost", "error": type(exc).__name__})
            self.close()
            time.sleep(min(timeout_s, 1.0))
        return False

    def _listening(self) -> "psycopg.Connection":
        import psycopg  # noqa: PLC0415

        if self._connection is None:
            url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def close(self) -> None:
        import psycopg  # noqa: PLC0415

        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
