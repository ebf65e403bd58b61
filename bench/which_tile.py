"""Does an NVLM learn which tile shows a symbol? Trains tiny ones from scratch and asks them of pages they never saw.

    python bench/which_tile.py [--arch d x h] [--seed 0 1 2] [--out DIR] [--plot FILE.svg]

A page has 2 x 3 tiles, each with a hatched patch. One patch is checked, one striped, the others woven; the answer is
which tile shows the checked one and which the striped one. All hatchings repeat every 2 x 3 pixels and are half ink, so
the thumbnail, where 2 x 3 pixels become one, is the same wherever they are: only tiles can tell. All goes the way of
any document: PNG files with truth, `finetune` over them, the adapter on its base, `generate`.

One JSON line a run. Shares of pages whose whole answer is right (two tiles of six by chance: one in 30):
    unseen    pages that were not trained on
    moved     the same pages with the same patches, the hatchings in other tiles; their answers are others
    permuted  the same pages, their tiles shuffled behind their tags: as the page was (chance), as the tiles tell now
    untagged  the same pages without tags
"""

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from docproc.domain.document import MediaType
from docproc.domain.image import TileCanvas
from docproc.intake import Limits
from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig
from docproc.nvlm.adapter import load_with_adapter
from docproc.nvlm.question import record_question
from docproc.nvlm.quiet import be_quiet
from docproc.nvlm.tiny import sharpen, tiny_config, tiny_words, word_tokenizer
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.training.examples import Example
from docproc.training.log import StepFacts, TrainingLog, smoothed
from docproc.training.page_images import DrawnPage, drawing
from docproc.training.recipe import Recipe, Trained
from docproc.training.run import Assignment, Watcher, finetune
from docproc.training.targets import Target
from schemas import load_schema

KINDS = {"d": NvlmDConfig, "x": NvlmXConfig, "h": NvlmHConfig}
COLUMNS, ROWS, TILE_PX, PATCH_PX = 2, 3, 56, 36
TILES = COLUMNS * ROWS
CHANCE = 1 / (TILES * (TILES - 1))
HEADS = 4
TRAINED_PAGES, UNSEEN_PAGES = 1500, 50
RECIPE = {"steps": 400, "pages_per_step": 16, "pages_at_once": 16, "learning_rate": 2e-3}
SCHEMA = {
    "title": "hatchings",
    "type": "object",
    "properties": {"checked": {"type": "integer"}, "striped": {"type": "integer"}},
    "required": ["checked", "striped"],
}
#: one token each, for a short prompt
WORDS = (
    "Extract", "Ġthis", "Ġrecord", "Ġfrom", "Ġpage", "Ġas", "Ġone", "Ġline", "Ġof", "ĠJSON", "Ġkeys", "Ġin", "Ġorder",
    "Ġnull", "Ġwhere", "Ġnothing", "Ġis", "Ġprinted", "checked", "striped", "Ġ(", "integer", '{"', '":', ',"',
)  # fmt: skip
TAG_TOKENS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Where in its tile a patch is and where its hatching begins; the corner is on the grid of 2 x 3 pixels."""

    left: int
    top: int
    phase: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Six patches, and which of them are checked and striped (from 0)."""

    patches: tuple[Patch, ...]
    checked: int
    striped: int

    @property
    def record(self) -> dict[str, int]:
        """What should be answered."""
        return {"checked": self.checked + 1, "striped": self.striped + 1}

    def pixels(self) -> NDArray[np.uint8]:
        """The page as it is printed."""
        canvas = np.full((ROWS * TILE_PX, COLUMNS * TILE_PX, 3), 255, np.uint8)
        for tile, patch in enumerate(self.patches):
            hatching = {self.checked: "checked", self.striped: "striped"}.get(tile, "woven")
            row, column = divmod(tile, COLUMNS)
            top, left = row * TILE_PX + patch.top, column * TILE_PX + patch.left
            ink = hatched(hatching, patch.phase)
            canvas[top : top + PATCH_PX, left : left + PATCH_PX] = np.where(ink, 0, 255)[..., None]
        return canvas


def hatched(hatching: str, phase: tuple[int, int]) -> NDArray[np.bool_]:
    """Where a patch has ink: in half of any 2 x 3 pixels."""
    y, x = np.mgrid[:PATCH_PX, :PATCH_PX]
    y, x = y + phase[0], x + phase[1]
    if hatching == "checked":
        return np.asarray((x + y) % 2 == 0)
    if hatching == "striped":
        return np.asarray(x % 2 == 0)
    return np.asarray((y % 3 == 0) | ((y % 3 == 1) & (x % 2 == 0)))


def random_page(rng: random.Random) -> Page:
    """A page like any other."""
    patches = tuple(
        Patch(
            left=2 * rng.randint(0, (TILE_PX - PATCH_PX) // 2),
            # so that the patch is on the grid of the canvas, not of the tile alone
            top=3 * rng.randint(1, (TILE_PX - PATCH_PX) // 3 - 1) - (tile // COLUMNS * TILE_PX) % 3,
            phase=(rng.randint(0, 5), rng.randint(0, 5)),
        )
        for tile in range(TILES)
    )
    checked, striped = rng.sample(range(TILES), 2)
    return Page(patches=patches, checked=checked, striped=striped)


def moved(page: Page, rng: random.Random) -> Page:
    """The same page with its hatchings in other tiles: both answers are others."""
    while True:
        checked, striped = rng.sample(range(TILES), 2)
        if checked != page.checked and striped != page.striped:
            return Page(patches=page.patches, checked=checked, striped=striped)


def write_truth(folder: Path, pages: Sequence[Page]) -> None:
    """Documents with truth, and their schema."""
    for part in ("docs", "truth"):
        (folder / part).mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    for number, page in enumerate(pages):
        name = f"page-{number:04}.png"
        Image.fromarray(page.pixels()).save(folder / "docs" / name)
        (folder / "truth" / f"{name}.json").write_text(json.dumps({"file": name, "fields": page.record}))


def write_base(folder: Path, arch: str, seed: int) -> None:
    """A tiny checkpoint that knows nothing yet, with a tower that looks sharply and gates that are open."""
    tokenizer = word_tokenizer({}, (*tiny_words(), *WORDS))
    torch.manual_seed(seed)
    config = tiny_config(tokenizer, kind=KINDS[arch], tile_px=TILE_PX)
    # heads that are wide enough, and turn fast enough, to look at the tag just before a tile
    config.text_config.num_attention_heads = HEADS
    config.text_config.rope_parameters = {"rope_type": "default", "rope_theta": 1000.0}
    model = AutoModelForImageTextToText.from_config(config)
    sharpen(model.model.vision_tower, seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "vision_tower" not in name:
                weight.normal_(0, scale_of(name, weight))
            elif name.endswith(".gate"):
                weight.fill_(1.0)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def scale_of(name: str, weight: torch.Tensor) -> float:
    """How large new weights are: what goes through a map keeps its size, and a word is as loud as a tile."""
    if "embed_tokens" in name:
        return 1.0
    return 0.08 if "lm_head" in name else 1 / math.sqrt(weight.shape[1])


class Asker:
    """Asks a model of pages, as they are or spoilt."""

    def __init__(self, model: torch.nn.Module, base: Path, source: DocprocPages) -> None:
        self._model: Any = model
        self._processor: Any = AutoProcessor.from_pretrained(base)
        self._source = source

    def drawn(self, pages: Sequence[Page], folder: Path) -> list[DrawnPage]:
        """The pages as docproc draws them from their files."""
        write_truth(folder, pages)
        draw = drawing(self._source, folder / "docs", TileCanvas(tile_px=TILE_PX))
        nothing = Target(text="")
        return [
            draw(Example(document=path.name, media_type=MediaType.PNG, page=1, rotation=0, target=nothing))
            for path in sorted((folder / "docs").iterdir())
        ]

    def batch(self, pages: Sequence[DrawnPage], question: str) -> dict[str, Any]:
        """What the model takes to be asked."""
        conversations = [
            [{"role": "user", "content": [{"type": "image", "image": page}, {"type": "text", "text": question}]}]
            for page in pages
        ]
        return dict(self._processor.apply_chat_template(conversations, tokenize=True, add_generation_prompt=True))

    def answers(self, batch: dict[str, Any]) -> list[Any]:
        """The records that the model writes; None for what is no JSON."""
        tokens = self._model.generate(**batch, max_new_tokens=24, do_sample=False)[:, batch["input_ids"].shape[1] :]
        return [parsed(text) for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]

    def untagged(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch without the tags; all its rows are as long and have their tags at the same places."""
        kept = torch.ones(batch["input_ids"].shape[1], dtype=torch.bool)
        for place in self._tag_places(batch):
            kept[place] = False
        by_place = ("input_ids", "attention_mask", "memory_range")
        cut: dict[str, Any] = {name: batch[name][:, kept] for name in by_place if name in batch}
        if "tile_tags" in batch:
            cut["tile_tags"] = batch["tile_tags"][:, :0]
        return {**batch, **cut}

    def _tag_places(self, batch: dict[str, Any]) -> Iterator[int]:
        row = batch["input_ids"][0].tolist()
        if self._processor.image_token_id in row:  # in NVLM-D and -H each tag stands before its tile's places
            tiles = [at for at, token in enumerate(row) if token == self._processor.image_token_id]
            for begin in (at for at in tiles if at - 1 not in tiles):
                yield from range(begin - TAG_TOKENS, begin)
        else:  # in NVLM-X what sees one tile alone is its tag
            begin, end = batch["memory_range"][0].unbind(-1)
            yield from torch.nonzero(end - begin == self._processor.tile_tokens).flatten().tolist()


def permuted(batch: dict[str, Any], orders: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The batch with the tiles of each page in another order; tags and thumbnails stay."""
    pages = batch["pixel_values"].unflatten(0, (len(orders), TILES + 1))
    shuffled = [page[[*order, TILES]] for page, order in zip(pages, orders, strict=True)]
    return {**batch, "pixel_values": torch.cat(shuffled)}


def as_shown(page: Page, order: Sequence[int]) -> dict[str, int]:
    """The answer once tile `order[n]` is shown as tile n."""
    return {"checked": order.index(page.checked) + 1, "striped": order.index(page.striped) + 1}


def parsed(text: str) -> object:
    """What JSON says; None for what is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def share(answers: Sequence[Any], right: Sequence[Any]) -> float:
    """How many are right."""
    return sum(bool(answer == truth) for answer, truth in zip(answers, right, strict=True)) / len(right)


def thumbnail(page: DrawnPage) -> bytes:
    """Every pixel of it."""
    return b"" if page.thumbnail is None else page.thumbnail.tobytes()


def train(folder: Path, arch: str, seed: int, source: DocprocPages) -> list[StepFacts]:
    """A base, pages with truth, and the adapter that they make; the steps."""
    rng = random.Random(seed)  # noqa: S311 no secret
    write_truth(folder / "truth", [random_page(rng) for _ in range(TRAINED_PAGES)])
    write_base(folder / "base", arch, seed)
    assignment = Assignment(
        truth=folder / "truth",
        schema=load_schema(str(folder / "truth" / "schema.json")),
        base=folder / "base",
        out=folder / "adapter",
        recipe=Recipe(trained=Trained.ALL, seed=seed, **RECIPE),  # type: ignore[arg-type]  # whole and broken numbers
        save_every=10_000,
        ocr=False,
    )
    watcher = Watcher(on_document=lambda *_: None, on_step=lambda *_: None, stop=lambda: False)
    finetune(assignment, source=source, limits=Limits(), watcher=watcher)
    return TrainingLog(folder / "adapter" / "log.jsonl").read()


def judge(folder: Path, seed: int, source: DocprocPages) -> dict[str, float]:
    """Ask the trained model of pages that it never saw."""
    rng = random.Random(1_000_000 + seed)  # noqa: S311 no secret
    pages = [random_page(rng) for _ in range(UNSEEN_PAGES)]
    others = [moved(page, rng) for page in pages]
    orders = [rng.sample(range(TILES), TILES) for _ in pages]
    model = load_with_adapter(folder / "base", folder / "adapter")
    asker = Asker(model, folder / "base", source)
    question = record_question(load_schema(str(folder / "truth" / "schema.json")))
    drawn, drawn_moved = asker.drawn(pages, folder / "unseen"), asker.drawn(others, folder / "moved")
    batch = asker.batch(drawn, question)
    right = [page.record for page in pages]
    answers, after_moving = asker.answers(batch), asker.answers(asker.batch(drawn_moved, question))
    shuffled = asker.answers(permuted(batch, orders))
    return {
        "same_thumbnail": share([thumbnail(page) for page in drawn], [thumbnail(page) for page in drawn_moved]),
        "unseen": share(answers, right),
        "moved": share(after_moving, [page.record for page in others]),
        "moved_changed": 1 - share(after_moving, answers),
        "permuted": share(shuffled, right),
        "permuted_as_shown": share(shuffled, list(map(as_shown, pages, orders))),
        "untagged": share(asker.answers(asker.untagged(batch)), right),
        "chance": round(CHANCE, 3),
    }


def plot(curves: dict[str, list[list[StepFacts]]], path: Path) -> None:
    """The loss of every run, one colour a member of the family."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "docproc"}):
        figure = Figure(figsize=(7.5, 3.8), layout="constrained")
        axes = figure.add_subplot()
        for colour, (arch, runs) in zip(("#1f4e79", "#c0504d", "#6a994e"), curves.items(), strict=False):
            for number, steps in enumerate(runs):
                label = f"NVLM-{arch.upper()}" if number == 0 else None
                numbers, losses = [facts.step for facts in steps], smoothed([facts.loss for facts in steps])
                axes.plot(numbers, losses, color=colour, linewidth=1.3, alpha=0.85, label=label)
        axes.set(xlabel=f"step of {RECIPE['pages_per_step']} pages", ylabel="loss per learnt token", yscale="log")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Train and judge every member of the family that was asked for, with every seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", nargs="+", choices=KINDS, default=[*KINDS])
    parser.add_argument("--seed", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, help="keep bases, truth and adapters here")
    parser.add_argument("--plot", type=Path, help="an SVG of all losses")
    wanted = parser.parse_args()
    be_quiet()
    torch.set_num_threads(1)
    curves: dict[str, list[list[StepFacts]]] = {}
    with tempfile.TemporaryDirectory() as scratch, ChildPool(size=1, pages_per_child=100_000) as pool:
        source = DocprocPages(pool, ocr=False)
        for arch in wanted.arch:
            for seed in wanted.seed:
                folder = (wanted.out or Path(scratch)) / f"{arch}-{seed}"
                began = time.perf_counter()
                steps = train(folder, arch, seed, source)
                seconds = time.perf_counter() - began
                curves.setdefault(arch, []).append(steps)
                facts = {"arch": arch, "seed": seed, "steps": len(steps), "seconds": round(seconds)}
                print(json.dumps(facts | judge(folder, seed, source)), flush=True)
    if wanted.plot:
        plot(curves, wanted.plot)


if __name__ == "__main__":
    main()
