"""A job's records as one file in the blob store, made by a worker. Knows no format from within."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docproc.domain.errors import BlobMissingError, ConflictError, LeaseLostError, StorageError, UsageError
from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase
from docproc.domain.file_format import FileFormat
from docproc.domain.schema import ExtractionSchema
from docproc.exports.export_item import ExportWriter
from docproc.exports.opening import open_writer
from docproc.exports.report.page_view import PageImages
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.collect import collect
from docproc.services.errand_ports import ErrandStores
from docproc.services.errand_records import ErrandClaim, Export
from docproc.services.pieces import pieces_of
from docproc.services.ports import Stores
from docproc.services.records import Job

#: of every file in an archive, so that the same records are the same bytes
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
#: opens what a report draws its pages with; what is given is called again and again while one is drawn
OpenImages: TypeAlias = Callable[[Callable[[], None]], AbstractContextManager[PageImages]]


def ask_for_export(
    stores: Stores, errands: ErrandStores, job_id: UUID, *, tenant: str, export_format: str, dialect: str = "rfc4180"
) -> UUID:
    """The id of the export, which a worker makes.

    Raises NotFoundError, UsageError for a format that is none, ConflictError while documents of the job are open.
    """
    if export_format not in {*FileFormat}:
        raise UsageError(f"an export is {', '.join(FileFormat)}, not {export_format!r}")
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
    open_images: OpenImages,
    checkpoint: Callable[[], None],
) -> None:
    """Write the file and keep it, or say why there can be none.

    Raises LeaseLostError, StorageError, SealedError where a report needs a key that is not here, and what `checkpoint`
    raises.
    """
    export = errands.exports.get(claim.id, tenant=claim.tenant)
    job = stores.jobs.get(export.job_id, tenant=claim.tenant)
    key = document_key(claim.tenant, BlobKind.EXPORT, claim.id, claim.attempt)
    with _scratch() as folder:
        try:
            with _writer(export, schema_of(job), folder / "records", lambda: open_images(checkpoint)) as writer:
                records = _write(writer, stores, job, checkpoint)
        except BlobMissingError as error:  # no outage: waiting does not bring it back
            errands.exports.fail(claim, _failure(error))
            return
        path = _one_file(folder / "records", folder / "records.zip", export, checkpoint)
        byte_count = stores.blobs.put(key, pieces_of(path))
    try:
        errands.exports.succeed(claim, blob_key=key, byte_count=byte_count, records=records)
    except LeaseLostError:
        stores.blobs.delete(key)
        raise


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for as long as the context lasts. Raises StorageError when it cannot be written: another time it can."""
    try:
        with tempfile.TemporaryDirectory(prefix="docproc-export-") as name:
            yield Path(name)
    except OSError as exc:
        place = tempfile.gettempdir()
        raise StorageError(
            f"the export could not be written into {place}: {exc.strerror or type(exc).__name__}"
        ) from exc


@contextmanager
def _writer(
    export: Export,
    schema: ExtractionSchema,
    folder: Path,
    open_images: Callable[[], AbstractContextManager[PageImages]],
) -> Iterator[ExportWriter]:
    """Leaves one file or several in `folder`, called as they are where they are written without a service."""
    made = FileFormat(export.format)
    if made is FileFormat.HTML:
        from docproc.exports.report.report_writer import ReportWriter  # noqa: PLC0415 no other format needs it

        with open_images() as images, ReportWriter(folder / "report.html", schema, page_image=images) as writer:
            yield writer
        return
    target = folder if made is FileFormat.JSON else folder / f"records.{made}"
    with open_writer(target, schema, dialect=export.dialect) as writer:
        yield writer


def _write(writer: ExportWriter, stores: Stores, job: Job, checkpoint: Callable[[], None]) -> int:
    records = 0
    for item in collect(stores, job.id, tenant=job.tenant):
        checkpoint()
        writer.write(item)
        records += 1
    return records


def _one_file(folder: Path, archive: Path, export: Export, checkpoint: Callable[[], None]) -> Path:
    """The file of the folder, or an archive of its files."""
    files = sorted(folder.iterdir())
    if not FileFormat(export.format).is_zipped:
        (only,) = files
        return only
    with ZipFile(archive, "x") as zipped:
        for file in files:
            checkpoint()
            member = ZipInfo(file.name, _NO_TIME)
            member.compress_type, member.external_attr = ZIP_DEFLATED, _READABLE
            with zipped.open(member, "w", force_zip64=True) as stream:
                stream.writelines(pieces_of(file))
    return archive


def _failure(error: BlobMissingError) -> Failure:
    return Failure(
        code=FailureCode.INTERNAL,
        category=FailureCategory.ENVIRONMENT,
        message=f"the export cannot be made: {error.message}; docproc store check tells which is gone",
        retryable=True,
        phase=Phase.EXPORT,
    )
