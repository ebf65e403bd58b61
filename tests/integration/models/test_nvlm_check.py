"""`docproc models` tells from headers what a checkpoint holds, and fetches none whose licence was not accepted."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docproc.cli import models
from docproc.cli.exit_codes import ExitCode
from docproc.cli.main import app
from docproc.domain.errors import NotFoundError, UsageError
from docproc.nvlm.check import check_checkpoint
from docproc.nvlm.checkpoint import CheckpointError
from docproc.nvlm.hub import Offer, local_folder
from docproc.nvlm.sizing import GIB

pytestmark = pytest.mark.integration

Shape = tuple[int, ...]

#: the full model's config.json, as published
PUBLISHED = {
    "architectures": ["NVLM_D"],
    "model_type": "NVLM_D",
    "auto_map": {"AutoConfig": "configuration_nvlm_d.NVLM_D_Config"},
    "downsample_ratio": 0.5,
    "force_image_size": 448,
    "ps_version": "v2",
    "select_layer": -1,
    "template": "chatml",
    "max_dynamic_patch": 6,
    "torch_dtype": "bfloat16",
    "vision_config": {
        "hidden_size": 3200,
        "num_hidden_layers": 45,
        "num_attention_heads": 25,
        "intermediate_size": 12800,
        "image_size": 448,
        "qk_normalization": True,
    },
    "llm_config": {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_bias": True,
        "vocab_size": 152064,
        "hidden_size": 8192,
        "intermediate_size": 29568,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "rope_theta": 1000000.0,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
    },
}


def published_layout() -> dict[str, Shape]:
    """Every tensor of the full model, written out from the published shapes and not from docproc's network."""
    shapes: dict[str, Shape] = {
        "language_model.model.embed_tokens.weight": (152064, 8192),
        "language_model.lm_head.weight": (152064, 8192),
        "language_model.model.norm.weight": (8192,),
        "vision_model.embeddings.class_embedding": (1, 1, 3200),
        "vision_model.embeddings.position_embedding": (1, 1025, 3200),
        "vision_model.embeddings.patch_embedding.weight": (3200, 3, 14, 14),
        "vision_model.embeddings.patch_embedding.bias": (3200,),
        "mlp1.0.weight": (12800,),
        "mlp1.0.bias": (12800,),
        "mlp1.1.weight": (29568, 12800),
        "mlp1.3.weight": (8192, 29568),
    }
    language: dict[str, Shape] = {
        "self_attn.q_proj.weight": (8192, 8192),
        "self_attn.q_proj.bias": (8192,),
        "self_attn.k_proj.weight": (1024, 8192),
        "self_attn.k_proj.bias": (1024,),
        "self_attn.v_proj.weight": (1024, 8192),
        "self_attn.v_proj.bias": (1024,),
        "self_attn.o_proj.weight": (8192, 8192),
        "mlp.gate_proj.weight": (29568, 8192),
        "mlp.up_proj.weight": (29568, 8192),
        "mlp.down_proj.weight": (8192, 29568),
        "input_layernorm.weight": (8192,),
        "post_attention_layernorm.weight": (8192,),
    }
    tower: dict[str, Shape] = {
        "ls1": (3200,),
        "ls2": (3200,),
        "norm1.weight": (3200,),
        "norm2.weight": (3200,),
        "attn.qkv.weight": (12288, 3200),
        "attn.q_norm.weight": (4096,),
        "attn.k_norm.weight": (4096,),
        "attn.proj.weight": (3200, 4096),
        "attn.proj.bias": (3200,),
        "mlp.fc1.weight": (12800, 3200),
        "mlp.fc1.bias": (12800,),
        "mlp.fc2.weight": (3200, 12800),
        "mlp.fc2.bias": (3200,),
    }
    shapes |= {f"language_model.model.layers.{n}.{name}": shape for n in range(80) for name, shape in language.items()}
    return shapes | {
        f"vision_model.encoder.layers.{n}.{name}": shape for n in range(45) for name, shape in tower.items()
    }


def write_headers(folder: Path, shapes: Mapping[str, Shape], *, shards: int, data: bool = False) -> None:
    """A checkpoint of headers; with `data`, files as long as they say, full of holes."""
    (folder / "config.json").write_text(json.dumps(PUBLISHED))
    places: dict[str, str] = {}
    for number in range(shards):
        name, end, header = f"model-{number + 1:05}-of-{shards:05}.safetensors", 0, {}
        for tensor in list(shapes)[number::shards]:
            start, end = end, end + 2 * _product(shapes[tensor])
            header[tensor] = {"dtype": "BF16", "shape": list(shapes[tensor]), "data_offsets": [start, end]}
            places[tensor] = name
        text = json.dumps(header).encode()
        (folder / name).write_bytes(len(text).to_bytes(8, "little") + text)
        if data:
            with (folder / name).open("r+b") as file:
                file.truncate(8 + len(text) + end)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def _product(shape: Shape) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def test_the_full_model_is_told_from_headers_alone(tmp_path: Path) -> None:
    write_headers(tmp_path, published_layout(), shards=46)

    report = check_checkpoint(tmp_path)

    assert report.whole
    assert report.stored.parameters == 79_379_593_344
    assert report.size.parameters == 78_863_416_704
    assert len(report.stored.headers_only) == 46
    assert [round(report.size.weight_bytes(precision) / 1e9, 1) for precision in ("bf16", "fp8", "int4")] == [
        157.7,
        87.5,
        53.8,
    ]
    assert report.size.cache_bytes_per_page == 320 * 1024 * (1831 + 26 + 512)


def test_the_full_model_fits_one_h200_in_eight_bits_with_72_pages(tmp_path: Path) -> None:
    write_headers(tmp_path, published_layout(), shards=46)

    fits = {(fit.precision, fit.gpu): (fit.gpus, fit.pages) for fit in check_checkpoint(tmp_path).fits}

    assert fits["fp8", "H200"] == (1, 72)
    assert fits["bf16", "H100"][0] == 4
    assert ("bf16", "RTX 4090") not in fits


def test_every_gpu_holds_the_whole_tower(tmp_path: Path) -> None:
    write_headers(tmp_path, published_layout(), shards=1)

    size = check_checkpoint(tmp_path).size

    # beside 45.3 GiB of which 10.3 are the tower
    assert round(size.weight_bytes("bf16", gpus=4) / GIB, 1) == 44.5
    assert size.weight_bytes("bf16", gpus=8) > size.tower * 2


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"mlp1.0.bias": None}, ("missing", "mlp1.0.bias")),
        ({"mlp1.1.bias": (29568,)}, ("unexpected", "mlp1.1.bias")),
        ({"mlp1.3.weight": (8192, 29567)}, ("misshapen", "mlp1.3.weight is (8192, 29567), not (8192, 29568)")),
    ],
)
def test_what_would_not_load_is_named(
    tmp_path: Path, change: dict[str, Shape | None], complaint: tuple[str, str]
) -> None:
    shapes = {name: shape for name, shape in (published_layout() | change).items() if shape is not None}
    write_headers(tmp_path, shapes, shards=2)

    report = check_checkpoint(tmp_path)

    assert not report.whole
    assert getattr(report, complaint[0]) == (complaint[1],)


def test_a_tower_stored_without_dummy_heads_is_whole(tmp_path: Path) -> None:
    real = {(12288, 3200): (9600, 3200), (4096,): (3200,), (3200, 4096): (3200, 3200)}
    write_headers(tmp_path, {name: real.get(shape, shape) for name, shape in published_layout().items()}, shards=1)

    report = check_checkpoint(tmp_path)

    assert report.whole
    assert report.stored.parameters == report.size.parameters


def test_a_shard_that_is_missing_or_cut_short_is_named(tmp_path: Path) -> None:
    write_headers(tmp_path, published_layout(), shards=3, data=True)
    assert check_checkpoint(tmp_path).whole

    (tmp_path / "model-00001-of-00003.safetensors").unlink()
    with (tmp_path / "model-00002-of-00003.safetensors").open("r+b") as file:
        file.truncate(1_000_000_000)
    report = check_checkpoint(tmp_path)

    assert report.stored.faults[0] == "model-00001-of-00003.safetensors is missing"
    assert report.stored.faults[1].startswith("model-00002-of-00003.safetensors holds 999")
    assert not report.whole


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\xff" * 8, "is not a safetensors file"),
        (b"abc", "is not a safetensors file"),
        ((4).to_bytes(8, "little") + b"nope", "cannot be read"),
        ((2).to_bytes(8, "little") + b"[]", "not an object"),
        ((8).to_bytes(8, "little") + b'{"a":{}}', "has a header that cannot be read"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(
    checkpoint: Path, tmp_path: Path, content: bytes, complaint: str
) -> None:
    shutil.copy(checkpoint / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError, match=complaint):
        check_checkpoint(tmp_path)


def test_an_index_cannot_lead_out_of_its_folder(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(checkpoint / "config.json", tmp_path)
    index = {"weight_map": {"mlp1.0.bias": "../model.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(CheckpointError, match="no weight map"):
        check_checkpoint(tmp_path)


def test_a_folder_with_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')

    with pytest.raises(CheckpointError, match="holds a qwen2"):
        check_checkpoint(tmp_path)


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["models", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_a_tiny_checkpoint_is_written_and_found_whole(tmp_path: Path) -> None:
    assert run("tiny", tmp_path / "tiny", "--arch", "d")[0] == ExitCode.GOOD

    code, text = run("check", tmp_path / "tiny", "--json")

    told = json.loads(text)
    assert code == ExitCode.GOOD
    assert (told["architecture"], told["whole"], told["missing"]) == ("NVLM_D", True, [])


def test_an_incomplete_checkpoint_is_told_by_the_exit_code(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path, dirs_exist_ok=True)
    min(tmp_path.glob("*.safetensors")).unlink()

    code, text = run("check", tmp_path)

    assert code == ExitCode.SOME_FAILED
    assert "NOT WHOLE" in text
    assert "is missing" in text


def test_a_folder_that_holds_something_is_not_written_to(checkpoint: Path) -> None:
    done = CliRunner().invoke(app, ["models", "tiny", str(checkpoint)])

    assert isinstance(done.exception, UsageError)


def test_a_checkpoint_that_was_fetched_is_found_by_its_name(checkpoint: Path, tmp_path: Path) -> None:
    kept = tmp_path / "models--owner--name"
    shutil.copytree(checkpoint, kept / "snapshots" / "0123abcd")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0123abcd")

    assert check_checkpoint(local_folder("owner/name", cache=tmp_path)).whole


@pytest.mark.parametrize("name", ["owner/other", "not a name at all"])
def test_a_name_that_is_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="neither a folder nor"):
        local_folder(name, cache=tmp_path)


class FakeHub:
    def __init__(self) -> None:
        self.fetched: list[str] = []

    def offer(self, name: str) -> Offer:
        return Offer(name=name, revision="0123456789abcdef", licence="CC-BY-NC-4.0", download_bytes=158_800_000_000)

    def fetch(self, offer: Offer, into: Path) -> Path:
        self.fetched.append(offer.name)
        return into


def test_nothing_is_fetched_before_the_licence_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = FakeHub()

    with pytest.raises(UsageError, match="nothing was fetched"):
        models.pull_from(hub, "nvidia/NVLM-D-72B", into=tmp_path, accepts=lambda: False)

    assert hub.fetched == []
    assert "licence: CC-BY-NC-4.0" in capsys.readouterr().err


def test_an_accepted_licence_is_shown_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = FakeHub()

    assert models.pull_from(hub, "nvidia/NVLM-D-72B", into=tmp_path, accepts=lambda: True) == tmp_path
    assert hub.fetched == ["nvidia/NVLM-D-72B"]
    assert "licence: CC-BY-NC-4.0" in capsys.readouterr().err
