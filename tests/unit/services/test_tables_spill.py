"""Long tables leave memory as they grow, and come back whole."""

from typing import cast
from uuid import UUID

from doubles.blobs import MemoryBlobStore

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.services.records import Claim, Document
from docproc.services.tables import TableSpill, rows_of_lines


class _Holder:
    """As much of a document as names its blobs."""

    tenant = "local"
    id = UUID(int=5)


CLAIM = Claim(document=cast("Document", _Holder()), owner="me", attempt=3)


def _rows(first: int, count: int) -> list[dict[str, FieldTree]]:
    return [{"text": FieldValue(value=f"row {index}\n")} for index in range(first, first + count)]


def test_rows_of_several_tables_come_back_in_order() -> None:
    blobs = MemoryBlobStore()
    with TableSpill() as spill:
        spill.add("rows", _rows(0, 3))
        spill.add("account.entries", _rows(100, 1))
        spill.add("rows", _rows(3, 2))
        tables = spill.store(blobs, CLAIM)
    assert [(table.path, table.rows) for table in tables] == [("rows", 5), ("account.entries", 1)]
    assert list(rows_of_lines(blobs.stream(tables[0].blob_key))) == _rows(0, 5)
    assert list(rows_of_lines(blobs.stream(tables[1].blob_key))) == _rows(100, 1)
    assert all(key.startswith(f"local/table/{CLAIM.document.id.hex}.3.") for key in blobs.blobs)


def test_a_document_without_long_tables_stores_none() -> None:
    blobs = MemoryBlobStore()
    with TableSpill() as spill:
        assert spill.store(blobs, CLAIM) == ()
    assert blobs.blobs == {}
