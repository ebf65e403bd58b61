"""A checkpoint is read as published, written as published, and refused when a tensor is not as it should be."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText

from docproc.nvlm import CheckpointError, ConfigError, NvlmDConfig, NvlmDForConditionalGeneration

pytestmark = pytest.mark.integration

Weights = dict[str, Tensor]


def stored(folder: Path) -> Weights:
    return {name: weight for shard in sorted(folder.glob("*.safetensors")) for name, weight in load_file(shard).items()}


@pytest.fixture
def changed(checkpoint: Path, tmp_path: Path) -> Callable[[Callable[[Weights], object]], Path]:
    """The checkpoint as one file, with its weights changed."""

    def change(edit: Callable[[Weights], object]) -> Path:
        weights = stored(checkpoint)
        edit(weights)
        shutil.copy(checkpoint / "config.json", tmp_path)
        save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
        return tmp_path

    return change


def test_the_tower_is_stored_with_zero_heads_up_to_a_multiple_of_eight(checkpoint: Path) -> None:
    weights = stored(checkpoint)
    place = "vision_model.encoder.layers.0.attn."

    qkv = weights[place + "qkv.weight"].unflatten(0, (3, 8, 16))
    assert not qkv[:, 5:].any()
    assert qkv[:, :5].any()
    assert weights[place + "q_norm.weight"].shape == (128,)
    assert weights[place + "proj.weight"].shape == (80, 128)


def test_the_published_names_are_stored(checkpoint: Path) -> None:
    layer = "vision_model.encoder.layers.2."
    expected = {
        *(
            f"{layer}{name}"
            for name in ("ls1", "ls2", "norm1.weight", "norm2.weight", "attn.proj.bias", "mlp.fc1.bias")
        ),
        *("vision_model.embeddings.class_embedding", "vision_model.embeddings.position_embedding"),
        *("vision_model.embeddings.patch_embedding.weight", "vision_model.embeddings.patch_embedding.bias"),
        *("mlp1.0.weight", "mlp1.0.bias", "mlp1.1.weight", "mlp1.3.weight"),
        *("language_model.model.embed_tokens.weight", "language_model.lm_head.weight"),
        "language_model.model.layers.2.self_attn.q_proj.bias",
    }

    assert expected <= set(stored(checkpoint))


def test_what_is_saved_after_loading_is_what_was_loaded(
    checkpoint: Path, model: NvlmDForConditionalGeneration, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path)
    before, after = stored(checkpoint), stored(tmp_path)

    assert before.keys() == after.keys()
    assert all(before[name].equal(after[name]) for name in before)
    assert json.loads((tmp_path / "config.json").read_text()) == json.loads((checkpoint / "config.json").read_text())


def test_a_tower_without_dummy_heads_loads_as_well(
    changed: Callable[[Callable[[Weights], object]], Path], model: NvlmDForConditionalGeneration
) -> None:
    def drop_dummies(weights: Weights) -> None:
        for name in [name for name in weights if ".attn." in name]:
            weight = weights[name]
            if name.endswith("qkv.weight"):
                weights[name] = weight.unflatten(0, (3, 128))[:, :80].flatten(0, 1).contiguous()
            elif name.endswith("norm.weight"):
                weights[name] = weight[:80].clone()
            elif name.endswith("proj.weight"):
                weights[name] = weight[:, :80].contiguous()

    loaded = AutoModelForImageTextToText.from_pretrained(changed(drop_dummies))

    assert all(one.equal(other) for one, other in zip(loaded.parameters(), model.parameters(), strict=True))


QKV = "vision_model.encoder.layers.1.attn.qkv.weight"
UP = "language_model.model.layers.1.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda weights: weights.pop(UP), "1 missing .*layers.1.mlp.up_proj.weight"),
        (lambda weights: weights.pop(QKV), "3 missing .*k_proj.weight"),
        (lambda weights: weights.pop("mlp1.0.bias"), "1 missing .*multi_modal_projector.0.bias"),
        (lambda weights: weights.pop("language_model.lm_head.weight"), "1 missing .*lm_head.weight"),
        (
            lambda weights: weights.update({"mlp1.1.bias": torch.zeros(192)}),
            "1 unexpected .*multi_modal_projector.1.bias",
        ),
        (lambda weights: weights.update({UP: torch.zeros(191, 64)}), "does not fit the network"),
        (lambda weights: weights[QKV][100].fill_(1e-3), "does not fit the network"),
        (lambda weights: weights[QKV.replace("qkv", "q_norm")][-1].fill_(1), "does not fit the network"),
        (lambda weights: weights[QKV.replace("qkv", "proj")][0, -1].fill_(1), "does not fit the network"),
    ],
    ids=[
        "missing",
        "qkv missing",
        "bias missing",
        "head missing",
        "unexpected",
        "shape",
        "dummy",
        "dummy norm",
        "dummy proj",
    ],
)
def test_a_tensor_that_is_not_as_it_should_be_fails_the_load(
    changed: Callable[[Callable[[Weights], object]], Path], edit: Callable[[Weights], object], complaint: str
) -> None:
    with pytest.raises(CheckpointError, match=complaint):
        AutoModelForImageTextToText.from_pretrained(changed(edit))


def test_the_head_is_not_tied_to_the_embeddings(model: NvlmDForConditionalGeneration) -> None:
    assert model.lm_head.weight.data_ptr() != model.get_input_embeddings().weight.data_ptr()
    assert not model.lm_head.weight.equal(model.get_input_embeddings().weight)


def test_the_published_settings_reach_the_parts(model: NvlmDForConditionalGeneration) -> None:
    tower, language = model.config.vision_config, model.config.text_config

    assert (tower.use_qk_norm, tower.norm_type, tower.use_mean_pooling) == (True, "rms_norm", True)
    assert language.rope_parameters["rope_theta"] == 1e6
    assert model.config.vision_feature_layer == -1


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        ({"select_layer": -2}, "select_layer is -2; only -1"),
        ({"ps_version": "v1"}, "ps_version is 'v1'; only 'v2'"),
        ({"ps_version": None}, "ps_version is not given"),
        ({"downsample_ratio": 1.0}, "downsample_ratio is 1.0"),
        ({"force_image_size": 112}, "image_size is 56 but force_image_size is 112"),
        ({"force_image_size": 70, "vision_config.image_size": 70}, "a multiple of 28"),
        ({"llm_config.tie_word_embeddings": True}, "llm_config.tie_word_embeddings is True"),
        ({"llm_config.rope_parameters": {"rope_type": "yarn"}}, "llm_config.rope_parameters is of type 'yarn'"),
        ({"llm_config.use_sliding_window": True}, "llm_config.use_sliding_window is True"),
        ({"llm_config.rope_scaling": {"type": "yarn", "factor": 4.0}}, "llm_config.rope_scaling"),
        ({"vision_config.qk_normalization": False}, "vision_config.qk_normalization is False"),
        ({"vision_config.norm_type": "layer_norm"}, "vision_config.norm_type is 'layer_norm'"),
        ({"vision_config.layer_norm_eps": 1e-5}, "vision_config.layer_norm_eps is 1e-05"),
        ({"vision_config.hidden_size": None}, "vision_config.hidden_size missing"),
        ({"vision_config.num_attention_heads": 7}, "not a multiple of num_attention_heads"),
    ],
)
def test_a_network_that_would_be_computed_differently_is_refused(
    checkpoint: Path, edit: dict[str, object], complaint: str
) -> None:
    published = json.loads((checkpoint / "config.json").read_text())
    for path, value in edit.items():
        *outer, key = path.split(".")
        place = published[outer[0]] if outer else published
        place[key] = value
        if value is None:
            del place[key]

    with pytest.raises(ConfigError, match=complaint):
        NvlmDConfig.from_dict(published)


def test_a_newer_way_to_say_the_positions_is_understood(checkpoint: Path) -> None:
    published = json.loads((checkpoint / "config.json").read_text())
    del published["llm_config"]["rope_theta"]
    published["llm_config"]["rope_parameters"] = {"rope_type": "default", "rope_theta": 5e5}

    assert NvlmDConfig.from_dict(published).text_config.rope_parameters["rope_theta"] == 5e5


def test_an_image_token_without_an_embedding_is_refused(
    changed: Callable[[Callable[[Weights], object]], Path],
) -> None:
    folder = changed(lambda weights: weights)
    published = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(published | {"image_token_id": 151654}))

    with pytest.raises(CheckpointError, match="151654 has no embedding"):
        AutoModelForImageTextToText.from_pretrained(folder)


def test_the_checkpoints_own_code_is_not_asked_for(checkpoint: Path, tmp_path: Path) -> None:
    published = json.loads((checkpoint / "config.json").read_text())
    published["auto_map"] = {"AutoConfig": "configuration_nvlm_d.NVLM_D_Config"}
    (tmp_path / "config.json").write_text(json.dumps(published))

    assert isinstance(AutoConfig.from_pretrained(tmp_path), NvlmDConfig)


def test_without_a_tokenizer_the_image_token_is_unknown_and_tiles_are_refused(
    changed: Callable[[Callable[[Weights], object]], Path],
) -> None:
    folder = changed(lambda weights: weights)
    published = json.loads((folder / "config.json").read_text())
    del published["image_token_id"]
    (folder / "config.json").write_text(json.dumps(published))

    model = AutoModelForImageTextToText.from_pretrained(folder)

    assert model.config.image_token_id == -1
    with pytest.raises(ValueError, match="do not match"):
        model(input_ids=torch.tensor([[1, 2, 3]]), pixel_values=torch.zeros(1, 3, 56, 56))


def test_the_image_token_is_found_in_the_tokenizer_beside_the_weights(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path, dirs_exist_ok=True)
    published = json.loads((tmp_path / "config.json").read_text())
    expected = published.pop("image_token_id")
    (tmp_path / "config.json").write_text(json.dumps(published))

    assert AutoModelForImageTextToText.from_pretrained(tmp_path).config.image_token_id == expected
