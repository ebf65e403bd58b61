"""Any model reads windows into valid records, with its own probability of each value and what it cost."""

import io
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.bill_pages import BILL, bill_window, record_of_bill
from doubles.vlm_engines import opened, small_schema
from doubles.vlm_windows import page, window
from jsonschema import Draft202012Validator
from PIL import Image

from docproc.decoding.drafts import window_drafter
from docproc.decoding.generation import Generation
from docproc.decoding.profile import decoding_form
from docproc.decoding.speculate import NoDraft
from docproc.domain.errors import ReaderUnavailableError, TimedOutError, TooLargeError, UnsupportedError, UsageError
from docproc.domain.image import LongestSide, TileCanvas
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import TextSource
from docproc.domain.reading import Attempt, Route, Spent, Usage, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import Mender
from docproc.readers.vlm.config import Held, VlmConfig
from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.requests import Request
from docproc.readers.vlm.reader import VlmReader
from schemas import load_schema
from schemas.registry import SHIPPED

pytestmark = pytest.mark.integration

LINES = ("Invoice No. 4711", "Date 2024-03-01", "Total due EUR 99.00")


@pytest.fixture(scope="module")
def reader(any_model: Checkpoint) -> Iterator[VlmReader]:
    made = VlmReader(VlmConfig(model=any_model.folder, device="cpu", answer_tokens=250))
    yield made
    made.close()


@pytest.fixture(scope="module")
def nvlm_reader(nvlm_d: Checkpoint) -> Iterator[VlmReader]:
    made = VlmReader(VlmConfig(model=nvlm_d.folder, device="cpu"))
    yield made
    made.close()


def reading_with(checkpoint: Checkpoint, *, schema: str | None = None, **told):
    made = VlmReader(VlmConfig(model=checkpoint.folder, device="cpu", **told))
    try:
        return made.read(
            window(page(lines=LINES), spec=made.image), small_schema() if schema is None else load_schema(schema)
        )
    finally:
        made.close()


def test_every_shipped_schema_gives_a_valid_record(reader: VlmReader, any_model: Checkpoint) -> None:
    # all of them with every kind of model: tests/slow/test_vlm_schemas.py
    names = SHIPPED if any_model.folder.name == "nvlm-d" else ("receipt",)
    schemas = [load_schema(name) for name in names]
    asked = window(page(lines=LINES), spec=reader.image)

    with ThreadPoolExecutor(len(schemas)) as threads:
        readings = list(threads.map(lambda schema: reader.read(asked, schema), schemas))

    for schema, reading in zip(schemas, readings, strict=True):
        assert not list(Draft202012Validator(decoding_form(schema)).iter_errors(reading.record))
        assert not [issue for issue in schema.check_shape(reading.record) if issue.code is IssueCode.WRONG_SHAPE]
        assert {issue.code for issue in reading.issues} <= {IssueCode.TRUNCATED}


def test_a_reading_says_what_it_cost_and_how_sure_the_model_was(reader: VlmReader) -> None:
    reading = reader.read(window(page(lines=LINES), spec=reader.image), small_schema())

    usage = reading.usage
    assert (reading.reader, reading.attempts, dict(reading.routes)) == ("vlm", 1, {1: Route.VISION})
    assert usage.tiles > 0
    assert usage.tiles == 7 or not isinstance(reader.image, TileCanvas)
    assert 0 < usage.passes <= usage.output_tokens < usage.prompt_tokens * 10
    assert usage.seconds > 0
    assert reading.hints
    assert all(hint.model is not None and 0 < hint.model <= 1 for hint in reading.hints.values())


def test_a_member_of_nvlms_family_reads_a_page_at_a_time_on_tiles(any_model: Checkpoint, reader: VlmReader) -> None:
    is_nvlm = any_model.folder.name.startswith("nvlm")

    assert reader.window_pages == (1 if is_nvlm else 4)
    assert reader.image == (TileCanvas(tile_px=56, max_tiles=6) if is_nvlm else LongestSide(pixels=1568))
    assert isinstance(reader, Mender)


def test_a_model_of_long_context_reads_pages_together(models_folder: Path) -> None:
    model = opened("qwen3-vl", models_folder)
    made = VlmReader(VlmConfig(model=model.folder, device="cpu", window_pages=2))

    reading = made.read(window(page(1), page(2), spec=made.image), small_schema())
    made.close()

    assert (reading.usage.tiles, dict(reading.routes)) == (2, {1: Route.VISION, 2: Route.VISION})


def test_text_is_read_without_asking_the_tower(any_model: Checkpoint) -> None:
    made = VlmReader(VlmConfig(model=any_model.folder, device="cpu", route=Route.TEXT))
    engine, _ = made.running()
    towers = [part for name, part in engine.model.named_modules() if name.endswith(("vision_tower", "visual"))]
    asked: list[str] = []
    for tower in towers:
        tower.register_forward_hook(lambda *_: asked.append("tower"))

    reading = made.read(window(page(lines=LINES)), small_schema())
    made.close()

    assert towers
    assert (made.image, asked, reading.usage.tiles, dict(reading.routes)) == (None, [], 0, {1: Route.TEXT})


def test_auto_looks_at_scans_and_reads_what_was_typed(nvlm_d: Checkpoint) -> None:
    made = VlmReader(VlmConfig(model=nvlm_d.folder, device="cpu", route=Route.AUTO))
    typed, scan = page(lines=LINES), page(lines=LINES, source=TextSource.OCR)

    routes = [made.read(window(one, spec=made.image), small_schema()).routes[1] for one in (typed, scan)]
    made.close()

    assert routes == [Route.TEXT, Route.VISION]


def test_what_was_cut_off_is_kept_as_far_as_it_is_whole_and_said_to_be_cut_off(nvlm_d: Checkpoint) -> None:
    whole = reading_with(nvlm_d)
    budget = whole.usage.output_tokens - 4
    cut = reading_with(nvlm_d, answer_tokens=budget)

    assert [issue.code for issue in whole.issues] == []
    assert [issue.code for issue in cut.issues] == [IssueCode.TRUNCATED]
    assert cut.usage.output_tokens == budget
    assert not list(Draft202012Validator(decoding_form(small_schema())).iter_errors(cut.record))
    kept = {name: value for name, value in cut.record.items() if value not in (None, [])}
    assert kept
    assert all(whole.record[name] == value for name, value in kept.items() if name != "rows")


def test_free_answers_that_are_no_record_are_asked_again_under_the_grammar(nvlm_d: Checkpoint) -> None:
    held = reading_with(nvlm_d)

    free = reading_with(nvlm_d, held=Held.FREE, answer_tokens=200)

    assert (free.attempts, free.record) == (2, held.record)
    (attempt,) = free.earlier
    assert attempt.said
    assert attempt.findings[0].message.startswith("The answer is no record: ")
    assert free.usage.output_tokens > held.usage.output_tokens


def test_an_answer_that_was_cut_off_before_it_was_a_record_says_what_it_cost(models_folder: Path) -> None:
    model = opened("qwen3-vl", models_folder)
    made = VlmReader(VlmConfig(model=model.folder, device="cpu", window_pages=2, answer_tokens=12))

    with pytest.raises(TooLargeError) as caught:
        made.read(window(page(1), page(2), spec=made.image), small_schema())
    made.close()

    spent = caught.value.spent
    assert spent is not None
    assert (spent.reader, spent.attempts, spent.usage.tiles, spent.usage.output_tokens) == ("vlm", 1, 2, 12)
    assert spent.usage.prompt_tokens > 0
    assert [attempt.said for attempt in spent.earlier] != [None]
    assert spent.earlier[0].findings[0].code is IssueCode.TRUNCATED


class InterruptedReader(VlmReader):
    """Is interrupted behind its first answer."""

    answered = False

    def generate(self, window: Window, schema: ExtractionSchema, **told) -> Generation:
        if self.answered:
            raise StoppedError
        self.answered = True
        return super().generate(window, schema, **told)


class StoppedError(Exception):
    pass


def test_an_answer_that_was_there_when_its_window_was_left_is_told(nvlm_d: Checkpoint) -> None:
    made = InterruptedReader(VlmConfig(model=nvlm_d.folder, device="cpu", held=Held.FREE, answer_tokens=20))
    told: list[Spent] = []

    with pytest.raises(StoppedError):
        made.read(replace(window(page(lines=LINES), spec=made.image), left=told.append), small_schema())
    made.close()

    assert [(spent.reader, spent.attempts, spent.usage.output_tokens) for spent in told] == [("vlm", 1, 20)]


def test_an_error_never_keeps_what_another_window_has_cost(nvlm_reader: VlmReader) -> None:
    shared = TimedOutError("it takes too long")
    shared.spent = Spent(reader="vlm", usage=Usage(prompt_tokens=5), attempts=1, earlier=(Attempt(said="theirs"),))

    def checkpoint() -> None:
        raise shared

    with pytest.raises(TimedOutError) as caught:
        nvlm_reader.read(
            window(page(lines=LINES), spec=nvlm_reader.image, checkpoint=checkpoint), load_schema("invoice")
        )

    assert caught.value.spent is None


def test_thoughts_are_metered_and_not_stored(nvlm_d: Checkpoint) -> None:
    silent, thinking = reading_with(nvlm_d), reading_with(nvlm_d, thinking_tokens=32)

    form = decoding_form(small_schema())
    assert not list(Draft202012Validator(form).iter_errors(thinking.record))
    assert thinking.usage.output_tokens >= 32 + 20
    assert thinking.reader_version != silent.reader_version


def test_drafts_of_the_page_change_nothing(nvlm_reader: VlmReader) -> None:
    engine, constraints = nvlm_reader.running()
    found: list[list[tuple[int, ...]]] = []
    for drafts in (False, True):
        tickets = []
        for number in range(8):
            asked = bill_window(number, nvlm_reader.image)
            drafter = window_drafter(asked, BILL, draft=record_of_bill(number)) if drafts else NoDraft()
            prompt = nvlm_reader.asker.read(asked, BILL, route=Route.VISION)
            constraint = constraints.held(decoding_form(BILL))
            tickets.append(engine.submit(Request(prompt=prompt, constraint=constraint, drafter=drafter)))
        found.append([ticket.result().tokens for ticket in tickets])

    assert found[0] == found[1]


def test_only_what_failed_is_asked_again(nvlm_reader: VlmReader) -> None:
    asked = window(page(lines=LINES), spec=nvlm_reader.image)
    reading = nvlm_reader.read(asked, small_schema())
    reading = replace(reading, record={**reading.record, "number": "planted", "paid": True})
    finding = Issue(code=IssueCode.WRONG_SHAPE, fields=("number",), message="number is wrong.")

    mended = nvlm_reader.mend(asked, small_schema(), reading=reading, findings=[finding])

    assert {name for name in reading.record if mended.record[name] != reading.record[name]} <= {"number"}
    assert set(mended.hints) <= {"number"}
    assert mended.attempts == 1


def test_a_page_that_the_models_processor_cannot_take_fails_alone(models_folder: Path) -> None:
    made = VlmReader(VlmConfig(model=opened("qwen3-vl", models_folder).folder, device="cpu", answer_tokens=250))
    strip = io.BytesIO()
    Image.new("RGB", (4, 1000)).save(strip, "PNG")  # two hundred times as high as wide is what it takes at most
    good = window(page(lines=LINES), spec=made.image)

    with pytest.raises(UnsupportedError, match="processor cannot take this page"):
        made.read(replace(good, images={1: strip.getvalue()}), small_schema())
    reading = made.read(good, small_schema())
    made.close()

    assert reading.record


def test_a_window_without_pages_is_no_work_for_a_model(nvlm_reader: VlmReader) -> None:
    with pytest.raises(UnsupportedError):
        nvlm_reader.read(window(), small_schema())


def test_a_window_that_nobody_wants_any_more_is_left(nvlm_reader: VlmReader) -> None:
    class UnwantedError(Exception):
        pass

    def checkpoint() -> None:
        raise UnwantedError

    made = window(page(lines=LINES), spec=nvlm_reader.image, checkpoint=checkpoint)
    with pytest.raises(UnwantedError):
        nvlm_reader.read(made, load_schema("invoice"))


def test_the_version_names_weights_route_and_mode(nvlm_d: Checkpoint, models_folder: Path) -> None:
    first = VlmConfig(model=nvlm_d.folder, device="cpu")
    configs = [
        first,
        replace(first, route=Route.TEXT),
        replace(first, held=Held.FREE),
        replace(first, model=opened("nvlm-x", models_folder).folder),
        replace(first, answer_tokens=100),
    ]

    versions = [VlmReader(config).version for config in configs]

    assert len(set(versions)) == len(versions)
    assert versions[0] == VlmReader(first).version
    assert nvlm_d.fingerprint in versions[0]


def test_weights_that_do_not_fit_are_refused_before_anything_is_loaded(tmp_path: Path, nvlm_d: Checkpoint) -> None:
    for path in nvlm_d.folder.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    header = json.dumps({"huge": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)

    with pytest.raises(ReaderUnavailableError, match="GiB"):
        VlmReader(VlmConfig(model=tmp_path, device="cpu"))


def test_weights_that_are_not_whole_are_refused_before_anything_is_loaded(tmp_path: Path, nvlm_d: Checkpoint) -> None:
    shutil.copytree(nvlm_d.folder, tmp_path, dirs_exist_ok=True)
    shard = min(tmp_path.glob("*.safetensors"))
    with shard.open("r+b") as file:
        file.truncate(shard.stat().st_size - 1)
    with pytest.raises(UsageError, match=f"{shard.name} is cut short"):
        VlmReader(VlmConfig(model=tmp_path, device="cpu"))

    shard.write_bytes(b"<html>")
    with pytest.raises(UsageError, match=f"{shard.name} is not a safetensors file"):
        VlmReader(VlmConfig(model=tmp_path, device="cpu"))

    for path in (*tmp_path.glob("*.safetensors"), *tmp_path.glob("*.index.json")):
        path.unlink()
    with pytest.raises(UsageError, match=r"model\.safetensors is missing"):
        VlmReader(VlmConfig(model=tmp_path, device="cpu"))
