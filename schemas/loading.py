"""From what a user wrote after `--schema` to an extraction schema: a name, a JSON Schema file, or module:Class."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docproc.domain.errors import NotFoundError, SchemaError
from docproc.domain.schema import ExtractionSchema
from schemas.classes import compile_class
from schemas.json_schema import compile_json_schema
from schemas.registry import SHIPPED, is_registered, registered
from schemas.source import parse
from schemas.user_classes import user_class

MAX_BYTES = 8_000_000

_CLASS = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*)( in (?P<folder>.+))?")
_FILE_CLASS = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d]\w*)")


def load_schema(reference: str, *, base: Path | None = None) -> ExtractionSchema:
    """The extraction schema that `reference` names.

    Args:
        reference: `invoice`, `invoice@1`, a path to a JSON Schema file, `module:Class`, `module:Class in folder` or
            `file.py:Class`. That of the schema returned can be loaded from anywhere.
        base: the folder from which files and modules are looked for; the working folder by default.

    Raises:
        SchemaError: it cannot be used, and why.
        NotFoundError: there is no such schema or file.
    """
    folder = (base or Path.cwd()).resolve()
    reference = reference.strip()
    if is_registered(reference):
        return registered(reference)
    named, in_file = _CLASS.fullmatch(reference), _FILE_CLASS.fullmatch(reference)
    if in_file:
        path = (folder / in_file["file"]).resolve()
        schema_class = user_class(path.stem, in_file["name"], folder=path.parent)
        return compile_class(schema_class, reference=f"{path}:{in_file['name']}")
    if named:
        home = (folder / (named["folder"] or "")).resolve()
        schema_class = user_class(named["module"], named["name"], folder=home)
        return compile_class(schema_class, reference=f"{named['module']}:{named['name']} in {home}")
    return _from_file(folder / reference, reference=reference)


def schema_to_send(reference: str) -> str | dict[str, Any]:
    """By name what comes with docproc; anything else travels as JSON Schema, for another machine has not your files.

    Raises SchemaError, NotFoundError.
    """
    return reference if is_registered(reference) else dict(load_schema(reference).json_schema)


def load_stored_schema(reference: str, json_schema: Mapping[str, Any]) -> ExtractionSchema:
    """A schema that was loaded elsewhere: shipped ones and classes by their name, any other of its stored JSON Schema.

    Raises SchemaError or NotFoundError when a class is not to be had here.
    """
    if is_registered(reference) or _CLASS.fullmatch(reference) or _FILE_CLASS.fullmatch(reference):
        return load_schema(reference)
    return compile_json_schema(dict(json_schema), stem=Path(reference).stem, reference=reference)


def _from_file(path: Path, *, reference: str) -> ExtractionSchema:
    if not path.is_file():
        if path.suffix or "/" in reference:
            raise NotFoundError(f"There is no schema file {reference}.")
        raise NotFoundError(
            f"No schema is called {reference!r}. There are: {', '.join(SHIPPED)}; "
            "or name a JSON Schema file or a pydantic class as module:Class."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SchemaError(f"{reference}: the file is larger than {MAX_BYTES:,} bytes.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise SchemaError(f"{reference}: cannot be read as UTF-8 text.") from exc
    try:
        return compile_json_schema(parse(text), stem=path.stem, reference=str(path))
    except SchemaError as exc:
        raise SchemaError(f"{reference}: {exc.message}") from exc
