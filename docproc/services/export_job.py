"""A job's records as one file in the blob store, made by a worker. Knows no format from within."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from docproc.domain.errors import BlobMissingError, ConflictError, LeaseLostError, UsageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.schema import ExtractionSchema
from docproc.exports.export_item import ExportWriter
from docproc.exports.opening import ExportFormat, open_writer
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.collect import collect
from docproc.services.errand_ports import ErrandStores
from docproc.services.errand_records import ErrandClaim
from docproc.services.ports import Stores
from docproc.services.records import Job

_PIECE_BYTES = 1 << 20
#: formats that are one file
FORMATS = (ExportFormat.JSONL, ExportFormat.CSV, ExportFormat.XLSX)


def ask_for_export(
    stores: Stores, errands: ErrandStores, job_id: UUID, *, tenant: str, export_format: str, dialect: str = "rfc4180"
) -> UUID:
    """The id of the export, which a worker makes.

    Raises NotFoundError, UsageError for a format that is none, ConflictError while documents of the job are open.
    """
    if export_format not in FORMATS:
        raise UsageError(f"an export is {', '.join(FORMATS)}, not {export_format!r}")
    job = stores.jobs.get(job_id, tenant=tenant)
    if job.documents.open:
        raise ConflictError(f"{job.documents.open} documents of the job are still open: wait, or cancel it")
    return errands.exports.ask_for(job_id, tenant=tenant, export_format=export_format, dialect=dialect)


def make_export(
    claim: ErrandClaim,
    stores: Stores,
    errands: ErrandStores,
    *,
    schema_of: Callable[[Job], ExtractionSchema],
    checkpoint: Callable[[], None],
) -> None:
    """Write the file and keep it, or say why there can be none.

    Raises LeaseLostError, StorageError, and what `checkpoint` raises.
    """
    export = errands.exports.get(claim.id, tenant=claim.tenant)
    job = stores.jobs.get(export.job_id, tenant=claim.tenant)
    key = document_key(claim.tenant, BlobKind.EXPORT, claim.id, claim.attempt)
    with tempfile.TemporaryDirectory(prefix="docproc-export-") as folder:
        path = Path(folder) / f"records.{export.format}"
        try:
            with open_writer(path, schema_of(job), dialect=export.dialect) as writer:
                records = _write(writer, stores, job, checkpoint)
        except BlobMissingError as error:  # no outage: waiting does not bring it back
            errands.exports.fail(claim, _failure(error))
            return
        byte_count = stores.blobs.put(key, _pieces(path))
    try:
        errands.exports.succeed(claim, blob_key=key, byte_count=byte_count, records=records)
    except LeaseLostError:
        stores.blobs.delete(key)
        raise


def _write(writer: ExportWriter, stores: Stores, job: Job, checkpoint: Callable[[], None]) -> int:
    records = 0
    for item in collect(stores, job.id, tenant=job.tenant):
        checkpoint()
        writer.write(item)
        records += 1
    return records


def _failure(error: BlobMissingError) -> Failure:
    return Failure(
        code=FailureCode.INTERNAL,
        category=FailureCategory.ENVIRONMENT,
        message=f"the export cannot be made: {error.message}; docproc store check tells which is gone",
        retryable=True,
        phase=Phase.EXPORT,
    )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece
