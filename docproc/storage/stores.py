"""All stores over one database and one place for blobs; knows no use case."""

from collections.abc import Sequence
from pathlib import Path

from docproc.domain.errors import StorageError
from docproc.services.errand_ports import ErrandStores
from docproc.services.front_ports import FrontStores
from docproc.services.ledger_ports import Ledger
from docproc.services.passwords import Passwords, PasswordsInMemory
from docproc.services.ports import Stores
from docproc.services.upkeep_ports import UpkeepStores
from docproc.services.work_ports import WorkStores
from docproc.storage.audit import SqlAuditLog
from docproc.storage.blob_names import SqlBlobNames
from docproc.storage.blob_stores import open_blob_store
from docproc.storage.catalog import SqlCatalog
from docproc.storage.census import SqlCensus
from docproc.storage.database import Database
from docproc.storage.dead import SqlDeadStore
from docproc.storage.deliveries import SqlDeliveryStore
from docproc.storage.documents import SqlDocumentStore
from docproc.storage.exports import SqlExportStore
from docproc.storage.extractions import SqlExtractionStore
from docproc.storage.jobs import SqlJobStore
from docproc.storage.keeping import SqlKeepingStore
from docproc.storage.keys import SqlKeyStore
from docproc.storage.leases import SqlLeaseStore
from docproc.storage.ledger import SqlLedger
from docproc.storage.limits import SqlLimitStore
from docproc.storage.local_backlog import SqlLocalBacklog
from docproc.storage.migrate import HEAD, migrate, revision
from docproc.storage.models import SqlModelStore
from docproc.storage.pages import SqlPageStore
from docproc.storage.passwords import SqlPasswords
from docproc.storage.readings import SqlReadingStore
from docproc.storage.receipts import SqlReceiptStore
from docproc.storage.reviews import SqlReviewStore
from docproc.storage.sealing import Seal
from docproc.storage.tasks import SqlTaskStore
from docproc.storage.tenants import SqlTenantStore
from docproc.storage.usage import SqlUsageStore
from docproc.storage.workers import SqlWorkerStore


def open_own_database(url: str) -> Database:
    """The database of somebody who works alone, at the newest revision.

    One on a server is made when it is empty; beyond that its others decide: they may be older than this docproc.
    Raises StorageError or UsageError.
    """
    database = Database.open(url)
    if database.is_sqlite or revision(database) is None:
        migrate(database)
        return database
    return _of_this_revision(database)


def open_service_database(url: str, *, migrate_first: bool = False, statement_s: float = 0.0) -> Database:
    """The database of a service, which many processes share: brought to the newest revision by one that is told to.

    `statement_s`: how long one statement may take; 0: as long as the server lets it.
    Raises StorageError when it is of another revision, or UsageError.
    """
    database = Database.open(url, statement_s=statement_s)
    if migrate_first:
        migrate(database)
        return database
    return _of_this_revision(database)


def _of_this_revision(database: Database) -> Database:
    if (found := revision(database)) != HEAD:
        state = "empty" if found is None else f"at revision {found}"
        raise StorageError(f"the database is {state}, and this docproc needs {HEAD}: run `docproc db upgrade`")
    return database


def work_stores_over(database: Database) -> WorkStores:
    """What a service has beside the stores of jobs."""
    return WorkStores(
        tasks=SqlTaskStore(database),
        leases=SqlLeaseStore(database),
        workers=SqlWorkerStore(database),
        tenants=SqlTenantStore(database),
        keeping=SqlKeepingStore(database),
        models=SqlModelStore(database),
    )


def errand_stores_over(database: Database) -> ErrandStores:
    """Exports and deliveries."""
    return ErrandStores(exports=SqlExportStore(database), deliveries=SqlDeliveryStore(database))


def upkeep_stores_over(database: Database, *, sealing_keys: Sequence[str] = ()) -> UpkeepStores:
    """What those who look after a service need besides."""
    return UpkeepStores(
        audit=SqlAuditLog(database),
        dead=SqlDeadStore(database),
        names=SqlBlobNames(database),
        census=SqlCensus(database),
        sealed=SqlPasswords(database, Seal(sealing_keys)),
    )


def front_stores_over(database: Database) -> FrontStores:
    """What a service's face needs besides."""
    return FrontStores(
        keys=SqlKeyStore(database),
        catalog=SqlCatalog(database),
        reviews=SqlReviewStore(database),
        limits=SqlLimitStore(database),
        usage=SqlUsageStore(database),
        audit=SqlAuditLog(database),
        receipts=SqlReceiptStore(database),
        backlog=SqlLocalBacklog(database),
    )


def ledger_over(database: Database, *, tenant: str, place: str) -> Ledger:
    """What was taken from a watched place."""
    return SqlLedger(database, tenant=tenant, place=place)


def stores_over(database: Database, blobs: str | Path, *, sealing_keys: Sequence[str] = ()) -> Stores:
    """Without a sealing key passwords stay in this process."""
    sealed = SqlPasswords(database, Seal(sealing_keys))
    passwords: Passwords = sealed if sealing_keys else PasswordsInMemory(sealed)
    return Stores(
        jobs=SqlJobStore(database),
        documents=SqlDocumentStore(database),
        pages=SqlPageStore(database),
        readings=SqlReadingStore(database),
        extractions=SqlExtractionStore(database),
        blobs=open_blob_store(blobs),
        passwords=passwords,
    )
