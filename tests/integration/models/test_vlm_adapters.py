"""Adapters: one for everything, or one a schema over the same weights, rows of several in flight at a time."""

from pathlib import Path
from warnings import catch_warnings, simplefilter

import pytest
import torch
from doubles.vlm_engines import ask, grammar_of, opened, prompts, small_schema
from doubles.vlm_windows import page, window
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForImageTextToText

from docproc.domain.errors import NotFoundError, ReaderUnavailableError, UsageError
from docproc.nvlm.adapter import LORA_TARGETS, write_adapter
from docproc.readers.vlm.config import VlmConfig
from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.loading import EngineOptions, load_engine
from docproc.readers.vlm.reader import VlmReader

pytestmark = pytest.mark.integration

BUDGET = 40


def lora(checkpoint: Checkpoint, folder: Path, *, seed: int) -> Path:
    """An adapter that says something else than its base."""
    model = AutoModelForImageTextToText.from_pretrained(checkpoint.folder)
    with catch_warnings():
        simplefilter("ignore", FutureWarning)
        model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=LORA_TARGETS))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    folder.mkdir()
    write_adapter(folder, model, facts={})
    return folder


@pytest.fixture(scope="module")
def adapters(nvlm_d: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {name: lora(nvlm_d, folder / name, seed=seed) for seed, name in enumerate(("invoice", "receipt"))}


def tokens(engine: Engine, checkpoint: Checkpoint, adapter: str | None = None) -> tuple[int, ...]:
    found = engine.generate(ask(prompts(checkpoint)[0], grammar_of(engine), budget=BUDGET, adapter=adapter))
    return found.tokens


def answers_of(checkpoint: Checkpoint, **told) -> tuple[int, ...]:
    engine = load_engine(checkpoint, EngineOptions(device="cpu", **told))
    try:
        return tokens(engine, checkpoint)
    finally:
        engine.close()


def test_each_row_is_answered_with_its_own_adapter(nvlm_d: Checkpoint, adapters: dict[str, Path]) -> None:
    expected = {name: answers_of(nvlm_d, adapter=folder) for name, folder in adapters.items()}
    base = answers_of(nvlm_d)
    engine = load_engine(nvlm_d, EngineOptions(device="cpu", adapters=adapters))

    asked = [None, "invoice", "receipt", "receipt", None, "invoice"]
    grammar, prompt = grammar_of(engine), prompts(nvlm_d)[0]
    tickets = [engine.submit(ask(prompt, grammar, budget=BUDGET, adapter=name)) for name in asked]
    found = [ticket.result().tokens for ticket in tickets]
    engine.close()

    assert found == [base if name is None else expected[name] for name in asked]
    assert len({base, *expected.values()}) == 3


def test_an_adapter_for_everything_stands_beside_those_of_schemas(
    nvlm_d: Checkpoint, adapters: dict[str, Path]
) -> None:
    options = EngineOptions(device="cpu", adapter=adapters["invoice"], adapters={"receipt": adapters["receipt"]})
    engine = load_engine(nvlm_d, options)

    found = [tokens(engine, nvlm_d, name) for name in (None, "receipt")]
    engine.close()

    assert found == [answers_of(nvlm_d, adapter=adapters["invoice"]), answers_of(nvlm_d, adapter=adapters["receipt"])]


def test_an_adapter_that_nobody_named_is_no_adapter(nvlm_d: Checkpoint, adapters: dict[str, Path]) -> None:
    engine = load_engine(nvlm_d, EngineOptions(device="cpu", adapters=adapters))

    with pytest.raises(ReaderUnavailableError, match="no adapter called 'contract'"):
        tokens(engine, nvlm_d, "contract")

    assert tokens(engine, nvlm_d) == answers_of(nvlm_d)
    engine.close()


@pytest.mark.parametrize("name", ["slip@1", "slip", "receipt"])
def test_a_schema_finds_its_adapter_by_name_with_or_without_a_version(
    nvlm_d: Checkpoint, adapters: dict[str, Path], name: str
) -> None:
    config = VlmConfig(model=nvlm_d.folder, device="cpu", adapters={name: adapters["receipt"]})

    assert config.adapter_for(small_schema()) == (None if name == "receipt" else name)


def test_the_version_of_a_reading_names_its_adapters(nvlm_d: Checkpoint, adapters: dict[str, Path]) -> None:
    plain = VlmConfig(model=nvlm_d.folder, device="cpu")
    configs = [
        plain,
        VlmConfig(model=nvlm_d.folder, device="cpu", adapter=adapters["invoice"]),
        VlmConfig(model=nvlm_d.folder, device="cpu", adapter=adapters["receipt"]),
        VlmConfig(model=nvlm_d.folder, device="cpu", adapters={"slip": adapters["receipt"]}),
    ]

    assert len({VlmReader(config).version for config in configs}) == len(configs)


def test_an_adapter_changes_what_is_read(nvlm_d: Checkpoint, adapters: dict[str, Path]) -> None:
    records = []
    for own in ({}, {"slip": adapters["receipt"]}):
        reader = VlmReader(VlmConfig(model=nvlm_d.folder, device="cpu", adapters=own))
        reading = reader.read(window(page(lines=["Total 5"]), spec=reader.image), small_schema())
        records.append((reading.record, reading.hints))
        reader.close()

    assert records[0] != records[1]


def test_what_is_no_adapter_of_this_model_is_refused_before_anything_is_loaded(
    nvlm_d: Checkpoint, models_folder: Path, adapters: dict[str, Path], tmp_path: Path
) -> None:
    other = opened("nvlm-x", models_folder)

    with pytest.raises(NotFoundError):
        VlmReader(VlmConfig(model=nvlm_d.folder, device="cpu", adapter=tmp_path))
    with pytest.raises(UsageError, match="belongs to a NVLM_D"):
        VlmReader(VlmConfig(model=other.folder, device="cpu", adapter=adapters["invoice"]))


def test_whole_weights_are_an_adapter_for_everything_only(nvlm_d: Checkpoint, tmp_path: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(nvlm_d.folder)
    model.requires_grad_(requires_grad=False)
    model.lm_head.requires_grad_(requires_grad=True)
    with torch.no_grad():
        model.lm_head.weight.neg_()
    write_adapter(tmp_path, model, facts={})

    assert answers_of(nvlm_d, adapter=tmp_path) != answers_of(nvlm_d)
    with pytest.raises(UsageError, match="whole weights"):
        VlmReader(VlmConfig(model=nvlm_d.folder, device="cpu", adapters={"slip": tmp_path}))
