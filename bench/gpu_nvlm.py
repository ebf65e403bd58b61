"""How fast NVLM-D-72B's shape reads and writes on one GPU, beside what the GPU could do at most.

    python bench/gpu_nvlm.py                        # the real shape, fp8, on the first GPU (an H200 holds it)
    python bench/gpu_nvlm.py --tiny                 # three small layers on whatever there is, CPUs too
    python bench/gpu_nvlm.py --roofline-only H200   # the bounds alone; needs no GPU

Weights are random: speed does not depend on what they say. Needs `docproc[quantised]` and matplotlib. Where the machine
has an older transformers, bring this project's along: pip install --target FOLDER, then PYTHONPATH=FOLDER.
"""

import argparse
import json
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from nvlm_figures import Measured, goals, plot, show, told
from nvlm_random import (
    PAGE_TILES,
    QUESTION_TOKENS,
    Weights,
    multiplies_in_fp8,
    page_prompt,
    published_config,
    random_network,
    small_config,
)
from nvlm_roofline import KNOWN_GPUS, Gpu, Work, device_name, known_gpu, network_work
from nvlm_step import Runner

from docproc.nvlm import NvlmDConfig, NvlmDForConditionalGeneration
from docproc.nvlm.quiet import be_quiet

_CHECKED_TOKENS = 24
#: places behind the answer for the steps that warm up and record, up to a number that kernels take as it is
_SPARE_PLACES, _PLACES_MULTIPLE = 32, 64
_GIB = 1024**3
_UNKNOWN = "unknown"


class Clock:
    """Milliseconds of what a device does: by its own events on a GPU, by the wall elsewhere."""

    def __init__(self, device: torch.device) -> None:
        self.on_gpu = device.type == "cuda"

    def ms(self, work: Callable[[], object], *, times: int) -> float:
        """Of `times` runs of `work` one behind the other."""
        if not self.on_gpu:
            started = time.perf_counter()
            for _ in range(times):
                work()
            return (time.perf_counter() - started) * 1e3
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        for _ in range(times):
            work()
        end.record()
        torch.cuda.synchronize()
        return float(start.elapsed_time(end))

    def peak_gib(self) -> float:
        """Most memory that was in use since the last call; of the process, where there is no GPU."""
        if not self.on_gpu:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _GIB
        peak = float(torch.cuda.max_memory_allocated() / _GIB)
        torch.cuda.reset_peak_memory_stats()
        return peak


class Bench:
    """One network, measured."""

    def __init__(self, arguments: argparse.Namespace, config: NvlmDConfig, gpu: Gpu | None, weights: Weights) -> None:
        self.arguments, self.config, self.gpu = arguments, config, gpu
        self.device, self.weights = torch.device(arguments.device), weights
        self.dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        self.clock = Clock(self.device)
        self.tokens = config.decoder_tokens(PAGE_TILES) + QUESTION_TOKENS
        self.work = network_work(config, tiles=PAGE_TILES, tokens=self.tokens, weights=weights)
        #: what was given up on, in plain words
        self.remarks: list[str] = []

    def run(self) -> tuple[list[Measured], dict[str, Any]]:
        """Every figure, and what is told beside them."""
        torch.manual_seed(0)
        built_at = time.perf_counter()
        network = random_network(self.config, device=self.device, dtype=self.dtype, weights=self.weights)
        prompt = page_prompt(self.config, device=self.device, dtype=self.dtype)
        facts: dict[str, Any] = {
            "build_s": round(time.perf_counter() - built_at, 1),
            "weights_gib": torch.cuda.memory_allocated() / _GIB if self.clock.on_gpu else None,
            "build_peak_gib": self.clock.peak_gib(),
        }
        expected = self._generated(network, prompt)
        figures = list(self._prefill(network, prompt))
        for number, rows in enumerate(self.arguments.rows):
            figures.append(self._decode(network, prompt, rows, expected if number == 0 else None, facts))
        return figures, facts

    def _generated(self, network: NvlmDForConditionalGeneration, prompt: dict[str, torch.Tensor]) -> list[int]:
        """What `generate` itself answers: the steps below must write the same."""
        written = network.generate(**prompt, do_sample=False, max_new_tokens=_CHECKED_TOKENS)
        tokens: list[int] = written[0, prompt["input_ids"].shape[1] :].tolist()
        return tokens

    def _prefill(self, network: NvlmDForConditionalGeneration, prompt: dict[str, torch.Tensor]) -> Iterator[Measured]:
        runner = self._runner(network, prompt, 1)
        self.clock.peak_gib()  # forgets what making the network took
        body, gpu = network.model, self.gpu

        def look() -> None:
            with torch.no_grad():
                body.get_image_features(prompt["pixel_values"])

        bounds = {
            "tower and projector": (
                look,
                (self.work.tower_flops + self.work.projector_flops) / gpu.flops_per_s if gpu else None,
            ),
            "prefill of a page": (
                lambda: runner.prefill(prompt),
                self.work.prefill_s(gpu, self.weights) if gpu else None,
            ),
        }
        for what, (work, bound_s) in bounds.items():
            work()  # warms up
            ms = statistics.median(self.clock.ms(work, times=1) for _ in range(self.arguments.rounds))
            yield Measured(what=what, rows=1, ms=ms, bound_ms=bound_s and bound_s * 1e3, peak_gib=self.clock.peak_gib())

    def _decode(
        self,
        network: NvlmDForConditionalGeneration,
        prompt: dict[str, torch.Tensor],
        rows: int,
        expected: list[int] | None,
        facts: dict[str, Any],
    ) -> Measured:
        what = f"step of {rows} rows"
        # half of the answer is written: the mean of what a step finds
        context = self.tokens + self.arguments.answer_tokens // 2
        bound_s = self.work.step_s(self.gpu, rows=rows, context=context) if self.gpu else None
        bound_ms = bound_s and bound_s * 1e3
        try:
            runner = self._runner(network, prompt, rows)
            self._record(runner)
            if expected is not None:
                facts["tokens_as_generate"] = self._agreement(runner, prompt, expected)
            runner.move_to(context - self.arguments.steps // 2)
            ms = self.clock.ms(runner.step, times=self.arguments.steps) / self.arguments.steps
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            self.clock.peak_gib()  # forgets what did not fit
            return Measured(what=what, rows=rows, ms=None, bound_ms=bound_ms, fault="out of memory")
        return Measured(
            what=what,
            rows=rows,
            ms=ms,
            bound_ms=bound_ms,
            tokens_per_s=rows / ms * 1e3,
            peak_gib=self.clock.peak_gib(),
        )

    def _runner(self, network: NvlmDForConditionalGeneration, prompt: dict[str, torch.Tensor], rows: int) -> Runner:
        """A runner that has read the prompt and written a token; without the compiler where that fails."""
        needed = self.tokens + self.arguments.answer_tokens + _SPARE_PLACES
        places = -(-needed // _PLACES_MULTIPLE) * _PLACES_MULTIPLE
        runner = Runner(network, rows=rows, places=places, backend=self.arguments.compiler)
        try:
            _first_tokens(runner, prompt)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as exc:
            if self.arguments.compiler is None:
                raise
            self.remarks.append(f"not compiled ({self.arguments.compiler}): {_first_line(exc)}")
            self.arguments.compiler = None
            runner = Runner(network, rows=rows, places=places)
            _first_tokens(runner, prompt)
        return runner

    def _record(self, runner: Runner) -> None:
        if not self.clock.on_gpu or self.arguments.no_graph:
            return
        try:
            runner.record()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as exc:
            self.remarks.append(f"no CUDA graph: {_first_line(exc)}")
            self.arguments.no_graph = True

    def _agreement(self, runner: Runner, prompt: dict[str, torch.Tensor], expected: list[int]) -> str:
        """How many tokens are those of `generate` before the first that is another."""
        runner.prefill(prompt)
        runner.share_prompt()
        written = [int(runner.tokens[0])]
        while len(written) < len(expected):
            runner.step()
            written.append(int(runner.tokens[0]))
        same = next((n for n, pair in enumerate(zip(written, expected, strict=True)) if pair[0] != pair[1]), None)
        return f"{len(expected) if same is None else same} of {len(expected)}"


def _first_tokens(runner: Runner, prompt: dict[str, torch.Tensor]) -> None:
    runner.prefill(prompt)
    runner.share_prompt()
    runner.step()


def _first_line(exc: RuntimeError) -> str:
    return f"{type(exc).__name__}: {next(iter(str(exc).splitlines()), '')}"


def versions(device: torch.device) -> dict[str, str]:
    """What is measured with."""
    found = {"python": platform.python_version(), "device": device_name(device)}
    for package in ("torch", "transformers", "torchao", "triton"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found | {"cuda": str(torch.version.cuda)}


def chosen_weights(asked: Weights, device: torch.device) -> tuple[Weights, str]:
    """How the weights are held, and how they are multiplied, in plain words."""
    if asked is Weights.FP8 and (why_not := multiplies_in_fp8(device)):
        return Weights.FP8_WEIGHT_ONLY, f"fp8 weights, widened before every product: {why_not}"
    said = {
        Weights.FP8: "fp8 weights and activations, a scale for each row, multiplied by torch._scaled_mm",
        Weights.FP8_WEIGHT_ONLY: "fp8 weights, widened before every product",
        Weights.INT8_WEIGHT_ONLY: "int8 weights, widened before every product",
        Weights.WHOLE: "weights as they are",
    }
    return asked, said[asked]


def roofline_figures(work: Work, gpu: Gpu, weights: Weights, arguments: argparse.Namespace) -> list[Measured]:
    """The bounds alone, of a page's prompt and of steps in the middle of its answer."""
    context = 1857 + arguments.answer_tokens // 2
    steps = [(rows, work.step_s(gpu, rows=rows, context=context)) for rows in arguments.rows]
    return [
        Measured(what="prefill of a page", rows=1, ms=None, bound_ms=work.prefill_s(gpu, weights) * 1e3),
        *(Measured(what=f"step of {rows} rows", rows=rows, ms=None, bound_ms=1e3 * bound) for rows, bound in steps),
    ]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The options, those left out filled in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="three small layers")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--weights", type=Weights, choices=list(Weights), default=Weights.FP8)
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 8, 32, 64], help="answers written at once")
    parser.add_argument("--answer-tokens", type=int, default=512)
    parser.add_argument("--steps", type=int, default=32, help="steps of decoding that are timed")
    parser.add_argument("--rounds", type=int, default=5, help="prefills that are timed; their median counts")
    parser.add_argument("--compiler", help="of torch.compile; by default inductor on a GPU and none elsewhere")
    parser.add_argument("--no-graph", action="store_true", help="steps are launched, not replayed")
    parser.add_argument(
        "--tflops", type=float, help="what the device multiplies in bfloat16, 10^12 operations a second"
    )
    parser.add_argument("--tb-per-s", type=float, help="what its memory moves, 10^12 bytes a second")
    parser.add_argument("--roofline-only", choices=sorted(KNOWN_GPUS), metavar="GPU", help="bounds of H100 or H200")
    parser.add_argument("--plot", type=Path, default=Path("gpu_nvlm.png"), help="PNG or SVG")
    arguments = parser.parse_args(argv)
    if arguments.device == "cpu" and not arguments.tiny and not arguments.roofline_only:
        parser.error("there is no GPU: only --tiny and --roofline-only run without one")
    if arguments.compiler is None and torch.device(arguments.device).type == "cuda":
        arguments.compiler = "inductor"
    elif arguments.compiler == "none":
        arguments.compiler = None
    return arguments


def the_gpu(arguments: argparse.Namespace, device: torch.device) -> Gpu | None:
    """The device's bounds: as given, as known, or None."""
    if arguments.tflops and arguments.tb_per_s:
        return Gpu(flops_per_s=arguments.tflops * 1e12, bytes_per_s=arguments.tb_per_s * 1e12)
    return known_gpu(device_name(device))


def main() -> None:
    arguments = parse()
    be_quiet()
    config = small_config() if arguments.tiny else published_config()
    if arguments.roofline_only:
        work = network_work(config, tiles=PAGE_TILES, tokens=1857, weights=arguments.weights)
        figures = roofline_figures(work, KNOWN_GPUS[arguments.roofline_only], arguments.weights, arguments)
        show(figures)
        print(
            json.dumps({"gpu": arguments.roofline_only, "page_tflop": work.page_flops / 1e12, "figures": told(figures)})
        )
        return
    device = torch.device(arguments.device)
    weights, said = chosen_weights(arguments.weights, device)
    gpu = the_gpu(arguments, device)
    seen = versions(device)
    print(", ".join(f"{name} {what}" for name, what in seen.items()))
    print(said)
    if gpu is None:
        print("roofline: unknown for this device; --tflops and --tb-per-s give it")
    bench = Bench(arguments, config, gpu, weights)
    figures, facts = bench.run()
    show(figures)
    for remark in bench.remarks:
        print(remark)
    print(f"tokens as generate writes them: {facts.get('tokens_as_generate', _UNKNOWN)}")
    plot(
        figures, arguments.plot, f"NVLM-D{' (tiny)' if arguments.tiny else '-72B shape'} on {seen['device']}, {weights}"
    )
    print(
        json.dumps(
            {
                "versions": seen,
                "weights": weights,
                "roofline": asdict(gpu) if gpu else _UNKNOWN,
                "compiler": arguments.compiler,
                "graph": bench.clock.on_gpu and not arguments.no_graph,
                "prompt_tokens": bench.tokens,
                "page_tflop": bench.work.page_flops / 1e12,
                **facts,
                "figures": told(figures),
                "goals_met": goals(figures),
                "remarks": bench.remarks,
                "plot": str(arguments.plot),
            }
        )
    )


if __name__ == "__main__":
    main()
