"""POST /v1/jobs: documents and what is wanted of them become a job, and with `wait` its records."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from docproc.api.asks import SubmissionAsk, ask_of_fields, ask_of_json
from docproc.api.audits import note
from docproc.api.callers import Submitter, TheFace
from docproc.api.incoming import IncomingFile, incoming_folder, receive_form
from docproc.api.problems import invalid_request, problems
from docproc.api.sending import described_body
from docproc.api.shapes import JobShape, SubmittedShape
from docproc.api.sources import Arrivals, placed
from docproc.api.wiring import Face
from docproc.bootstrap import CPU_READERS, make_reader
from docproc.domain.errors import UsageError
from docproc.domain.ids import new_id
from docproc.domain.schema import ExtractionSchema
from docproc.pages.unpack import open_unpacker
from docproc.services.answering import document_text
from docproc.services.choose_schema import Chooser
from docproc.services.job_context import schema_version
from docproc.services.key_records import ApiKey
from docproc.services.limits import admit_pages
from docproc.services.page_ranges import parse_ranges
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.show import documents_of
from docproc.services.submit import SubmittedFile
from docproc.services.submit_once import submit_once

routes = APIRouter(prefix="/v1", tags=["jobs"])

#: records of more documents are fetched, not answered with
MOST_ANSWERED = 20
_LONGEST_WAIT_S = 60.0
#: the schema is to be chosen
_AUTO = "auto"
_FEWEST_CANDIDATES = 2
#: of a body that is JSON
_MOST_JSON_BYTES = 10 << 20


@routes.post(
    "/jobs",
    status_code=201,
    response_model=SubmittedShape,
    responses={
        200: {"model": SubmittedShape, "description": "The job that the same Idempotency-Key made before"},
        **problems(409, 413),
    },
    openapi_extra=described_body(),
)
async def submit(
    request: Request,
    face: TheFace,
    key: Submitter,
    wait: Annotated[
        float, Query(ge=0, le=_LONGEST_WAIT_S, description="Seconds to wait for the records.", examples=[30])
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
        place = Arrivals(face=face, tenant=key.tenant, folder=folder, opened=ended.enter_context(ExitStack()))
        files = await asyncio.to_thread(placed, asked.documents, sent, place)
        asked_job = await asyncio.to_thread(_new_job, asked, files, face, key)
        passwords = () if asked.password is None else (asked.password.get_secret_value(),)
        if passwords:
            face.passwords.give(asked_job.id, passwords)
        job = await asyncio.to_thread(_submitted, face, key, asked_job, files, idempotency_key, passwords)
    face.wake()
    if wait:
        await face.lookout.until_final(job.id, seconds=wait)
    return await asyncio.to_thread(_answer, face, job, is_new=job.id == asked_job.id, waited=wait > 0)


async def _received(request: Request, face: Face, folder: Path) -> tuple[SubmissionAsk, Sequence[IncomingFile]]:
    """Raises ValidationError, UsageError, TooLargeError."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "application/json":
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_JSON_BYTES:
                raise UsageError(f"a JSON body has at most {_MOST_JSON_BYTES:,} bytes")
        return ask_of_json(bytes(body)), ()
    form = await receive_form(request.stream(), content_type, folder=folder, max_bytes=face.desk.settings.max_bytes)
    return ask_of_fields(form.fields), form.files


def _new_job(asked: SubmissionAsk, files: Sequence[SubmittedFile], face: Face, key: ApiKey) -> NewJob:
    """Raises UsageError."""
    queue = face.queue_of(asked.reader)
    if asked.password is not None and queue is not None:
        raise UsageError("passwords are never stored, so a service's workers cannot be given one: send it decrypted")
    settings = face.desk.settings
    day_first = settings.day_first if asked.date_order is None else {"dmy": True, "mdy": False}.get(asked.date_order)
    return NewJob(
        id=new_id(),
        schema=schema_version(_schema(asked, files, face)),
        options=JobOptions(
            reader=asked.reader,
            pages=parse_ranges(asked.pages),
            day_first=day_first,
            keep_originals=True,
            passwords=asked.password is not None,
            reuse=asked.reuse,
        ),
        tenant=key.tenant,
        queue=queue,
        priority=asked.priority,
        external_id=asked.external_id,
        metadata=asked.metadata,
    )


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
        passwords=() if asked.password is None else (asked.password.get_secret_value(),),
    )
    return chooser.choose([file.path for file in files], candidates)


def _named(name: str) -> ExtractionSchema:
    """Raises UsageError: a client's word never names a file or a class."""
    from schemas.registry import SHIPPED, is_registered, registered  # noqa: PLC0415

    if not is_registered(name):
        raise UsageError(f"there is no schema of that name: there are {', '.join(SHIPPED)}, or send a JSON Schema")
    try:
        return registered(name)
    except UsageError as exc:
        raise UsageError(exc.message) from exc


def _submitted(
    face: Face,
    key: ApiKey,
    asked: NewJob,
    files: Sequence[SubmittedFile],
    idempotency_key: str | None,
    passwords: Sequence[str],
) -> Job:
    desk = face.desk
    admit_pages(desk.front.limits, asked.tenant)
    with open_unpacker(desk.settings.limits, passwords=passwords) as unpacker:
        job = submit_once(desk.stores, asked, files, accept=desk.accept, key=idempotency_key, unpacker=unpacker)
    if job.id == asked.id:
        note(face, key, "job.submit", job.id)
    else:
        face.passwords.forget(asked.id)
    return job


def _answer(face: Face, job: Job, *, is_new: bool, waited: bool) -> Response:
    status = 201 if is_new else 200
    headers = {"Location": f"/v1/jobs/{job.id}"}
    found = face.desk.stores.jobs.get(job.id, tenant=job.tenant)
    body = JobShape.of(found).model_dump_json()
    if not waited or found.documents.open or found.documents.total > MOST_ANSWERED:
        return Response(f'{body[:-1]},"extractions":null}}', status, headers, "application/json")
    texts = (_text(face, found, document.id) for document in documents_of(face.desk.stores, found.id))
    whole = f'{body[:-1]},"extractions":[{",".join(texts)}]}}'
    return Response(whole, status, headers, "application/json")


def _text(face: Face, job: Job, document_id: UUID) -> str:
    document = face.desk.front.catalog.document(document_id, tenant=job.tenant)
    pieces = document_text(face.desk.stores, document, job, schema_of=face.schema_of)
    return b"".join(pieces).decode()
