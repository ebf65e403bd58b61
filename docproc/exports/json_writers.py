"""Writers of the contract as it is: one object a line, or one file a document. They know no columns."""

import re
import unicodedata
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from docproc.domain.extraction import Extraction
from docproc.domain.schema import ExtractionSchema
from docproc.exports.export_item import ExportItem
from docproc.exports.json_text import json_pieces
from docproc.exports.staged_writer import StagedWriter

_NAME_CHARACTERS = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9._]+")


def write_line(stream: BinaryIO, document: Extraction | ExportItem, schema: ExtractionSchema) -> None:
    """One document as one line of UTF-8 JSON; for a pipe, where nothing can be staged."""
    stream.writelines(piece.encode() for piece in json_pieces(ExportItem.of(document), schema))
    stream.write(b"\n")


class JsonlWriter(StagedWriter):
    """One compact JSON object a line."""

    _stream: BinaryIO

    def __init__(self, target: Path, schema: ExtractionSchema, *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        self._schema = schema

    def _begin(self, scratch: Path, closing: ExitStack) -> None:
        self._stream = closing.enter_context((scratch / self._targets[0].name).open("xb"))

    def _add(self, item: ExportItem) -> None:
        write_line(self._stream, item, self._schema)


class JsonFolderWriter(StagedWriter):
    """One indented JSON file a document."""

    _folder: Path

    def __init__(self, target: Path, schema: ExtractionSchema, *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        self._schema = schema

    def _begin(self, scratch: Path, closing: ExitStack) -> None:  # noqa: ARG002 nothing stays open here
        self._folder = scratch / self._targets[0].name
        self._folder.mkdir()

    def _add(self, item: ExportItem) -> None:
        # "x": a document that comes twice is an error, never a file that replaces another
        with (self._folder / file_name(item.extraction)).open("x", encoding="utf-8", newline="\n") as stream:
            stream.writelines(json_pieces(item, self._schema, indent=2))
            stream.write("\n")


def file_name(extraction: Extraction) -> str:
    """A name that says which file it was, is unique by the document's id, and is safe on every system."""
    folded = unicodedata.normalize("NFKD", extraction.file).encode("ascii", "ignore").decode()
    readable = _UNSAFE.sub("-", folded).strip("-.")[-_NAME_CHARACTERS:].strip("-.") or "document"
    part = "" if extraction.part is None else f"-part{extraction.part.index}"
    return f"{readable}-{extraction.document_id}{part}.json"
