"""A service's database with a million pages in every state, made by SQL, and what a service does to it all day."""

# ruff: noqa: S608 every part of a statement is written here

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from docproc.domain.document import DocumentState
from docproc.services.upkeep_records import DeadFilter
from docproc.services.work_records import Task, Worker
from docproc.storage.database import Database
from docproc.storage.dead import SqlDeadStore
from doubles.delivery import QUEUE, Depot

if TYPE_CHECKING:
    from docproc.services.records import Claim, WindowClaim

TENANTS = 20
JOB_DOCUMENTS = 100
DOCUMENT_PAGES = 10
#: the tenant of every job whose number is a multiple of TENANTS
TENANT = "tenant-00"
OWNER = "worker-1"


def _id(kind: int, number: str) -> str:
    return f"('{kind:08x}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


#: of 100 documents of every job 60 are done, 4 failed, 2 partly, 2 are new, 1 is assembled, and the pages of 31 wait
_DOCUMENT_STATE = """
    CASE WHEN n % 100 < 60 THEN 'succeeded' WHEN n % 100 < 64 THEN 'failed' WHEN n % 100 < 66 THEN 'needs_review'
    WHEN n % 100 < 68 THEN 'received' WHEN n % 100 = 68 THEN 'assembling' ELSE 'reading' END
"""
_PAGE_STATE = """
    CASE d.state WHEN 'succeeded' THEN 'read' WHEN 'assembling' THEN 'read' WHEN 'failed' THEN 'failed'
    WHEN 'needs_review' THEN CASE WHEN number = 1 THEN 'failed' ELSE 'read' END ELSE 'waiting' END
"""
_FAILURE = (
    """'{"code": "corrupt", "category": "document", "message": "damaged", "retryable": false, "phase": "read"}'"""
)
_STATEMENTS = (
    "SET LOCAL session_replication_role = replica",  # no foreign key is looked up a million times
    "INSERT INTO tenants (name, created_at) SELECT 'tenant-' || lpad(n::text, 2, '0'), now() "
    f"FROM generate_series(0, {TENANTS - 1}) n",
    f"INSERT INTO schemas VALUES ({_id(9, '1')}, 'note', 1, repeat('a', 64), 'note', '{{}}')",
    f"""
    INSERT INTO jobs (id, tenant, queue, priority, schema_id, options, inputs, recursive, created_at, submitted_at,
        documents_total, documents_received, documents_reading, documents_assembling, documents_succeeded,
        documents_needs_review, documents_failed, pages_total, pages_read, pages_failed, pages_open)
    SELECT {_id(1, "n")}, 'tenant-' || lpad((n % {TENANTS})::text, 2, '0'), '{QUEUE}', 0, {_id(9, "1")},
        '{{}}', '[]', false, now() - n * interval '1 s', now(), 100, 2, 31, 1, 60, 2, 4, 980, 628, 42, 310
    FROM generate_series(0, :jobs - 1) n
    """,
    f"""
    INSERT INTO documents (id, job_id, tenant, position, file, path, sha256, state, failure, attempt, queue, page_count,
        preparation, words_key, pages_total, pages_read, pages_failed, pages_open, created_at, started_at, finished_at)
    SELECT {_id(2, "n")}, {_id(1, f"n / {JOB_DOCUMENTS}")},
        'tenant-' || lpad((n / {JOB_DOCUMENTS} % {TENANTS})::text, 2, '0'), n % {JOB_DOCUMENTS}, 'f', '/inbox/' || n,
        lpad(n::text, 64, '0'), state, CASE state WHEN 'failed' THEN {_FAILURE}::jsonb END, 1, '{QUEUE}',
        CASE WHEN state <> 'received' THEN {DOCUMENT_PAGES} END,
        CASE WHEN state <> 'received' THEN 'print' END,
        CASE WHEN state <> 'received' THEN 'w/' || n END,
        CASE WHEN state = 'received' THEN 0 ELSE 10 END,
        CASE state WHEN 'succeeded' THEN 10 WHEN 'assembling' THEN 10 WHEN 'needs_review' THEN 9 ELSE 0 END,
        CASE state WHEN 'failed' THEN 10 WHEN 'needs_review' THEN 1 ELSE 0 END,
        CASE state WHEN 'reading' THEN 10 ELSE 0 END, now(), now(),
        CASE WHEN state IN ('succeeded', 'failed', 'needs_review') THEN now() END
    FROM (SELECT n, {_DOCUMENT_STATE} AS state FROM generate_series(0, :jobs * {JOB_DOCUMENTS} - 1) n) AS made
    """,
    f"""
    INSERT INTO pages (document_id, number, state, rotation, words, source, ink, words_offset, words_length, failure,
        reader, tenant, queue, first_page)
    SELECT id, number, state, 0, 9, 'text_layer', 0, 0, 9, CASE state WHEN 'failed' THEN {_FAILURE}::jsonb END,
        CASE state WHEN 'read' THEN 'first_word' END, tenant, '{QUEUE}', number
    FROM (SELECT d.id, d.tenant, number, {_PAGE_STATE} AS state
          FROM documents d, generate_series(1, {DOCUMENT_PAGES}) number WHERE d.preparation = 'print') AS made
    """,
    f"""
    INSERT INTO readings (id, document_id, tenant, reading_key, reader, reader_version, first_page, pages, complete,
        body, created_at)
    SELECT gen_random_uuid(), id, tenant, lpad(to_hex(position + {JOB_DOCUMENTS}), 64, '0'), 'first_word', '1', 1,
        '[1]', false, '{{}}', now() FROM documents WHERE state = 'succeeded' AND preparation = 'print'
    """,
    # what workers and the broker hold: of each of 40 workers one document and 16 pages, and 1,280 messages
    f"UPDATE pages SET state = 'queued', queued_at = now() WHERE state = 'waiting' AND (document_id, number) IN "
    f"(SELECT document_id, number FROM pages WHERE state = 'waiting' AND tenant = '{TENANT}' LIMIT 1280)",
    "UPDATE pages SET state = 'leased', lease_owner = 'worker-' || number % 40, attempt = 1, stalled = 1, "
    "lease_expires_at = now() + interval '1 h' WHERE state = 'waiting' AND (document_id, number) IN "
    "(SELECT document_id, number FROM pages WHERE state = 'waiting' AND tenant = 'tenant-01' LIMIT 640)",
    "UPDATE documents SET lease_owner = 'worker-' || position, lease_expires_at = now() + interval '1 h' "
    f"WHERE id IN (SELECT id FROM documents WHERE state = 'assembling' AND tenant <> '{TENANT}' LIMIT 40)",
)
BIG_TABLES = frozenset({"jobs", "documents", "pages", "readings", "events", "extractions", "usage"})


def fill(database: Database, *, pages: int = 1_000_000) -> None:
    """Seconds, for a million; the planner's statistics are up to date afterwards."""
    with database.write() as connection:
        for statement in _STATEMENTS:
            terms = {"jobs": pages // (JOB_DOCUMENTS * DOCUMENT_PAGES)} if ":jobs" in statement else {}
            connection.execute(text(statement), terms)
    tidy(database)


def tidy(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


class Day:
    """What a service asks and does, call by call; each may be made again and again, in their order."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot
        self._stores = depot.stores
        self._tasks, self._leases = depot.work.tasks, depot.work.leases
        self._dead = SqlDeadStore(depot.database)
        self._job_id = self._stores.jobs.newest(tenant=TENANT, limit=1)[0].id
        worker = Worker(id=OWNER, host="here", pid=1, version="1", queues=(QUEUE, "prepare"), slots=8)
        depot.work.workers.announce(worker)
        self._sent: list[Task] = []
        self._claim: Claim | WindowClaim | None = None

    def calls(self) -> Mapping[str, Callable[[], object]]:
        return {**self._looks(), **self._deeds()}

    def _looks(self) -> Mapping[str, Callable[[], object]]:
        stores, job_id = self._stores, self._job_id
        return {
            "list jobs": lambda: stores.jobs.newest(tenant=TENANT, limit=50),
            "job status": lambda: stores.jobs.get(job_id, tenant=TENANT),
            "find a job": lambda: stores.jobs.find(str(job_id)[:30], tenant=TENANT),
            "documents of a job": lambda: stores.documents.page_through(job_id, limit=100),
            "failed documents of a job": lambda: stores.documents.page_through(job_id, states=(DocumentState.FAILED,)),
            "dead pages of a tenant": lambda: self._dead.page_through(TENANT, wanted=DeadFilter(), limit=50),
            "pages of a document": lambda: stores.pages.pages(self._waiting()),
            "find a preparation": lambda: stores.pages.find_prepared(
                tenant=TENANT, sha256=f"{2000:064d}", fingerprint="print"
            ),
            "find a reading": lambda: stores.readings.find(f"{100:064x}", tenant=TENANT),
            "lanes of pages": lambda: self._tasks.lanes(QUEUE),
            "lanes to prepare": lambda: self._tasks.lanes("prepare"),
            "lanes to assemble": lambda: self._tasks.lanes("assemble"),
            "queued": self._tasks.queued,
            "capacity": lambda: self._tasks.capacity(alive_s=3600),
            "standing": lambda: self._leases.standing(OWNER),
        }

    def _deeds(self) -> Mapping[str, Callable[[], object]]:
        return {
            "enqueue 16 documents": lambda: self._enqueue("prepare"),
            "claim a document": self._claim_document,
            "release a document": self._release,
            "withdraw documents": self._withdraw,
            "enqueue 16 pages": lambda: self._enqueue(QUEUE),
            "claim a page": self._claim_page,
            "release a page": self._release,
            "claim another page": self._claim_page,
            "save a reading": self._read,
            "withdraw pages": self._withdraw,
            "requeue": lambda: self._tasks.requeue(QUEUE, older_than_s=3600),
            "extend": lambda: self._leases.extend(OWNER, self._leases.standing(OWNER), lease_s=3600),
            "sweep": self._tasks.sweep,
        }

    def _waiting(self) -> UUID:
        return UUID("00000002-0000-7000-8000-0000000182ff")  # the last document of a tenant's job

    def _enqueue(self, queue: str) -> None:
        self._sent = self._depot.enqueue(queue, tenant=TENANT, limit=16)
        assert len(self._sent) == 16

    def _claim_document(self) -> None:
        self._claim = self._depot.claim(self._sent.pop().id, owner=OWNER)

    def _claim_page(self) -> None:
        task = self._sent.pop()
        self._claim = self._depot.window(task.id, task.first_page, owner=OWNER)

    def _release(self) -> None:
        assert self._claim is not None
        self._stores.documents.release(self._claim)

    def _read(self) -> None:
        assert self._claim is not None
        self._depot.read(self._claim)

    def _withdraw(self) -> None:
        self._tasks.withdraw(self._sent)


#: counts everything that waits: for people and metrics, and never in the dispatcher's loop
COUNTING_CALL = "due"


def end_pages(database: Database, *, count: int) -> None:
    """The oldest pages that wait are read, and nobody vacuums: their entries in the index of due pages are dead."""
    statement = f"""
        WITH oldest AS MATERIALIZED (
            SELECT document_id AS of, number AS head FROM pages WHERE state = 'waiting' AND queue = '{QUEUE}'
            AND number = first_page ORDER BY document_id, number LIMIT :count
        ), ended AS (
            UPDATE pages SET state = 'read', reader = 'first_word' FROM oldest
            WHERE document_id = of AND number = head RETURNING document_id
        ), counts AS (SELECT document_id AS of, count(*) AS read FROM ended GROUP BY 1)
        UPDATE documents SET pages_read = pages_read + read, pages_open = pages_open - read,
            state = CASE WHEN pages_open = read THEN 'succeeded' ELSE state END,
            finished_at = CASE WHEN pages_open = read THEN now() END FROM counts WHERE id = of
    """
    with database.write() as connection:
        connection.execute(text(statement), {"count": count})
