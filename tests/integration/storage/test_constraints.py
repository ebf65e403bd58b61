"""The database itself refuses states that cannot be, on both kinds: each check constraint is broken here once."""

from pathlib import Path

import pytest
from doubles.jobs import Workplace
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import IntegrityError

from docproc.storage.columns import Base
from docproc.storage.database import Database
from docproc.storage.stores import stores_over

pytestmark = pytest.mark.integration

#: by the constraint's name: a change of a finished job, its first document (of two pages) or page, that breaks it
BROKEN = {
    "ck_jobs_pages_add_up": "UPDATE jobs SET pages_open = 1",
    "ck_jobs_documents_add_up": "UPDATE jobs SET documents_failed = 1",
    "ck_jobs_pages_from_0": "UPDATE jobs SET pages_open = -1, pages_read = pages_read + 1",
    "ck_jobs_documents_from_0": "UPDATE jobs SET documents_failed = -1, documents_canceled = 1",
    "ck_jobs_submitted_before_finished": "UPDATE jobs SET submitted_at = NULL",
    "ck_documents_pages_add_up": "UPDATE documents SET pages_failed = 1",
    "ck_documents_pages_from_0": "UPDATE documents SET pages_failed = -1, pages_read = pages_read + 1",
    "ck_documents_attempts_from_0": "UPDATE documents SET stalled = -1",
    "ck_documents_lease_is_whole": "UPDATE documents SET state = 'reading', finished_at = NULL, lease_owner = 'w'",
    "ck_documents_queued_or_leased": "UPDATE documents SET state = 'reading', finished_at = NULL, "
    "queued_at = CURRENT_TIMESTAMP, lease_owner = 'w', lease_expires_at = CURRENT_TIMESTAMP",
    "ck_documents_final_at_rest": "UPDATE documents SET lease_owner = 'w', lease_expires_at = CURRENT_TIMESTAMP",
    "ck_documents_finished_when_final": "UPDATE documents SET finished_at = NULL",
    "ck_documents_failed_with_failure": "UPDATE documents SET state = 'failed'",
    "ck_documents_state": "UPDATE documents SET state = 'lost', finished_at = NULL",
    "ck_documents_media_type": "UPDATE documents SET media_type = 'text/plain'",
    "ck_pages_number_from_1": "UPDATE pages SET number = 0, first_page = 0 WHERE number = 1",
    "ck_pages_leased_by_somebody": "UPDATE pages SET state = 'leased'",
    "ck_pages_lease_is_whole": "UPDATE pages SET state = 'leased', lease_owner = 'w'",
    "ck_pages_queued_at_some_time": "UPDATE pages SET state = 'queued'",
    "ck_pages_failed_with_failure": "UPDATE pages SET state = 'failed'",
    "ck_pages_window_begins_before": "UPDATE pages SET first_page = number + 1",
    "ck_pages_attempts_from_0": "UPDATE pages SET attempt = -1",
    "ck_pages_state": "UPDATE pages SET state = 'lost'",
    "ck_pages_source": "UPDATE pages SET source = 'hearsay'",
    "ck_readings_one_body": "UPDATE readings SET body_key = 'k'",
    "ck_extractions_one_body": "UPDATE extractions SET body = NULL",
    "ck_extractions_revision_from_1": "UPDATE extractions SET revision = 0",
    "ck_extractions_state": "UPDATE extractions SET state = 'lost'",
    "ck_workers_slots_from_0": "UPDATE workers SET slots = -1",
    "ck_exports_leased_by_somebody": "UPDATE exports SET state = 'leased'",
    "ck_exports_lease_is_whole": "UPDATE exports SET state = 'leased', lease_owner = 'w'",
    "ck_exports_succeeded_with_a_blob": "UPDATE exports SET state = 'succeeded'",
    "ck_exports_state": "UPDATE exports SET state = 'lost'",
    "ck_deliveries_leased_by_somebody": "UPDATE deliveries SET state = 'leased'",
    "ck_deliveries_lease_is_whole": "UPDATE deliveries SET state = 'leased', lease_owner = 'w'",
    "ck_deliveries_state": "UPDATE deliveries SET state = 'lost'",
    "ck_deliveries_of_an_event_or_a_ping": "UPDATE deliveries SET job_id = NULL",
    "ck_holds_lifted_by_somebody": "UPDATE holds SET lifted_by = 'ada'",
    "ck_models_window_pages_from_1": "UPDATE models SET window_pages = 0",
    "ck_watched_files_lease_is_whole": "UPDATE watched_files SET lease_owner = 'w'",
    "ck_watched_files_final_at_rest": "UPDATE watched_files SET state = 'done', finished_at = CURRENT_TIMESTAMP, "
    "lease_owner = 'w', lease_expires_at = CURRENT_TIMESTAMP",
    "ck_watched_files_finished_when_final": "UPDATE watched_files SET finished_at = CURRENT_TIMESTAMP",
    "ck_watched_files_submitted_as_a_job": "UPDATE watched_files SET state = 'submitted'",
    "ck_watched_files_gone_does_not_stand": "UPDATE watched_files SET state = 'gone', finished_at = CURRENT_TIMESTAMP",
    "ck_watched_files_attempts_from_0": "UPDATE watched_files SET tries = -1",
    "ck_watched_files_state": "UPDATE watched_files SET state = 'lost', finished_at = CURRENT_TIMESTAMP",
    "ck_watched_files_trouble": "UPDATE watched_files SET trouble = 'boredom'",
}
_SERVICE_ROWS = (
    "INSERT INTO workers (id, host, pid, version, queues, slots, started_at, heartbeat_at) "
    "VALUES ('w', 'h', 1, '1', '[]', 1, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
    "INSERT INTO exports (id, job_id, tenant, format, dialect, state, due_at, created_at) "
    "SELECT id, id, 'local', 'csv', 'excel', 'waiting', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM jobs",
    "INSERT INTO webhooks (id, tenant, url, secrets, kinds, created_at) "
    "SELECT id, 'local', 'https://example.org', '[]', '[]', CURRENT_TIMESTAMP FROM jobs",
    "INSERT INTO holds (id, tenant, reason, placed_by, placed_at) "
    "SELECT id, 'local', 'case', 'ada', CURRENT_TIMESTAMP FROM jobs",
    "INSERT INTO deliveries (id, webhook_id, tenant, job_id, event_number, state, due_at, created_at) "
    "SELECT id, id, 'local', id, 1, 'waiting', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM jobs",
    "INSERT INTO models (name, window_pages, is_held, seen_at) VALUES ('vlm', 1, TRUE, CURRENT_TIMESTAMP)",
    "INSERT INTO watched_files (id, tenant, place, path, identity, byte_count, modified_ns, standing, state, due_at, "
    "seen_at) SELECT id, 'local', 'in', 'a.pdf', '1', 1, 1, TRUE, 'claimed', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP "
    "FROM jobs",
)


def _with_rows(database: Database, folder: Path) -> None:
    place = Workplace(stores_over(database, folder / "blobs"), folder)
    place.run(place.submit({"a": "one\ntwo"}))
    with database.write() as connection:
        for statement in _SERVICE_ROWS:
            connection.execute(text(statement))


def test_every_check_is_broken_here() -> None:
    checks = {
        f"{constraint.name}"
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert checks == set(BROKEN)


def test_each_check_refuses_what_cannot_be(database: Database, tmp_path: Path) -> None:
    _with_rows(database, tmp_path)
    for name, statement in BROKEN.items():
        with pytest.raises(IntegrityError, match=name), database.engine.begin() as connection:
            connection.execute(text(statement))
