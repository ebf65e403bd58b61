"""A network shared out over two processes writes what one writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from doubles.nvlm_prompts import ask
from transformers import AutoModelForImageTextToText, AutoProcessor

from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig
from docproc.nvlm.tiny import write_tiny

pytestmark = pytest.mark.integration
NEW_TOKENS = 24
SIZES = ((210, 297), (120, 60))
CHILD = """
import json, sys
sys.path.insert(0, {tests!r})
import torch, torch.distributed as dist
torch.set_num_threads(1)
import docproc.nvlm
from doubles.nvlm_prompts import ask
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.distributed import DistributedConfig

rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method="file://" + sys.argv[3], rank=rank, world_size=2)
model = AutoModelForImageTextToText.from_pretrained(folder, distributed_config=DistributedConfig(tp_size=2))
ran = []
model.model.vision_tower.register_forward_pre_hook(
    lambda _module, _args, given: ran.append(len(given["pixel_values"])), with_kwargs=True
)
batch = ask(AutoProcessor.from_pretrained(folder), *(("Which is the total?", size) for size in {sizes!r}))
start = batch["input_ids"].shape[1]
tokens = model.generate(**batch, do_sample=False, max_new_tokens={new_tokens}, eos_token_id=1_000_000)[:, start:]
width = model.model.language_model.layers[0].mlp.up_proj.weight
local = width.to_local().shape[0] if hasattr(width, "to_local") else width.shape[0]
print("TOLD", json.dumps({{"tokens": tokens.tolist(), "tiles": ran, "width": local}}), flush=True)
dist.destroy_process_group()
"""


@pytest.mark.parametrize("kind", [NvlmDConfig, NvlmXConfig, NvlmHConfig], ids=["d", "x", "h"])
def test_two_ranks_write_what_one_writes_and_share_the_tiles(
    kind: type[NvlmDConfig], quiet_torch: None, tmp_path: Path
) -> None:
    del quiet_torch
    checkpoint = tmp_path / "checkpoint"
    write_tiny(checkpoint, kind=kind)
    code = CHILD.format(tests=str(Path(__file__).parents[2]), sizes=SIZES, new_tokens=NEW_TOKENS)
    environment = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "OMP_NUM_THREADS": "1", "PATH": ""}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rank), str(checkpoint), str(tmp_path / "meeting")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    try:
        said = [child.communicate(timeout=120) for child in children]
    finally:
        for child in children:
            child.kill()
    assert [child.returncode for child in children] == [0, 0], said[0][1][-2000:] + said[1][1][-2000:]
    told = [json.loads(next(line for line in out.splitlines() if line.startswith("TOLD"))[5:]) for out, _ in said]

    model = AutoModelForImageTextToText.from_pretrained(checkpoint)
    batch = ask(AutoProcessor.from_pretrained(checkpoint), *(("Which is the total?", size) for size in SIZES))
    alone = model.generate(**batch, do_sample=False, max_new_tokens=NEW_TOKENS, eos_token_id=1_000_000)

    assert [one["tokens"] for one in told] == [alone[:, batch["input_ids"].shape[1] :].tolist()] * 2
    # ten tiles, five each; the language model's feed-forward part, 192 wide, by halves
    assert [one["tiles"] for one in told] == [[5], [5]]
    assert [one["width"] for one in told] == [96, 96]
