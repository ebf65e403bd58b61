"""Questions as files, and the documents that go with them."""

import json
from pathlib import Path

import pytest

from docproc.cli.files import FoundFile
from docproc.cli.questions import asked, load_questions, require_answer
from docproc.domain.errors import UsageError
from schemas import load_schema


def write(path: Path, *objects: object) -> Path:
    path.write_text("\n".join(map(json.dumps, objects)))
    return path


def test_questions_are_an_object_a_list_or_lines(tmp_path: Path) -> None:
    row = {"file": "docs/a.png", "question": "How many?"}
    whole = write(tmp_path / "q.json", {"a.png": "How many?"})
    assert load_questions(whole) == {"a.png": "How many?"}
    assert load_questions(write(tmp_path / "l.json", [row])) == {"a.png": "How many?"}
    assert load_questions(write(tmp_path / "q.jsonl", row)) == {"a.png": "How many?"}


@pytest.mark.parametrize("wrong", [{"file": "a.png"}, {"file": 3, "question": "?"}, {"a.png": "How many?"}])
def test_a_line_that_asks_nothing_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(UsageError, match="a question is"):
        load_questions(write(tmp_path / "q.jsonl", wrong))


def test_a_second_question_about_one_document_is_refused_rather_than_lost(tmp_path: Path) -> None:
    rows = [{"file": "a.png", "question": question} for question in ("How many?", "Which?")]
    with pytest.raises(UsageError, match="two questions"):
        load_questions(write(tmp_path / "q.jsonl", *rows))


def test_a_document_goes_with_its_question_and_others_without() -> None:
    files = [FoundFile(path=Path("box/a.png"), name="box/a.png"), FoundFile(path=Path("b.png"), name="b.png")]
    found = list(asked(files, {"a.png": "How many?"}))
    assert [(file.name, file.metadata) for file in found] == [
        ("box/a.png", {"question": "How many?"}),
        ("b.png", {}),
    ]


def test_a_schema_must_have_room_for_the_answer() -> None:
    require_answer(load_schema("qa"))
    with pytest.raises(UsageError, match="answer"):
        require_answer(load_schema("invoice"))
