"""All stores over one database and one folder; knows no use case."""

from pathlib import Path

from docproc.services.ports import Stores
from docproc.storage.blobs import FolderBlobStore
from docproc.storage.database import Database
from docproc.storage.documents import SqlDocumentStore
from docproc.storage.extractions import SqlExtractionStore
from docproc.storage.jobs import SqlJobStore
from docproc.storage.migrate import migrate
from docproc.storage.pages import SqlPageStore
from docproc.storage.readings import SqlReadingStore


def open_stores(database_url: str, blob_dir: Path) -> Stores:
    """The stores, with the database at the newest revision.

    Raises StorageError or UsageError.
    """
    database = Database.open(database_url)
    migrate(database)
    return stores_over(database, blob_dir)


def stores_over(database: Database, blob_dir: Path) -> Stores:
    return Stores(
        jobs=SqlJobStore(database),
        documents=SqlDocumentStore(database),
        pages=SqlPageStore(database),
        readings=SqlReadingStore(database),
        extractions=SqlExtractionStore(database),
        blobs=FolderBlobStore(blob_dir),
    )
