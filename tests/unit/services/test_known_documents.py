"""By which name a document is known within its job when its file lies somewhere else each time."""

import pytest

from docproc.domain.ids import new_id
from docproc.services.records import NewDocument, Original
from docproc.services.take_in import FileLabel, TakenIn


def known_as(file: str, paths: list[str], *, name: str | None) -> list[str]:
    documents = [NewDocument(id=new_id(), file=path, original=Original(path=path)) for path in paths]
    taken = TakenIn(original=Original(path=file), label=FileLabel(name="a", known_as=name), documents=documents)
    return [document.original.path for document in taken.rows]


@pytest.mark.parametrize(
    ("name", "known"),
    [(None, ["/srv/0/a.pdf", "/srv/0/in/b.pdf"]), ("sent/0", ["sent/0/a.pdf", "sent/0/in/b.pdf"])],
)
def test_each_document_of_a_container_is_known_by_a_name_of_its_own(name: str | None, known: list[str]) -> None:
    assert known_as("/srv/0", ["/srv/0/a.pdf", "/srv/0/in/b.pdf"], name=name) == known


def test_a_file_that_is_one_document_is_known_as_the_file() -> None:
    assert known_as("/srv/0", ["/srv/0"], name="sent/0") == ["sent/0"]
