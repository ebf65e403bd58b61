"""Rows of long tables outside their extraction: gathered while merging, kept as JSON lines. Knows no export."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Self

from pydantic import TypeAdapter

from docproc.domain.extraction import FieldTree
from docproc.services.blob_keys import BlobKind, document_key
from docproc.services.ports import BlobStore
from docproc.services.records import Claim, SpilledTable

_ROW: TypeAdapter[dict[str, FieldTree]] = TypeAdapter(dict[str, FieldTree])
_PIECE_BYTES = 1 << 20


class TableSpill:
    """Takes rows as they come, several tables at a time, into files without names that vanish with the process."""

    def __init__(self) -> None:
        self._files: dict[str, IO[bytes]] = {}
        self._rows: dict[str, int] = {}
        self._open = ExitStack()

    def add(self, path: str, rows: Sequence[dict[str, FieldTree]]) -> None:
        if path not in self._files:
            self._files[path] = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 closed with the spill
        self._files[path].writelines(map(line_of_row, rows))
        self._rows[path] = self._rows.get(path, 0) + len(rows)

    def store(self, blobs: BlobStore, claim: Claim) -> tuple[SpilledTable, ...]:
        """Every table into a blob of its own."""
        stored = []
        for index, (path, file) in enumerate(self._files.items()):
            document = claim.document
            key = document_key(document.tenant, BlobKind.TABLE, document.id, claim.attempt, index)
            file.seek(0)
            blobs.put(key, iter(lambda: file.read(_PIECE_BYTES), b""))  # noqa: B023 used up before the next turn
            stored.append(SpilledTable(path=path, rows=self._rows[path], blob_key=key))
        return tuple(stored)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def rows_of_lines(pieces: Iterator[bytes]) -> Iterator[dict[str, FieldTree]]:
    """Rows from the pieces of a blob, which end anywhere."""
    return map(_ROW.validate_json, lines_of(pieces))


def line_of_row(row: dict[str, FieldTree]) -> bytes:
    return _ROW.dump_json(row) + b"\n"


def lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same rows as the JSON text that they are kept as."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
