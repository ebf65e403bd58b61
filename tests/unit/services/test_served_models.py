"""Models that other workers host: who reads a job, and what stands in the place of a model that is not here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from doubles.documents import text_schema

from docproc.bootstrap import ChosenReader, choose_reader
from docproc.domain.errors import ReaderUnavailableError, SchemaError, UsageError
from docproc.domain.image import LongestSide, PageImageSpec, TileCanvas
from docproc.domain.reading import Reading, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import Mender
from docproc.services.served_models import ModelElsewhere, ServedModel
from docproc.services.work_ports import WorkStores
from docproc.settings import Settings
from schemas.json_schema import compile_json_schema

SCHEMA = text_schema()
UNHELD = compile_json_schema(
    {"title": "bill", "type": "object", "properties": {"lines": {"type": "array", "uniqueItems": True}}}
)


@dataclass
class Announced:
    """What workers have announced, and which of it lately."""

    models: dict[str, ServedModel] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: int = 0

    def announce(self, model: ServedModel) -> None:
        self.models[model.name] = model

    def find(self, name: str) -> ServedModel | None:
        self.asked += 1
        return self.models.get(name)

    def names(self, *, seen_s: float) -> Sequence[str]:
        assert seen_s > 3600
        return [name for name in self.models if name not in self.silent]

    def work(self, capacity: Mapping[str, int] | None = None) -> WorkStores:
        tasks = SimpleNamespace(capacity=lambda *, alive_s: capacity or {} if alive_s else {})
        unused = cast("Any", None)
        return WorkStores(
            tasks=cast("Any", tasks), leases=unused, workers=unused, tenants=unused, models=self, keeping=unused
        )


def served(name: str, *, is_held: bool = True, image: PageImageSpec | None = None) -> Announced:
    announced = Announced()
    announced.announce(ServedModel(name=name, window_pages=1, image=image, is_held=is_held))
    return announced


def choose(
    reader: str, announced: Announced, *, schema: ExtractionSchema = SCHEMA, settings: Settings | None = None
) -> ChosenReader:
    return choose_reader(reader, schema, settings=settings or Settings(), work=announced.work())


def test_a_job_names_a_hosted_model_by_its_name() -> None:
    assert choose("nvlm-d-72b", served("nvlm-d-72b")) == ChosenReader(queue="read.nvlm-d-72b")


def test_auto_leaves_pages_to_the_usual_model_that_workers_host() -> None:
    assert choose("auto", served("vlm")) == ChosenReader(queue="read.cpu", model="vlm")
    assert choose("auto", served("small")).model is None
    assert choose("layout", served("vlm")).model is None


def test_auto_does_not_count_on_a_model_that_was_silent_for_long() -> None:
    announced = served("vlm")
    announced.silent.add("vlm")

    assert choose("auto", announced).model is None
    assert choose("vlm", announced).queue == "read.vlm"


def test_what_the_settings_name_is_left_to_the_settings() -> None:
    settings = Settings(remote_endpoints=["http://127.0.0.1:9/v1"])

    assert choose("auto", served("vlm"), settings=settings).model is None


def test_a_schema_that_nothing_would_hold_a_model_to_is_not_for_it() -> None:
    assert UNHELD.unheld
    with pytest.raises(SchemaError):
        choose("vlm", served("vlm"), schema=UNHELD)
    assert choose("auto", served("vlm"), schema=UNHELD).model is None
    assert choose("auto", served("vlm", is_held=False), schema=UNHELD).model == "vlm"


def test_a_name_that_nobody_ever_hosted_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="no worker has hosted a model called vlm"):
        choose("vlm", Announced())
    with pytest.raises(UsageError, match=r"'nvlm': there are .*, small, and no worker serves read.nvlm"):
        choose("nvlm", served("small"))


def test_a_model_elsewhere_tells_what_was_announced_and_learns_of_changes() -> None:
    announced, now = served("vlm", image=TileCanvas()), [0.0]
    model = ModelElsewhere("vlm", announced, clock=lambda: now[0])
    assert (model.name, model.window_pages, model.image) == ("vlm", 1, TileCanvas())
    assert announced.asked == 1

    announced.announce(ServedModel(name="vlm", window_pages=4, image=LongestSide(pixels=1568)))
    now[0] = 6.0

    assert (model.window_pages, model.image) == (4, LongestSide(pixels=1568))


def test_a_model_elsewhere_can_be_asked_again_but_not_here() -> None:
    model, window = ModelElsewhere("vlm", served("vlm")), Window(pages=[])
    assert isinstance(model, Mender)
    with pytest.raises(ReaderUnavailableError, match="hosted by other workers"):
        model.read(window, SCHEMA)
    with pytest.raises(ReaderUnavailableError, match="hosted by other workers"):
        model.mend(window, SCHEMA, reading=cast("Reading", None), findings=())


def test_what_nobody_announced_is_unavailable() -> None:
    with pytest.raises(ReaderUnavailableError, match="No worker has announced the model vlm"):
        _ = ModelElsewhere("vlm", Announced()).image
