"""A typed client of a docproc server, for programs with threads (`Client`) and for asyncio (`AsyncClient`).

from docproc.client import Client

with Client("http://127.0.0.1:8080", key="docproc_…") as docproc:
    job = docproc.submit(["bill.pdf"], schema="invoice")
    job.wait()
    for extraction in job.results():
        print(extraction.record)
    job.export("records.xlsx")
"""

from docproc.client.async_client import AsyncClient
from docproc.client.async_job import AsyncJob
from docproc.client.attempts import Attempts
from docproc.client.errors import RefusedByServerError, ServerError, ServerUnreachableError
from docproc.client.sync_client import Client
from docproc.client.sync_job import Job

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "Attempts",
    "Client",
    "Job",
    "RefusedByServerError",
    "ServerError",
    "ServerUnreachableError",
]
