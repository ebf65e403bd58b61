"""Examples are looked for once, kept whole, and found again."""

from pathlib import Path

from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError
from docproc.training.examples import Example, ExampleFile, LeftOut, look_at
from docproc.training.targets import Target
from docproc.training.truth import TruthDocument


class Finder:
    """Finds two pages in every document but those that are damaged, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, document: TruthDocument) -> list[Example]:
        self.asked.append(document.name)
        if document.name.startswith("bad"):
            raise CorruptError
        target = Target(text='{"a":null,"b":"é"}', unlearnt=((5, 9),))
        return [
            Example(document=document.name, media_type=MediaType.PDF, page=page, rotation=90, target=target)
            for page in (1, 2)
        ]


def documents(*names: str) -> list[TruthDocument]:
    return [TruthDocument(name=name, path=Path(name), fields={}) for name in names]


def test_what_was_found_is_found_again_without_looking(tmp_path: Path) -> None:
    file, finder = ExampleFile(tmp_path / "pages.jsonl"), Finder()
    first = list(look_at(documents("a", "bad", "c"), file, find=finder))
    again = list(look_at(documents("a", "bad", "c"), file, find=finder))
    assert first == again
    assert finder.asked == ["a", "bad", "c"]
    assert first[1] == LeftOut(document="bad", reason="corrupt: The document is damaged beyond reading.")


def test_a_run_that_was_cut_short_looks_at_what_was_not_kept_whole(tmp_path: Path) -> None:
    path, finder = tmp_path / "pages.jsonl", Finder()
    looked = look_at(documents("a", "b"), ExampleFile(path), find=finder)
    next(looked)
    path.write_bytes(path.read_bytes() + b'{"document": "b", "pa')
    found = list(look_at(documents("a", "b"), ExampleFile(path), find=finder))
    assert finder.asked == ["a", "b"]
    assert [one.document for pages in found if not isinstance(pages, LeftOut) for one in pages] == ["a", "a", "b", "b"]
    assert list(look_at(documents("a", "b"), ExampleFile(path), find=finder)) == found
