"""What each way to train changes of each member of the family, and what it leaves as it was."""

from pathlib import Path
from typing import Any

import pytest
import torch
from doubles.examples_to_learn import batcher, example
from transformers import AutoModelForImageTextToText, AutoProcessor

from docproc.domain.errors import NotFoundError
from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig
from docproc.nvlm.adapter import AdapterError, load_with_adapter, write_adapter
from docproc.nvlm.tiny import write_tiny
from docproc.training.network import BaseError, four_bits, open_for_training, read_base_config
from docproc.training.recipe import Recipe, Trained
from docproc.training.steps import answer_loss, make_optimizer, training_steps

pytestmark = pytest.mark.integration

KINDS: dict[str, type[NvlmDConfig]] = {"d": NvlmDConfig, "x": NvlmXConfig, "h": NvlmHConfig}


@pytest.fixture(scope="module", params=[*KINDS])
def base(request: pytest.FixtureRequest, quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del quiet_torch
    folder = tmp_path_factory.mktemp(f"base-{request.param}")
    write_tiny(folder, kind=KINDS[request.param])
    return folder


def part_of(name: str) -> str:
    parts = {"lora_": "lora", "vision_tower": "tower", "projector": "projector", "cross_attn": "cross"}
    return next((part for key, part in parts.items() if key in name), "language")


def trained_two_steps(base: Path, trained: Trained) -> Any:  # noqa: ANN401 with peft or without
    recipe = Recipe(trained=trained, learning_rate=1e-2, pages_per_step=2, pages_at_once=1)
    torch.manual_seed(0)
    model = open_for_training(base, recipe)
    parts = [batcher(AutoProcessor.from_pretrained(base)).batch([example(number, '{"a":1}')]) for number in (1, 2)]
    optimizer = make_optimizer(model, recipe)
    # LoRA's second matrix is zero at first: the first matrix moves at the second step only
    list(training_steps(model, iter([parts, parts]), recipe, optimizer=optimizer, first=0, steps=2))
    return model


@pytest.fixture(scope="module", params=list(Trained))
def trained(request: pytest.FixtureRequest) -> Trained:
    return Trained(request.param)


@pytest.fixture(scope="module")
def model(base: Path, trained: Trained) -> torch.nn.Module:
    network: torch.nn.Module = trained_two_steps(base, trained)
    return network


def test_a_way_to_train_changes_what_it_says_and_nothing_else(
    base: Path, trained: Trained, model: torch.nn.Module
) -> None:
    before = dict(AutoModelForImageTextToText.from_pretrained(base).named_parameters())
    now = {
        name.removeprefix("base_model.model.").replace(".base_layer", ""): weight
        for name, weight in model.named_parameters()
    }
    changed = {
        part_of(name) for name, weight in now.items() if name not in before or not torch.equal(weight, before[name])
    }
    alignment = {"projector"} if "NVLM_D" in (base / "config.json").read_text() else {"projector", "cross"}
    assert (
        changed
        == {
            Trained.LORA: {"lora"},
            Trained.ALIGNMENT: alignment,
            Trained.ALL: {"language", *alignment},
        }[trained]
    )
    assert now.keys() >= before.keys()


def test_the_base_with_its_adapter_answers_as_the_trained_network_did(
    base: Path, model: torch.nn.Module, tmp_path: Path
) -> None:
    model.eval()
    write_adapter(tmp_path, model, facts={"steps": 2})
    loaded = load_with_adapter(base, tmp_path)
    batch = batcher(AutoProcessor.from_pretrained(base)).batch([example(3, '{"a":1}')]).inputs
    with torch.no_grad():
        expected = model(**batch).logits
        assert torch.allclose(loaded(**batch).logits, expected, rtol=1e-3, atol=1e-3)
        untrained = AutoModelForImageTextToText.from_pretrained(base)(**batch).logits
    assert not torch.allclose(untrained, expected, atol=1e-2)


def test_layers_that_are_computed_again_give_the_same_gradients(base: Path) -> None:
    batch = batcher(AutoProcessor.from_pretrained(base)).batch([example(1, '{"a":1}')])
    found = []
    for again in (False, True):
        network = open_for_training(base, Recipe(trained=Trained.ALL))
        if again:
            network.activation_checkpointing_enable()
        network.train()
        answer_loss(network, batch).backward()
        found.append({name: weight.grad for name, weight in network.named_parameters() if weight.requires_grad})
    assert all(torch.allclose(gradient, found[1][name], atol=1e-5) for name, gradient in found[0].items())


def test_an_adapter_of_another_member_is_refused(base: Path, tmp_path: Path) -> None:
    other = "x" if "NVLM_D" in (base / "config.json").read_text() else "d"
    write_tiny(tmp_path / "other", kind=KINDS[other])
    model = open_for_training(tmp_path / "other", Recipe(trained=Trained.ALIGNMENT))
    (tmp_path / "adapter").mkdir()
    write_adapter(tmp_path / "adapter", model, facts={})
    with pytest.raises(AdapterError, match="belongs to a NVLM"):
        load_with_adapter(base, tmp_path / "adapter")


def test_a_folder_without_adapter_is_not_found(base: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no adapter\.json"):
        load_with_adapter(base, tmp_path)


def test_a_folder_without_checkpoint_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no checkpoint"):
        read_base_config(tmp_path)


@pytest.mark.parametrize("text", ['{"model_type": "qwen2"}', '{"model_type": "no such"}', "{"])
def test_a_checkpoint_of_another_model_cannot_be_trained(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BaseError, match=r"NVLM|config\.json"):
        read_base_config(tmp_path)


def test_four_bits_without_a_gpu_are_refused_plainly() -> None:
    with pytest.raises(BaseError, match="NVIDIA GPU"):
        four_bits(gpu=False)
