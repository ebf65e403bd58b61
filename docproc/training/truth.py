"""A truth folder: documents and what is known to be right about each; opens no document and knows no schema."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docproc.domain.errors import NotFoundError, UsageError

DOCUMENTS, TRUTH, SCHEMA = "docs", "truth", "schema.json"


class TruthError(UsageError):
    """The truth folder cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthDocument:
    """One document with its truth."""

    #: as it is called in the folder of documents
    name: str
    path: Path
    #: by field name; a field that is missing is not known, null is known not to be printed
    fields: Mapping[str, Any]


def read_truth(folder: Path) -> list[TruthDocument]:
    """Every document of `folder` that has a truth, in the order of names.

    Raises:
        NotFoundError: there is no such folder.
        TruthError: it is laid out in another way, or a truth cannot be read.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: no such folder")
    documents, truths = folder / DOCUMENTS, folder / TRUTH
    for part in (documents, truths):
        if not part.is_dir():
            raise TruthError(f"{folder}: no folder {part.name}/ in it: documents lie in docs/, their truth in truth/")
    found = [_read(path, documents) for path in sorted(truths.glob("*.json"))]
    if not found:
        raise TruthError(f"{truths}: no truth in it; docs/a.pdf takes truth/a.pdf.json or truth/a.json")
    return found


def _read(path: Path, documents: Path) -> TruthDocument:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise TruthError(f"{path}: cannot be read as JSON") from exc
    if not isinstance(told, dict) or not isinstance(told.get("fields"), dict):
        raise TruthError(f'{path}: a truth is an object with "fields", and "file" where the name does not tell')
    name = told.get("file") or path.stem
    if not isinstance(name, str) or Path(name).name != name:
        raise TruthError(f'{path}: "file" is the name of a document in {DOCUMENTS}/')
    document = documents / name
    if not document.is_file():
        raise TruthError(f"{path}: there is no document {document}")
    return TruthDocument(name=name, path=document, fields=told["fields"])
