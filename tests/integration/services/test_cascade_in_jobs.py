"""Pages that the first reader is not sure of go on to a model: in one process, window by window, each read once."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doubles.documents import FirstWordReader
from doubles.jobs import Workplace

from docproc.domain.extraction import Extraction
from docproc.domain.image import PageImageSpec, Resolution
from docproc.domain.reading import FieldHint, Reading, Route, Window
from docproc.domain.schema import ExtractionSchema
from docproc.queueing.local import StopSignal
from docproc.services.collect import collect
from docproc.services.ports import Stores

pytestmark = pytest.mark.integration


class UnsureReader(FirstWordReader):
    """Sure of every row but those that end in a question mark."""

    name = "unsure"

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        reading = super().read(window, schema)
        told: Any = reading.record
        rows = [row["text"] for row in told["lines"]]
        hints = {
            f"lines[{index}].text": FieldHint(model=0.02 if str(text).endswith("?") else 0.98)
            for index, text in enumerate(rows)
        }
        return replace(reading, record={**reading.record, "number": None}, hints=hints)


class ModelReader(FirstWordReader):
    """Looks at a page or two; says what it was shown."""

    name = "model"
    window_pages = 2
    image: PageImageSpec | None = Resolution(dpi=72)

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        assert dict(window.images) == {number: f"page {number}".encode() for number in window.numbers}
        reading = super().read(window, schema)
        hints = {f"lines[{index}].text": FieldHint(model=0.98) for index in range(len(window.pages))}
        record = {**reading.record, "number": None}
        return replace(reading, record=record, hints=hints, routes=dict.fromkeys(window.numbers, Route.VISION))


def place_of(stores: Stores, folder: Path) -> Workplace:
    return Workplace(stores, folder, reader=UnsureReader(), model=ModelReader())


def numbers(reader: FirstWordReader | None) -> list[tuple[int, ...]]:
    assert reader is not None
    return [window.numbers for window in reader.windows]


def extractions(place: Workplace, text: str, files: int = 1) -> list[Extraction]:
    job = place.run(place.submit({f"{index}.txt": text for index in range(files)}))
    assert job.pages.open == 0
    return [item.extraction for item in collect(place.stores, job.id)]


def readers(extraction: Extraction) -> Mapping[int, str | None]:
    return {page.number: page.reader for page in extraction.pages}


def texts(extraction: Extraction) -> list[str]:
    assert extraction.record is not None
    return [row["text"] for row in extraction.record["lines"]]


def test_only_unsure_pages_are_read_by_the_model_and_the_others_once(stores: Stores, tmp_path: Path) -> None:
    place = place_of(stores, tmp_path)
    (extraction,) = extractions(place, "one\ntwo?\nthree\n!blank\nfour?\nfive?")

    assert numbers(place.reader) == [(1, 2, 3, 5, 6)]
    assert numbers(place.model) == [(2, 5), (6,)]
    assert place.source.drawn == [2, 5, 6]
    assert readers(extraction) == {1: "unsure", 2: "model", 3: "unsure", 4: None, 5: "model", 6: "model"}
    assert [page.route for page in extraction.pages] == [None, "vision", None, None, "vision", "vision"]
    assert sorted(texts(extraction)) == ["five?", "four?", "one", "three", "two?"]
    assert extraction.reader == "unsure+model"


def test_a_document_that_is_sure_never_meets_the_model(stores: Stores, tmp_path: Path) -> None:
    place = place_of(stores, tmp_path)
    (extraction,) = extractions(place, "one\ntwo")

    assert numbers(place.model) == []
    assert place.source.drawn == []
    assert readers(extraction) == {1: "unsure", 2: "unsure"}


def test_a_document_of_which_nothing_stands_is_the_models(stores: Stores, tmp_path: Path) -> None:
    place = place_of(stores, tmp_path)
    (extraction,) = extractions(place, "one?\ntwo?")

    assert readers(extraction) == {1: "model", 2: "model"}
    assert extraction.reader == "model"


def test_without_a_model_the_reader_stands_alone(stores: Stores, tmp_path: Path) -> None:
    place = replace(place_of(stores, tmp_path), model=None)
    (extraction,) = extractions(place, "one?\ntwo")

    assert readers(extraction) == {1: "unsure", 2: "unsure"}


def test_the_same_bytes_are_read_once_by_each(stores: Stores, tmp_path: Path) -> None:
    place = place_of(stores, tmp_path)
    first, second = extractions(place, "one\ntwo?", files=2)

    assert (numbers(place.reader), numbers(place.model)) == ([(1, 2)], [(2,)])
    assert readers(first) == readers(second)
    assert first.record == second.record


def test_a_page_that_the_model_cannot_read_fails_alone(stores: Stores, tmp_path: Path) -> None:
    class Failing(ModelReader):
        def read(self, window: Window, schema: ExtractionSchema) -> Reading:
            pages = [replace(page, words=page.words[:1]) for page in window.pages]
            marked = [replace(page, words=(page.words[0]._replace(text="!unreadable"),)) for page in pages]
            return super().read(replace(window, pages=marked), schema)

    place = replace(place_of(stores, tmp_path), model=Failing())
    (extraction,) = extractions(place, "one\ntwo?")

    assert [page.state for page in extraction.pages] == ["read", "failed"]
    assert texts(extraction) == ["one"]


def test_who_goes_on_later_knows_which_pages_wait_for_the_model(stores: Stores, tmp_path: Path) -> None:
    stop = StopSignal()

    class Stopping(UnsureReader):
        def read(self, window: Window, schema: ExtractionSchema) -> Reading:
            stop.leave()
            return super().read(window, schema)

    place = replace(place_of(stores, tmp_path), reader=Stopping())
    job = place.run(place.submit({"a.txt": "one\ntwo?"}), stop=stop)
    assert job.documents.open == 1
    job = place.run(job)

    assert job.documents.open == 0
    assert (numbers(place.reader), numbers(place.model)) == ([(1, 2)], [(2,)])
