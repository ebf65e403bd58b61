"""Questions from a file, one a document, and the documents submitted with them. Knows no reader."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from docproc.cli.files import FoundFile
from docproc.cli.json_files import read_json, read_lines
from docproc.domain.errors import UsageError
from docproc.domain.schema import ExtractionSchema
from docproc.services.questions import QUESTION, takes_question
from docproc.services.submit import SubmittedFile

#: of a job's metadata: the file that its questions came from, for an interrupted submission to go on
QUESTIONS = "questions"


def load_questions(path: Path) -> dict[str, str]:
    """By file name, from an object {file: question} or from lines {"file", "question"}.

    Raises UsageError for anything else, and for a second question about one document.
    """
    whole = read_json(path) if path.suffix.lower() == ".json" else None
    rows = whole if isinstance(whole, list) else read_lines(path) if whole is None else None
    pairs = whole.items() if rows is None and isinstance(whole, dict) else map(_pair, rows or ())
    found: dict[str, str] = {}
    for file, question in pairs:
        if not isinstance(file, str) or not isinstance(question, str):
            raise UsageError(f'{path}: a question is {{"file": NAME, "question": TEXT}}')
        name = Path(file).name
        if name in found:
            raise UsageError(f"{path}: {name} has two questions; a job asks one: give others to jobs of their own")
        found[name] = question
    return found


def require_answer(schema: ExtractionSchema) -> None:
    """Raises UsageError for a schema that has nowhere to put an answer."""
    if not takes_question(schema):
        raise UsageError(f"--questions: {schema.label} has no field `answer`; the schema qa has one")


def asked(files: Iterable[FoundFile], questions: Mapping[str, str]) -> Iterator[SubmittedFile]:
    """The files, those with a question together with it."""
    for file in files:
        question = questions.get(file.path.name)
        yield SubmittedFile(path=file.path, name=file.name, metadata={QUESTION: question} if question else {})


def _pair(row: object) -> tuple[object, object]:
    return (row.get("file"), row.get("question")) if isinstance(row, dict) else (None, None)
