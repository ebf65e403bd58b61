"""What a job that workers read waits for; knows no output."""

from docproc.services.dispatching import Supply, waiting_for
from docproc.services.records import Job
from docproc.services.work_ports import WorkStores
from docproc.services.work_records import MODEL_QUEUE


def waiting_of(job: Job, work: WorkStores) -> str | None:
    """None when nothing is missing, when the job is done, and when whoever runs it works on it alone."""
    if not job.resumable:
        return None
    if job.options.passwords and work.leases.resting(job.id):
        return "a worker with the key that its passwords are sealed with"
    if job.queue is None:
        return None
    capacity = work.tasks.capacity(alive_s=Supply().alive_s)
    pauses = work.tenants.pauses()
    missing = waiting_for(job.queue, capacity, pauses, tenant=job.tenant)
    if missing is None and job.options.model is not None:  # some of its pages may be left to that
        return waiting_for(f"{MODEL_QUEUE}{job.options.model}", capacity, pauses, tenant=job.tenant)
    return missing
