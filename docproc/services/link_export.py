"""A link with which somebody fetches an export from the blob store, without docproc between. Knows no blob store."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from docproc.domain.errors import ConflictError, UsageError
from docproc.domain.file_format import FileFormat
from docproc.services.errand_ports import ExportStore


class Links(Protocol):
    """A blob store's links."""

    def presign_get(self, key: str, *, expires_s: int, filename: str | None = None) -> str: ...


def link_export(
    exports: ExportStore, export_id: UUID, *, tenant: str, expires_s: int, open_links: Callable[[], Links | None]
) -> str:
    """Whoever has the link can read the export until it expires.

    Raises NotFoundError, ConflictError while there is no file, UsageError when the store has no links.
    """
    export = exports.get(export_id, tenant=tenant)
    if export.blob_key is None:
        raise ConflictError(f"the export is {export.state}: there is no file yet")
    links = open_links()
    if links is None:
        raise UsageError("blobs lie in a folder, or their URL says links=false: docproc exports fetch copies the file")
    return links.presign_get(
        export.blob_key, expires_s=expires_s, filename=f"{export.id}{FileFormat(export.format).suffix}"
    )
