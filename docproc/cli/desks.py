"""The desk that an operator's command works at: a service's where the settings name one, else this machine's own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docproc.bootstrap import Desk


def open_any_desk() -> "Desk":
    """Raises UsageError or StorageError."""
    from docproc.bootstrap import load_settings, open_desk, open_service_desk

    settings = load_settings()
    in_postgres = settings.database_url is not None and not settings.database.startswith("sqlite")
    return open_service_desk(settings) if in_postgres else open_desk(settings)
