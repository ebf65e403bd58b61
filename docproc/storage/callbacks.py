"""Keeps where to tell that a job has ended, as a webhook of that job alone. Knows no network."""

from datetime import datetime

from sqlalchemy import Connection, insert

from docproc.domain.ids import new_id
from docproc.services.errand_records import ENDS_OF_JOBS
from docproc.services.records import NewJob
from docproc.storage.service_tables import WEBHOOKS


def keep_callback(connection: Connection, job: NewJob, now: datetime) -> None:
    """In the transaction that makes the job: it goes with the job's row."""
    if job.callback is None:
        return
    about = {"id": new_id(), "tenant": job.tenant, "job_id": job.id, "created_at": now}
    told = {"url": job.callback.url, "secrets": [job.callback.secret], "kinds": list(ENDS_OF_JOBS)}
    connection.execute(insert(WEBHOOKS).values(**about, **told))
