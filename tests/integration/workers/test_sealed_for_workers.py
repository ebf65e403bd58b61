"""Encrypted documents and workers of their own: one without the key hands them back, one with it reads them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest
from cryptography.fernet import Fernet
from doubles.command import write_pdf
from doubles.works import Works

from docproc.bootstrap import queue_of
from docproc.domain.document import DocumentState, JobState
from docproc.domain.ids import new_id
from docproc.intake import Limits, accept
from docproc.services.job_context import schema_version
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile
from docproc.services.submit_once import submit_once
from docproc.storage.database import Database
from docproc.storage.sealing import key_id
from docproc.storage.stores import stores_over
from schemas import load_schema

pytestmark = pytest.mark.integration
KEY, OTHER_KEY = (Fernet.generate_key().decode() for _ in range(2))
RIGHT = "right-7d2e"


def with_key(works: Works, key: str | None) -> Works:
    """The same service for processes that have this key."""
    environment = {**works.environment, **({} if key is None else {"DOCPROC_SEALING_KEY": key})}
    database = Database.open(works.environment["DOCPROC_DATABASE_URL"])
    works._ended.callback(database.close)
    keys = [] if key is None else key.split(",")
    return replace(
        works, environment=environment, stores=stores_over(database, works.folder / "blobs", sealing_keys=keys)
    )


def submit(works: Works, text: str) -> Job:
    path = write_pdf(works.folder / "a.pdf", text, password=RIGHT)
    job = NewJob(
        id=new_id(),
        schema=schema_version(load_schema("key_value")),
        options=JobOptions(reader="layout", keep_originals=True, passwords=True),
        queue=queue_of("layout"),
        passwords=(RIGHT,),
    )
    files = [SubmittedFile(path=path, name=path.name)]
    return submit_once(works.stores, job, files, accept=partial(accept, limits=Limits()))


def told(works: Works, log: str) -> list[Mapping[str, object]]:
    lines = (works.folder / log).read_text().splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in found if line.get("action") == "password_sealed"]


def test_a_document_rests_while_no_worker_has_its_key_and_is_read_by_the_first_that_has(works: Works) -> None:
    mine, others = with_key(works, KEY), with_key(works, OTHER_KEY)
    works.start_worker("read.cpu", "assemble", pool="threads")  # who only reads needs no key
    without = others.start_worker("prepare", slots=1, pool="threads")
    job = submit(mine, "Number: 7")
    works.until(lambda: len(told(works, without.log.name)) > 1)

    # it is not the worker that is ill: its only slot is free meanwhile
    assert works.until_ended(submit(others, "Number: 8")).state is JobState.SUCCEEDED
    assert key_id(KEY) in str(told(works, without.log.name)[0]["error"])
    assert works.document(job).state in {DocumentState.RECEIVED, DocumentState.PREPARING}
    without.kill()
    mine.start_worker("prepare", slots=1, pool="threads")
    ended = works.until_ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert works.document(job).attempt > 2
    assert RIGHT not in "".join(path.read_text() for path in works.folder.glob("worker-*.log"))
