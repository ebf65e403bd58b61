"""Do tags that say where a tile lies help a network to find it? Tiny NVLM-Ds learn one task with each kind of tag.

    python bench/tile_tags.py                  # three kinds of tags, three seeds: minutes on two free cores
    python bench/tile_tags.py --quick          # a few steps of each: only to see that it runs

A page is a grid of tiles, each with one of eight textures that vanish in the thumbnail. It is asked which texture each
of four tiles has; two are named by their number in reading order, two by their column and row. The grid is said before
the questions, so that either name can be turned into the other, and words of random number stand before it, so that a
tile's distance from the question tells nothing. Every grid occurs in training; which textures lie where is new on every
page. Needs `docproc[vlm]` and matplotlib.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from math import cos, pi
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F  # noqa: N812 torch's own name for it
from transformers import AutoModelForImageTextToText

from docproc.nvlm import NvlmDConfig, NvlmDForConditionalGeneration
from docproc.nvlm.prompt import IMAGE_END, IMAGE_START, THUMBNAIL_TAG, tile_tag
from docproc.nvlm.quiet import be_quiet
from docproc.nvlm.tiny import sharpen, tiny_config, word_tokenizer
from docproc.nvlm.tokens import IMAGE_TOKEN

TEXTURES = 8
#: columns and rows; none can be told from another by the number of its tiles alone
GRIDS = ((2, 2), (4, 1), (1, 4), (3, 2), (2, 3))
_TILE_PX = 28
_FILLER_WORDS = 8
_WORDS = (
    "<Image", "tile", "_global", "_thumbnail", "</", "Image", "><", "_x", "_y", "Ġof", "Ġcolumn", "Ġrow", "Ġtile",
    "Ġthe", "Ġpage", "Ġin",
)  # fmt: skip
_FILLER = (" of", " the", " page", " in")
_ANSWERS = "abcdefgh"
#: seeds of the pages that are judged on start here
_JUDGING = 1000


class Tags(StrEnum):
    """What stands before a tile."""

    NONE = "none"
    ONE_D = "1-D"
    TWO_D = "2-D grid"


class Naming(StrEnum):
    """How a question names a tile."""

    NUMBER = "number"
    PLACE = "column and row"


_NAMINGS = (Naming.NUMBER, Naming.PLACE) * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long is trained, and on how many pages is judged."""

    steps: int
    pages: int
    #: unseen batches of each grid
    judged: int
    warm_up: int = 50
    peak_rate: float = 3e-3


FULL = Plan(steps=1000, pages=32, judged=8)
QUICK = Plan(steps=4, pages=4, judged=1)


class Batch(NamedTuple):
    """Pages of one grid with four questions each."""

    inputs: dict[str, torch.Tensor]
    #: where the tokens stand that answers follow
    places: torch.Tensor
    #: (pages, questions): tokens of the right answers
    answers: torch.Tensor
    namings: list[Naming]


def tag_text(tags: Tags, number: int, columns: int) -> str:
    """The tag before tile `number`, 1-based, of a page with `columns` columns."""
    if tags is Tags.NONE:
        return ""
    if tags is Tags.ONE_D:
        return tile_tag(number)
    row, column = divmod(number - 1, columns)
    return f"<tile_x{column + 1}_y{row + 1}>"


class Task:
    """Pages and questions as tensors, with one kind of tags."""

    def __init__(self, tags: Tags, seed: int) -> None:
        self.tags = tags
        self.tokenizer = word_tokenizer({}, _WORDS)
        self.answers = torch.tensor([self._ids(letter)[0] for letter in _ANSWERS])
        self.generator = torch.Generator().manual_seed(seed)
        # the same for all kinds of tags: signs of 2 x 2 pixels, plus beside minus, so that every mean is grey
        signs = torch.randint(0, 2, (TEXTURES, 14, 14), generator=torch.Generator().manual_seed(1)) * 2.0 - 1
        checks = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        self.textures = torch.kron(signs, checks)[:, None].expand(-1, 3, -1, -1)  # (textures, 3, px, px)

    def batch(self, pages: int, grid: tuple[int, int]) -> Batch:
        """New pages of one grid, and what is asked: two tiles by number and two by place, no tile twice."""
        columns, rows = grid
        shown = torch.randint(TEXTURES, (pages, columns * rows), generator=self.generator)
        asked = torch.rand(shown.shape, generator=self.generator).argsort(1)[:, : len(_NAMINGS)]
        order = torch.randperm(len(_NAMINGS), generator=self.generator).tolist()
        namings = [_NAMINGS[number] for number in order]
        answers = self.answers[shown.gather(1, asked)]
        filler = "".join(_FILLER[n] for n in self._draw(len(_FILLER), times=self._draw(_FILLER_WORDS + 1)[0]))
        start = self._ids(f"{self._image(columns, columns * rows)}\n{filler} {columns} {rows}")
        ids = [list(start) for _ in range(pages)]
        places = []
        for number, naming in enumerate(namings):
            for row, tile, answer in zip(ids, asked[:, number].tolist(), answers[:, number].tolist(), strict=True):
                row += [*self._ids(_tile_name(tile, columns, naming)), answer]
            places.append(len(ids[0]) - 2)
        inputs = {"input_ids": torch.tensor(ids), "pixel_values": self._tiles(shown)}
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        return Batch(inputs, torch.tensor(places), answers, namings)

    def _draw(self, below: int, *, times: int = 1) -> list[int]:
        drawn: list[int] = torch.randint(below, (times,), generator=self.generator).tolist()
        return drawn

    def _image(self, columns: int, count: int) -> str:
        tags = [tag_text(self.tags, number, columns) for number in range(1, count + 1)]
        tags.append("" if self.tags is Tags.NONE else THUMBNAIL_TAG)
        return IMAGE_START + "".join(tag + IMAGE_TOKEN for tag in tags) + IMAGE_END

    def _tiles(self, shown: torch.Tensor) -> torch.Tensor:
        """(pages, tiles) -> the tiles of all pages, each page's thumbnail behind its own."""
        tiles = self.textures[shown]  # (pages, tiles, 3, px, px)
        tiles = torch.cat([tiles, torch.zeros_like(tiles[:, :1])], 1).flatten(0, 1)
        return tiles + 0.1 * torch.randn(tiles.shape, generator=self.generator)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids


def _tile_name(tile: int, columns: int, naming: Naming) -> str:
    row, column = divmod(tile, columns)
    return f" tile {tile + 1}" if naming is Naming.NUMBER else f" column {column + 1} row {row + 1}"


def new_network(task: Task, seed: int) -> NvlmDForConditionalGeneration:
    """One layer of tower, three of Qwen2; the tower looks hard at random things and stays as it is."""
    torch.manual_seed(seed)
    config: NvlmDConfig = tiny_config(task.tokenizer, tile_px=_TILE_PX)
    config.vision_config.num_hidden_layers = 1
    config.text_config.num_attention_heads = config.text_config.num_key_value_heads = 4
    # far from flat: what so few steps are to learn must not first grow out of nothing
    config.text_config.initializer_range = 0.1
    config.tiles_at_once = 1000
    network: NvlmDForConditionalGeneration = AutoModelForImageTextToText.from_config(config)
    sharpen(network.model.vision_tower, seed)
    network.model.vision_tower.requires_grad_(requires_grad=False)
    return network


def train(network: NvlmDForConditionalGeneration, task: Task, plan: Plan) -> list[float]:
    """Language model and projector learn, as in the paper's second stage; the loss of every step."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=plan.peak_rate, betas=(0.9, 0.98), weight_decay=0.01)
    losses = []
    for step in range(plan.steps):
        rate = plan.peak_rate * min((step + 1) / plan.warm_up, (1 + cos(pi * step / plan.steps)) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = task.batch(plan.pages, GRIDS[step % len(GRIDS)])
        logits = network(**batch.inputs, logits_to_keep=batch.places).logits  # (pages, questions, vocabulary)
        loss = F.cross_entropy(logits.flatten(0, 1), batch.answers.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        losses.append(loss.item())
    return losses


def judge(network: NvlmDForConditionalGeneration, task: Task, plan: Plan) -> dict[Naming, float]:
    """Share of right answers on pages that were never seen."""
    right: dict[Naming, list[float]] = {naming: [] for naming in Naming}
    for grid in GRIDS * plan.judged:
        batch = task.batch(plan.pages, grid)
        with torch.no_grad():
            logits = network(**batch.inputs, logits_to_keep=batch.places).logits
        shares = (logits.argmax(-1) == batch.answers).float().mean(0).tolist()
        for naming, share in zip(batch.namings, shares, strict=True):
            right[naming].append(share)
    return {naming: statistics.mean(shares) for naming, shares in right.items()}


def one(tags: Tags, seed: int, plan: Plan) -> dict[str, Any]:
    """A network trained and judged. Seeds of its pages: training pages never come back in judging."""
    torch.set_num_threads(1)
    started = time.perf_counter()
    network = new_network(task := Task(tags, seed), seed)
    losses = train(network, task, plan)
    shares = judge(network, Task(tags, _JUDGING + seed), plan)
    return {
        "tags": tags,
        "seed": seed,
        "accuracy": round(statistics.mean(shares.values()), 4),
        "by_naming": {naming: round(share, 4) for naming, share in shares.items()},
        "losses": [round(loss, 3) for loss in smoothed(losses)],
        "seconds": round(time.perf_counter() - started, 1),
    }


def smoothed(losses: list[float], parts: int = 50) -> list[float]:
    """Means of so many stretches."""
    length = max(1, len(losses) // parts)
    return [statistics.mean(losses[start : start + length]) for start in range(0, len(losses), length)]


def in_a_process(tags: Tags, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """As `one`, beside others."""
    command = [sys.executable, __file__, "--one", tags, "--seeds", str(seed), "--steps", str(arguments.steps)]
    command += ["--quick"] if arguments.quick else []
    done = subprocess.run(  # noqa: S603 this file itself
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{tags:10} seed {seed}: {found['accuracy']:.1%} in {found['seconds']:.0f} s", flush=True)
    return found


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each kind of tags over its seeds."""
    rows = []
    for tags in Tags:
        own = [run for run in runs if run["tags"] == tags]
        shares = [run["accuracy"] for run in own]
        rows.append(
            {
                "tags": tags,
                "accuracy": round(statistics.mean(shares), 4),
                "spread": round(max(shares) - min(shares), 4),
                "by_naming": {
                    naming: round(statistics.mean(run["by_naming"][naming] for run in own), 4) for naming in Naming
                },
                "seeds": shares,
            }
        )
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """The table on the terminal."""
    print(f"{'tags':10}{'accuracy':>10}{'spread':>9}" + "".join(f"{'by ' + naming:>20}" for naming in Naming))
    for row in rows:
        cells = "".join(f"{row['by_naming'][naming]:20.1%}" for naming in Naming)
        print(f"{row['tags']:10}{row['accuracy']:10.1%}{row['spread']:9.1%}{cells}")
    print(f"chance{1 / TEXTURES:14.1%}")


def plot(runs: list[dict[str, Any]], steps: int, path: Path) -> None:
    """Loss over steps, and every seed's accuracy."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    colours = dict(zip(Tags, ("#bbbbbb", "#4477aa", "#ee6677"), strict=True))
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for run in runs:
        first = run["seed"] == min(other["seed"] for other in runs)
        places = [steps * (n + 0.5) / len(run["losses"]) for n in range(len(run["losses"]))]
        left.plot(places, run["losses"], color=colours[run["tags"]], lw=1.2, label=run["tags"] if first else None)
    left.set(xlabel="steps", ylabel="loss", ylim=(0, None))
    left.legend(frameon=False, title="tags")
    for number, naming in enumerate(Naming):
        for shift, tags in enumerate(Tags):
            shares = [run["by_naming"][naming] for run in runs if run["tags"] == tags]
            place = number + (shift - 1) * 0.22
            right.bar(place, statistics.mean(shares), width=0.2, color=colours[tags], alpha=0.6)
            right.plot([place] * len(shares), shares, "o", color=colours[tags], ms=4, mec="black", mew=0.5)
    right.axhline(1 / TEXTURES, color="black", lw=0.8, ls=":")
    right.set(xticks=range(len(Naming)), xticklabels=[f"asked by {naming}" for naming in Naming], ylim=(0, 1))
    right.set(ylabel="right on unseen pages")
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few steps of each")
    parser.add_argument("--steps", type=int, help=f"of training; by default {FULL.steps}")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--workers", type=int, default=2, help="networks that are trained at the same time")
    parser.add_argument("--plot", type=Path, default=Path("tile_tags.png"), help="PNG or SVG")
    parser.add_argument("--one", type=Tags, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    arguments.steps = arguments.steps or plan.steps
    plan = replace(plan, steps=arguments.steps)
    be_quiet()
    if arguments.one:
        print(json.dumps(one(arguments.one, arguments.seeds[0], plan)))
        return
    started = time.perf_counter()
    asked = [(tags, seed) for seed in arguments.seeds for tags in Tags]
    with ThreadPoolExecutor(arguments.workers) as pool:
        runs = list(pool.map(lambda pair: in_a_process(pair[0], pair[1], arguments), asked))
    rows = summary(runs)
    show(rows)
    plot(runs, plan.steps, arguments.plot)
    told = {
        "steps": plan.steps,
        "pages_a_step": plan.pages,
        "judged_answers": 4 * plan.pages * plan.judged * len(GRIDS),
    }
    seconds = round(time.perf_counter() - started)
    print(json.dumps({**told, "chance": 1 / TEXTURES, "tags": rows, "seconds": seconds, "plot": str(arguments.plot)}))


if __name__ == "__main__":
    main()
