"""The meter: a row for each window that was read, and for each asking that came to nothing. Knows no price."""

from sqlalchemy import Connection, func, insert

from docproc.domain.ids import new_id
from docproc.domain.reading import Usage
from docproc.storage.rows import AnyRow
from docproc.storage.service_tables import USAGE

_METER = insert(USAGE).values(happened_at=func.now())


def meter(connection: Connection, document: AnyRow, *, reader: str, usage: Usage, pages: int) -> None:
    """Count what was spent on a document, in the transaction that writes what came of it."""
    values = {
        "id": new_id(),
        "tenant": document.tenant,
        "job_id": document.job_id,
        "reader": reader,
        "pages": pages,
        "tiles": usage.tiles,
        "prompt_tokens": usage.prompt_tokens,
        "output_tokens": usage.output_tokens,
        "seconds": usage.seconds,
    }
    connection.execute(_METER, values)
