"""NVLM-X and NVLM-H: who sees which tile, and that everything else is the language model as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from doubles.nvlm_prompts import ask, noise_page
from doubles.nvlm_reference import Reference
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor, BatchFeature, Qwen2ForCausalLM

from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig, NvlmXForConditionalGeneration, NvlmXProcessor
from docproc.nvlm.check import check_checkpoint
from docproc.nvlm.checkpoint import CheckpointError
from docproc.nvlm.cross import GatedCrossAttention
from docproc.nvlm.tiny import write_tiny

pytestmark = pytest.mark.integration

NEW_TOKENS = 16
#: an end that never comes: all tokens are compared
NO_TOKEN = 1_000_000
SEVEN_TILES, THREE_TILES, ONE_TILE = (210, 297), (120, 60), (50, 50)
Write = Callable[..., list[list[int]]]


@pytest.fixture(scope="module", params=[NvlmXConfig, NvlmHConfig], ids=["x", "h"])
def folder(request: pytest.FixtureRequest, quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del quiet_torch
    kind: type[NvlmDConfig] = request.param
    path = tmp_path_factory.mktemp(kind.model_type)
    write_tiny(path, kind=kind)
    return path


@pytest.fixture(scope="module")
def network(folder: Path) -> NvlmXForConditionalGeneration:
    network: NvlmXForConditionalGeneration = AutoModelForImageTextToText.from_pretrained(folder)
    return network


@pytest.fixture(scope="module")
def asker(folder: Path) -> NvlmXProcessor:
    asker: NvlmXProcessor = AutoProcessor.from_pretrained(folder)
    return asker


@pytest.fixture(scope="module")
def batch(asker: NvlmXProcessor) -> BatchFeature:
    return ask(asker, ("Which is the total?", SEVEN_TILES))


@pytest.fixture(scope="module")
def write(network: NvlmXForConditionalGeneration) -> Write:
    def write(batch: BatchFeature, **options: object) -> list[list[int]]:
        options = {"do_sample": False, "max_new_tokens": NEW_TOKENS, "eos_token_id": NO_TOKEN, **options}
        tokens: list[list[int]] = network.generate(**batch, **options)[:, batch["input_ids"].shape[1] :].tolist()
        return tokens

    return write


def logits(network: NvlmXForConditionalGeneration, batch: BatchFeature) -> Tensor:
    with torch.no_grad():
        found: Tensor = network(**batch).logits[0]
    return found


def with_another_tile(batch: BatchFeature, tile: int) -> BatchFeature:
    pixels = batch["pixel_values"].clone()
    pixels[tile] = pixels[tile].flip(-1)
    return BatchFeature({**batch, "pixel_values": pixels})


def changed_from(network: NvlmXForConditionalGeneration, batch: BatchFeature, tile: int) -> int:
    """The first position whose logits are not bit by bit the same once a tile is another."""
    differs = logits(network, batch) != logits(network, with_another_tile(batch, tile))
    return int(differs.any(-1).nonzero()[0])


def test_a_later_tile_changes_nothing_before_whatever_may_see_it(
    network: NvlmXForConditionalGeneration, asker: NvlmXProcessor, batch: BatchFeature
) -> None:
    tokens = [asker.decode([token]) for token in batch["input_ids"][0]]
    image, end = tokens.index("<Image"), tokens.index("</")
    seen_from = {
        # <Image, >, then tags of five tokens: the second tile's is the second
        "NVLM_X": {1: image + 2 + 5, 5: image + 2 + 25},
        # a tile is seen by what follows the image only
        "NVLM_H": {1: end, 5: end},
    }[network.config.model_type]

    assert {tile: changed_from(network, batch, tile) for tile in seen_from} == seen_from


def test_another_thumbnail_is_seen_where_it_stands(
    network: NvlmXForConditionalGeneration, asker: NvlmXProcessor, batch: BatchFeature
) -> None:
    tokens = [asker.decode([token]) for token in batch["input_ids"][0]]
    tag_end = tokens.index("_thumbnail") + 2
    expected = {"NVLM_X": tag_end - 5, "NVLM_H": tag_end}[network.config.model_type]

    assert changed_from(network, batch, 6) == expected


def test_tiles_of_one_row_are_nothing_to_another(network: NvlmXForConditionalGeneration, asker: NvlmXProcessor) -> None:
    batch = ask(asker, ("Which is the total?", SEVEN_TILES), ("Which is the total?", THREE_TILES))

    with torch.no_grad():
        before, after = network(**batch).logits, network(**with_another_tile(batch, 2)).logits

    assert not before[0].equal(after[0])
    assert before[1].equal(after[1])


def test_tiles_that_change_places_behind_their_tags_are_read_otherwise(
    network: NvlmXForConditionalGeneration, batch: BatchFeature
) -> None:
    tiles = batch["pixel_values"]
    exchanged = BatchFeature({**batch, "pixel_values": tiles[[1, 0, *range(2, len(tiles))]]})

    # were the tags of NVLM-H only beside their tiles, the two would differ by rounding alone
    assert (logits(network, exchanged) - logits(network, batch))[-1].abs().max() > 1e-2


@pytest.mark.parametrize(("precision", "bound"), [(torch.float64, 1e-4), (torch.float32, 5e-5)])
def test_logits_are_the_references(folder: Path, batch: BatchFeature, precision: torch.dtype, bound: float) -> None:
    network = AutoModelForImageTextToText.from_pretrained(folder, dtype=precision)
    reference = Reference(folder, dtype=torch.float64)

    expected = reference.cross_logits(
        batch["input_ids"][0], batch["pixel_values"], batch["memory_range"][0], batch.get("tile_tags")
    )

    assert (logits(network, batch) - expected).abs().max() <= bound


def test_closed_gates_leave_the_language_model_exactly(folder: Path, batch: BatchFeature) -> None:
    network = AutoModelForImageTextToText.from_pretrained(folder)
    for name, weight in network.named_parameters():
        if name.endswith(".gate"):
            weight.data.zero_()
    plain = Qwen2ForCausalLM(network.config.text_config).eval()
    own = {name.replace("model.language_model.", "model."): weight for name, weight in network.state_dict().items()}
    plain.load_state_dict({name: own[name] for name in plain.state_dict()})
    body = network.model
    with torch.no_grad():
        embeddings = body.get_input_embeddings()(batch["input_ids"])
        if network.config.model_type == "NVLM_H":
            thumbnail = body.get_image_features(batch["pixel_values"]).pooler_output[-1]
            embeddings[batch["input_ids"] == network.config.image_token_id] = thumbnail
        expected = plain(inputs_embeds=embeddings, attention_mask=batch["attention_mask"]).logits[0]

    assert logits(network, batch).equal(expected)


def test_open_gates_do_not(network: NvlmXForConditionalGeneration, batch: BatchFeature) -> None:
    blind = BatchFeature({name: batch[name] for name in ("input_ids", "attention_mask")})

    assert not logits(network, batch)[-1].equal(logits(network, blind)[-1])


def test_cross_attention_is_what_it_says_token_by_token(network: NvlmXForConditionalGeneration) -> None:
    attention = GatedCrossAttention(network.config.text_config).double()
    torch.manual_seed(5)
    for weight in attention.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    hidden, tokens = torch.randn(1, 4, 64).double(), torch.randn(1, 6, 64).double()
    visible = torch.tensor([[[0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]]]).bool()

    found = attention(hidden, attention.keys_values(tokens), visible)

    for place in range(4):
        seen = tokens[0, visible[0, place]]
        query = (attention.norm(hidden[0, place]) @ attention.q_proj.weight.T).view(8, 8)
        read = torch.zeros(8, 8).double()
        for head in range(8) if len(seen) else ():
            group = head // 4
            keys = (seen @ attention.k_proj.weight.T)[:, group * 8 : group * 8 + 8]
            values = (seen @ attention.v_proj.weight.T)[:, group * 8 : group * 8 + 8]
            read[head] = torch.softmax(keys @ query[head] / 8**0.5, 0) @ values
        expected = hidden[0, place] + torch.tanh(attention.gate) * (read.flatten() @ attention.o_proj.weight.T)
        assert torch.allclose(found[0, place], expected, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{"use_cache": False}, {"cache_implementation": "static"}, {"prefill_chunk_size": 16}],
    ids=["no cache", "static cache", "chunked prefill"],
)
def test_every_way_of_caching_writes_the_same_tokens(
    batch: BatchFeature, write: Write, options: dict[str, object]
) -> None:
    assert write(batch, **options) == write(batch)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_mixed_batch_writes_what_each_prompt_alone_does(asker: NvlmXProcessor, write: Write, beams: int) -> None:
    questions = (
        ("Which is the total?", SEVEN_TILES),
        ("What is the date of this invoice, and who sent it?", THREE_TILES),
        ("Number?", ONE_TILE),
        ("What is an invoice?", None),
    )[: 4 if beams == 1 else 2]

    together = write(ask(asker, *questions), num_beams=beams)

    assert together == [write(ask(asker, question), num_beams=beams)[0] for question in questions]


def test_a_batch_of_pages_of_one_tile_or_none_is_written_as_well(asker: NvlmXProcessor, write: Write) -> None:
    assert len(write(ask(asker, ("Number?", ONE_TILE)))[0]) == NEW_TOKENS
    assert len(write(ask(asker, ("Number?", None)))[0]) == NEW_TOKENS


def test_what_is_saved_is_loaded_again(
    folder: Path, network: NvlmXForConditionalGeneration, batch: BatchFeature, tmp_path: Path
) -> None:
    network.save_pretrained(tmp_path)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path)

    assert logits(again, batch).equal(logits(network, batch))
    assert (tmp_path / "config.json").read_text() == (folder / "config.json").read_text()
    report = check_checkpoint(tmp_path)
    assert report.whole
    assert (report.architecture, again.config.cross_attention_every) == (network.config.model_type, 2)


def test_layers_on_different_devices_write_the_same(
    folder: Path, network: NvlmXForConditionalGeneration, batch: BatchFeature, write: Write, tmp_path: Path
) -> None:
    places = dict.fromkeys(["model.vision_tower", "model.multi_modal_projector", "lm_head"], "cpu")
    places |= {f"model.language_model.{part}": "cpu" for part in ("embed_tokens", "norm", "rotary_emb", "layers.1")}
    # with cross-attention, both; their weights are on the disk and come when their layers run
    places |= {f"model.language_model.layers.{number}": "disk" for number in (0, 2)}

    spread = AutoModelForImageTextToText.from_pretrained(folder, device_map=places, offload_folder=tmp_path)

    tokens = spread.generate(**batch, do_sample=False, max_new_tokens=NEW_TOKENS, eos_token_id=NO_TOKEN)
    assert tokens[:, batch["input_ids"].shape[1] :].tolist() == write(batch)
    assert {"CrossDecoderLayer", "Qwen2DecoderLayer", "InternVLVisionLayer"} <= set(network._no_split_modules)


def test_a_checkpoint_without_cross_attention_is_refused(
    checkpoint: Path, network: NvlmXForConditionalGeneration, tmp_path: Path
) -> None:
    for shard in checkpoint.glob("model*"):
        (tmp_path / shard.name).write_bytes(shard.read_bytes())
    network.config.save_pretrained(tmp_path)

    with pytest.raises(CheckpointError, match=r"missing .*cross_attn"):
        AutoModelForImageTextToText.from_pretrained(tmp_path)


def test_loss_reaches_gates_cross_attention_and_projector(folder: Path, batch: BatchFeature) -> None:
    network = AutoModelForImageTextToText.from_pretrained(folder)

    network(**batch, labels=batch["input_ids"]).loss.backward()

    trained = {name for name, weight in network.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert any(name.endswith("cross_attn.gate") for name in trained)
    assert any(name.endswith("cross_attn.k_proj.weight") for name in trained)
    assert any(name.startswith("model.multi_modal_projector.1") for name in trained)


def test_two_images_of_a_prompt_are_seen_one_after_the_other(asker: NvlmXProcessor) -> None:

    two = asker(images=[noise_page(60, 120), noise_page(50, 50)], text="a<image>b<image>c")
    tile, tag = asker.tile_tokens, 5
    ends = {"NvlmXProcessor": (3 * tile, 4 * tile), "NvlmHProcessor": (2 * (tile + tag),) * 2}[type(asker).__name__]

    ranges = two["memory_range"][0]
    assert ranges[0].tolist() == [0, 0]
    assert ranges[-1].tolist() == [0, ends[1]]
    assert [0, ends[0]] in ranges.tolist()


def test_the_prompt_version_names_the_member(asker: NvlmXProcessor) -> None:
    assert asker.prompt_version == f"nvlm-chatml-1-{asker.member}"
