"""Truth and predictions from files, as `docproc eval` takes them; scores nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from docproc.cli.json_files import read_json, read_lines
from docproc.domain.errors import UsageError
from docproc.domain.issues import Severity
from docproc.domain.schema import ExtractionSchema
from docproc.evaluation.given import Given, given_json
from docproc.evaluation.truth import Truth

#: of a set: what is in a truth folder besides truth files
_NOT_TRUTH = frozenset({"schema.json", "manifest.json", "questions.json"})
SCHEMA = "schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthSet:
    """The truth of a set of documents, and where the documents and their schema are."""

    truths: Sequence[Truth]
    docs: Path
    schema: Path | None

    @property
    def relaxed(self) -> frozenset[str]:
        """Fields of the set's own schema whose numbers may be 5 % off."""
        if self.schema is None:
            return frozenset()
        properties = read_json(self.schema).get("properties", {})
        return frozenset(name for name, told in properties.items() if told.get("x-kind") == "relaxed")


def load_truth(path: Path, *, docs: Path | None) -> TruthSet:
    """A set (`truth/`, `docs/`, `schema.json`), a folder of truth files, or one JSONL file with a truth a line.

    Raises UsageError when there is no truth.
    """
    if path.is_dir():
        folder = path / "truth" if (path / "truth").is_dir() else path
        truths = [
            _truth(read_json(file), file) for file in sorted(folder.glob("*.json")) if file.name not in _NOT_TRUTH
        ]
        home = folder.parent if folder.name == "truth" else folder
    elif path.is_file():
        truths = [_truth(line, path) for line in read_lines(path)]
        home = path.parent
    else:
        raise UsageError(f"{path}: no such file or folder")
    if not truths:
        raise UsageError(f'{path}: no truth file in it; one is {{"file": NAME, "fields": {{…}}}}')
    schema = home / SCHEMA
    return TruthSet(truths=truths, docs=docs or home / "docs", schema=schema if schema.is_file() else None)


def load_predictions(path: Path, schema: ExtractionSchema) -> dict[str, Given]:
    """By file name, from lines of `docproc extract` or {"file", "fields"}; the last line of a file counts."""
    return by_name(_given(line, schema, path) for line in read_lines(path))


def by_name(documents: Iterable[Given]) -> dict[str, Given]:
    """By name as it was handed in, and by the name without folders, where no other document has that."""
    found = {given.file: given for given in documents}
    for name, given in list(found.items()):
        found.setdefault(PurePosixPath(name).name, given)
    return found


def named(documents: Mapping[str, Given], file: str) -> Given | None:
    """The document that the truth calls `file`."""
    return documents.get(file, documents.get(PurePosixPath(file).name))


def is_admitted(record: Mapping[str, Any] | None, schema: ExtractionSchema) -> bool:
    """There is a record, and it has the schema's shape."""
    if record is None:
        return False
    return all(issue.severity is not Severity.ERROR for issue in schema.check_shape(dict(record)))


def _truth(parsed: object, place: Path) -> Truth:
    try:
        return Truth.of(parsed)
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}") from error


def _given(line: Mapping[str, Any], schema: ExtractionSchema, place: Path) -> Given:
    if not isinstance(line.get("file"), str):
        raise UsageError(f"{place}: a line without file is no prediction")
    fields = line.get("fields") or line.get("record") or {}
    if not isinstance(fields, dict):
        raise UsageError(f"{place}: fields of a prediction are an object")
    failure = line.get("failure") or line.get("error")
    pages, facts = line.get("pages"), line.get("document")
    known = facts.get("page_count") if isinstance(facts, dict) else None
    return Given(
        file=line["file"],
        fields={name: given_json(tree) for name, tree in fields.items()},
        valid=is_admitted(line["record"], schema) if "record" in line else None,
        failure=str(failure.get("code") if isinstance(failure, dict) else failure)[:80] if failure else None,
        page_count=len(pages) if isinstance(pages, list) and pages else known or 0,
        seconds=float(line.get("seconds") or 0.0),
    )
