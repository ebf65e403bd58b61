"""POST /v1/jobs: documents and what is wanted of them become a job, and with `wait` its records."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from time import monotonic
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from docproc.api.asks import SubmissionAsk, ask_of_fields, ask_of_json
from docproc.api.audits import note
from docproc.api.bodies import MOST_BYTES
from docproc.api.callers import Submitter, TheFace
from docproc.api.incoming import IncomingFile, incoming_folder, receive_form
from docproc.api.problems import invalid_request, problems
from docproc.api.sending import described_body
from docproc.api.shown import job_facts
from docproc.api.sources import Arrivals, placed
from docproc.api.wiring import Face
from docproc.bootstrap import CPU_READERS, make_reader
from docproc.client.types import SubmittedJob
from docproc.domain.errors import TooLargeError, UsageError
from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema
from docproc.services.answering import document_text
from docproc.services.choose_schema import Chooser
from docproc.services.errand_records import Callback
from docproc.services.job_context import schema_version
from docproc.services.key_records import ApiKey, Scope
from docproc.services.limits import admit_pages
from docproc.services.originals import is_container
from docproc.services.page_ranges import parse_ranges
from docproc.services.passwords import require_reach
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.show import documents_of
from docproc.services.submit import SubmittedFile
from docproc.services.submit_once import submit_once

routes = APIRouter(prefix="/v1", tags=["jobs"])

#: records of more documents are fetched, not answered with
MOST_ANSWERED = 20
_LONGEST_WAIT_S = 60.0
#: of all URLs of a request together
_LONGEST_FETCH_S = 300.0
#: a server that answers slowly holds up who else fetches from URLs, and nobody else
_FETCHING = ThreadPoolExecutor(8, thread_name_prefix="docproc-fetch")
#: the schema is to be chosen
_AUTO = "auto"
_FEWEST_CANDIDATES = 2


@routes.post(
    "/jobs",
    status_code=201,
    response_model=SubmittedJob,
    responses={
        200: {"model": SubmittedJob, "description": "The job that the same Idempotency-Key made before"},
        **problems(409, 413),
    },
    openapi_extra=described_body(),
)
async def submit(
    request: Request,
    face: TheFace,
    key: Submitter,
    wait: Annotated[
        float,
        Query(
            ge=0,
            le=_LONGEST_WAIT_S,
            description="Seconds to wait for the records, which a key for `read` is answered with.",
            examples=[30],
        ),
    ] = 0.0,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Sent again with it within a day, it is the same job."),
    ] = None,
) -> Response:
    """Hand over documents, as multipart/form-data with one or many `files`, or as JSON with uploads and URLs.

    `curl -H "Authorization: Bearer $KEY" -F schema=invoice -F files=@bill.pdf '…/v1/jobs?wait=30'`
    """
    async with AsyncExitStack() as ended:
        folder = await ended.enter_async_context(incoming_folder(face.incoming))
        try:
            asked, sent = await _received(request, face, folder)
        except ValidationError as error:
            return invalid_request(error.errors())
        opened = ended.enter_context(ExitStack())
        until = monotonic() + _LONGEST_FETCH_S
        place = Arrivals(face=face, tenant=key.tenant, folder=folder, until=until, opened=opened)
        threads = _FETCHING if any(document.url for document in asked.documents) else None
        files = await asyncio.get_running_loop().run_in_executor(threads, placed, asked.documents, sent, place)
        await asyncio.to_thread(admit_pages, face.desk.front.limits, key.tenant)
        # before there is a job: one whose container cannot have a child yet would be half of one
        run = face.turns.run if await asyncio.to_thread(_needs_child, asked, files) else asyncio.to_thread
        job, is_new = await run(lambda: _recorded(asked, files, face, key, idempotency_key))
    face.wake()
    if wait:
        await face.lookout.until_final(job.id, seconds=wait)
    return await asyncio.to_thread(_answer, face, key, job, is_new=is_new, waited=wait > 0)


async def _received(request: Request, face: Face, folder: Path) -> tuple[SubmissionAsk, Sequence[IncomingFile]]:
    """Raises ValidationError, UsageError, TooLargeError."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "application/json":
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise TooLargeError(f"a JSON body has at most {MOST_BYTES:,} bytes")
        return ask_of_json(bytes(body)), ()
    form = await receive_form(request.stream(), content_type, folder=folder, max_bytes=face.desk.settings.max_bytes)
    return ask_of_fields(form.fields), form.files


def _needs_child(asked: SubmissionAsk, files: Sequence[SubmittedFile]) -> bool:
    """Whether files are looked into while they are submitted; others are only kept."""
    return asked.extraction_schema == _AUTO or any(is_container(file.path) for file in files)


def _recorded(
    asked: SubmissionAsk, files: Sequence[SubmittedFile], face: Face, key: ApiKey, idempotency_key: str | None
) -> tuple[Job, bool]:
    """The job, and whether it is a new one."""
    asked_job = _new_job(asked, files, face, key)
    job = _submitted(face, key, asked_job, files, idempotency_key)
    return job, job.id == asked_job.id


def _new_job(asked: SubmissionAsk, files: Sequence[SubmittedFile], face: Face, key: ApiKey) -> NewJob:
    """Raises UsageError."""
    if asked.password is not None and face.is_service:
        require_reach(face.desk.stores.passwords)
    settings = face.desk.settings
    day_first = settings.day_first if asked.date_order is None else {"dmy": True, "mdy": False}.get(asked.date_order)
    schema = _schema(asked, files, face)
    chosen = face.chosen_reader(asked.reader, schema)
    return NewJob(
        id=new_id(),
        schema=schema_version(schema),
        options=JobOptions(
            reader=asked.reader,
            pages=parse_ranges(asked.pages),
            day_first=day_first,
            keep_originals=True,
            passwords=asked.password is not None,
            reuse=asked.reuse,
            model=None if chosen is None else chosen.model,
        ),
        tenant=key.tenant,
        queue=None if chosen is None else chosen.queue,
        priority=asked.priority,
        external_id=asked.external_id,
        metadata=asked.metadata,
        callback=_callback(asked, face),
        passwords=_passwords(asked),
    )


def _passwords(asked: SubmissionAsk) -> tuple[str, ...]:
    return () if asked.password is None else (asked.password.get_secret_value(),)


def _callback(asked: SubmissionAsk, face: Face) -> Callback | None:
    """Raises UsageError for a URL that nobody could be told at."""
    from docproc.sinks.guarded import require_reachable  # noqa: PLC0415

    if asked.callback is None or asked.callback_secret is None:
        return None
    require_reachable(asked.callback, inside=face.webhook_hosts)
    return Callback(url=asked.callback, secret=asked.callback_secret.get_secret_value())


def _schema(asked: SubmissionAsk, files: Sequence[SubmittedFile], face: Face) -> ExtractionSchema:
    """Raises SchemaError, or UsageError for a name that is none."""
    from schemas.json_schema import compile_json_schema  # noqa: PLC0415

    wanted = asked.extraction_schema
    if isinstance(wanted, dict):
        return compile_json_schema(wanted, stem="inline", reference="inline.json")
    if wanted != _AUTO:
        return _named(wanted)
    if len(asked.candidates) < _FEWEST_CANDIDATES:
        raise UsageError("with schema=auto `candidates` names two schemas or more to choose from")
    candidates = [_named(name) for name in asked.candidates]
    chooser = Chooser(
        accept=face.desk.accept,
        source=face.source(),
        reader=make_reader(CPU_READERS[0], face.desk.settings),
        passwords=_passwords(asked),
    )
    return chooser.choose([file.path for file in files], candidates)


def _named(name: str) -> ExtractionSchema:
    """Raises UsageError: a client's word never names a file or a class."""
    from schemas.registry import SHIPPED, is_registered, registered  # noqa: PLC0415

    if not is_registered(name):
        raise UsageError(f"there is no schema of that name: there are {', '.join(SHIPPED)}, or send a JSON Schema")
    try:
        return registered(name)
    except UsageError as exc:  # also a version that is not there: the path exists, the body is wrong
        raise UsageError(exc.message) from exc


def _submitted(
    face: Face, key: ApiKey, asked: NewJob, files: Sequence[SubmittedFile], idempotency_key: str | None
) -> Job:
    desk = face.desk
    unpacker = face.unpacker(asked.passwords)
    job = submit_once(desk.stores, asked, files, accept=desk.accept, key=idempotency_key, unpacker=unpacker)
    if job.id == asked.id:
        note(face, key, "job.submit", job.id)
    return job


def _answer(face: Face, key: ApiKey, job: Job, *, is_new: bool, waited: bool) -> Response:
    """The job; to a key that may read and has waited for them, with its records."""
    status = 201 if is_new else 200
    headers = {"Location": f"/v1/jobs/{job.id}"}
    found = face.desk.stores.jobs.get(job.id, tenant=job.tenant)
    body = job_facts(found).model_dump_json()
    is_ready = waited and not found.documents.open and found.documents.total <= MOST_ANSWERED
    if not (is_ready and key.allows(Scope.READ)):
        return Response(f'{body[:-1]},"extractions":null}}', status, headers, "application/json")
    texts = (_text(face, key, found, document.id) for document in documents_of(face.desk.stores, found.id))
    whole = f'{body[:-1]},"extractions":[{",".join(texts)}]}}'
    return Response(whole, status, headers, "application/json")


def _text(face: Face, key: ApiKey, job: Job, document_id: UUID) -> str:
    document = face.desk.front.catalog.document(document_id, tenant=job.tenant)
    pieces = document_text(face.desk.stores, document, job, schema_of=face.schema_of)
    note(face, key, "record.read", document_id)
    return b"".join(pieces).decode()
