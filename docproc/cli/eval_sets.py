"""Truth, predictions and questions from files, as `docproc eval` takes them; scores nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    found = (_given(line, schema, path) for line in read_lines(path))
    return {given.file: given for given in found}


def load_questions(path: Path) -> dict[str, str]:
    """By file name, from an object {file: question} or from lines {"file", "question"}."""
    whole = read_json(path) if path.suffix.lower() == ".json" else None
    if isinstance(whole, dict):
        pairs: list[tuple[object, object]] = list(whole.items())
    else:
        pairs = [(line.get("file"), line.get("question")) for line in whole or read_lines(path)]
    for name, question in pairs:
        if not isinstance(name, str) or not isinstance(question, str):
            raise UsageError(f'{path}: a question is {{"file": NAME, "question": TEXT}}')
    return {Path(str(name)).name: str(question) for name, question in pairs}


def is_admitted(record: Mapping[str, Any] | None, schema: ExtractionSchema) -> bool:
    """There is a record, and it has the schema's shape."""
    if record is None:
        return False
    return all(issue.severity is not Severity.ERROR for issue in schema.check_shape(dict(record)))


def read_json(path: Path) -> Any:  # noqa: ANN401 plain JSON
    """A JSON file. Raises UsageError that quotes nothing of it."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as exc:
        raise UsageError(f"{path}: cannot be read as JSON") from exc


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file. Raises UsageError with the number of a line that is none."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _object(line, f"{path}: line {number}")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: cannot be read") from exc


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as exc:
        raise UsageError(f"{place} is not JSON") from exc
    if not isinstance(parsed, dict):
        raise UsageError(f"{place} is not an object")
    return parsed


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
        file=Path(line["file"]).name,
        fields={name: given_json(tree) for name, tree in fields.items()},
        valid=is_admitted(line["record"], schema) if "record" in line else None,
        failure=str(failure.get("code") if isinstance(failure, dict) else failure)[:80] if failure else None,
        page_count=len(pages) if isinstance(pages, list) and pages else known or 0,
        seconds=float(line.get("seconds") or 0.0),
    )
