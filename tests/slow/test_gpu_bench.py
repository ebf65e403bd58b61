"""The measurement on a GPU runs on a small network without one; its bounds are those that were worked out by hand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]
ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench" / "gpu_nvlm.py"
#: sharp weights: 24 different tokens, by transformers' own `generate` and by steps over fixed places
STEPS = """
import sys, json, torch
sys.path.insert(0, sys.argv[1])
torch.set_num_threads(1)
from torch._dynamo.utils import counters
from docproc.nvlm.tiny import sharpen
from nvlm_random import Weights, page_prompt, published_config, random_network, small_config
from nvlm_roofline import known_gpu, network_work
from nvlm_step import Runner

where = {"device": torch.device("cpu"), "dtype": torch.float32}
network = random_network(small_config(), weights=Weights.WHOLE, **where)
sharpen(network, 0)
prompt = page_prompt(network.config, **where)
told = {"generate": network.generate(**prompt, do_sample=False, max_new_tokens=24)[0, -24:].tolist()}
for backend in (None, "aot_eager"):
    runner = Runner(network, rows=2, places=160, backend=backend)
    runner.prefill(prompt)
    runner.share_prompt()
    rows = [runner.tokens.flatten().tolist()]
    for _ in range(23):
        runner.step()
        rows.append(runner.tokens.flatten().tolist())
    told[str(backend)] = [list(row) for row in zip(*rows)]
work = network_work(published_config(), tiles=7, tokens=1857, weights=Weights.FP8)
bound_ms = work.prefill_s(known_gpu("NVIDIA H200"), Weights.FP8) * 1e3
print(json.dumps(told | {"graphs": counters["stats"]["unique_graphs"], "bound_ms": bound_ms}))
"""


def run(*command: str | Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def last_line(lines: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def test_a_small_network_is_measured_without_a_gpu(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    short = ("--rows", "1", "3", "--steps", "4", "--rounds", "2", "--answer-tokens", "16")

    lines = run(BENCH, "--tiny", "--device", "cpu", *short, "--plot", plot)

    told = last_line(lines)
    assert [figure["what"] for figure in told["figures"]] == [
        *("tower and projector", "prefill of a page", "step of 1 rows", "step of 3 rows"),
    ]
    assert all(figure["ms"] > 0 and figure["bound_ms"] is None for figure in told["figures"])
    assert told["tokens_as_generate"] == "24 of 24"
    assert (told["weights"], told["roofline"]) == ("fp8-weight-only", "unknown")
    assert told["goals_met"] == {"prefill": None, "decode": None}
    assert lines[0].startswith("python 3.")
    assert "transformers 5." in lines[0]
    assert "widened before every product: torchao multiplies in fp8 on GPUs only" in lines[1]
    assert "roofline: unknown" in lines[2]
    assert "<svg" in plot.read_text()


def test_given_figures_of_a_device_make_a_roofline(tmp_path: Path) -> None:
    given = ("--tflops", "0.01", "--tb-per-s", "0.005", "--weights", "bf16")
    short = ("--rows", "2", "--steps", "2", "--rounds", "1", "--answer-tokens", "8")

    told = last_line(run(BENCH, "--tiny", "--device", "cpu", *given, *short, "--plot", tmp_path / "plot.png"))

    prefill = next(figure for figure in told["figures"] if figure["what"] == "prefill of a page")
    assert prefill["bound_ms"] == pytest.approx(told["page_tflop"] / 0.01 * 1e3, rel=1e-3)
    assert prefill["share"] == pytest.approx(prefill["bound_ms"] / prefill["ms"], rel=1e-2)
    assert told["goals_met"]["prefill"] is (prefill["share"] >= 0.55)


def test_the_bounds_of_the_full_shape_are_those_worked_out_by_hand() -> None:
    told = last_line(run(BENCH, "--roofline-only", "H200", "--weights", "fp8-weight-only"))

    bounds = {figure["what"]: figure["bound_ms"] for figure in told["figures"]}
    assert told["page_tflop"] == pytest.approx(351, abs=1)
    assert bounds["prefill of a page"] == pytest.approx(444, abs=1)
    # 72.7 GB of weights and the places of 2,113 tokens at 4.3 TB/s
    assert bounds["step of 1 rows"] == pytest.approx(16.9 + 2113 * 327_680 / 4.3e9, abs=0.05)
    assert bounds["step of 64 rows"] == pytest.approx(16.9 + 64 * 2113 * 327_680 / 4.3e9, abs=0.05)


def test_steps_over_fixed_places_write_what_generate_writes_and_compile_once_for_all_layers() -> None:
    told = last_line(run("-c", STEPS, BENCH.parent))

    assert len(set(told["generate"])) > 4
    assert told["None"] == [told["generate"]] * 2
    assert told["aot_eager"] == told["None"]
    # a prompt's shape and a step's, not one for each of three layers
    assert told["graphs"] == 2
    # multiplying in fp8 shortens what the language model's linear maps take, and nothing else
    assert told["bound_ms"] == pytest.approx(320, abs=2)
