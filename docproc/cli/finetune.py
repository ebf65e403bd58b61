"""`docproc finetune`: train an NVLM on documents with known answers, before a person's eyes."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.exit_codes import ExitCode
from docproc.domain.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from docproc.domain.schema import ExtractionSchema
    from docproc.training.log import StepFacts
    from docproc.training.run import Outcome, Watcher

_NEEDED = ("torch", "transformers", "peft", "matplotlib")
_SHOWN = 5


class Train(StrEnum):
    """Which weights are trained."""

    LORA = "lora"
    ALIGNMENT = "alignment"
    ALL = "all"


def finetune(
    truth: Annotated[Path, typer.Argument(help="Folder with docs/, truth/ and schema.json.", metavar="TRUTH_DIR")],
    base: Annotated[Path, typer.Option(help="Checkpoint of an NVLM-D, -X or -H.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run and the adapter.", metavar="ADAPTER")],
    schema: Annotated[
        str | None, typer.Option("--schema", "-s", help="NAME, FILE.json or module:Class; else TRUTH_DIR/schema.json.")
    ] = None,
    train: Annotated[
        Train, typer.Option(help="alignment: projector and cross-attention; all: the language model too.")
    ] = Train.LORA,
    epochs: Annotated[float, typer.Option(min=0, help="How often each page is learnt from.")] = 3.0,
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of --epochs.")] = None,
    pages_per_step: Annotated[int, typer.Option(min=1, help="Pages that an update is the mean of.")] = 8,
    pages_at_once: Annotated[int, typer.Option(min=1, help="Pages in memory at a time; divides the former.")] = 1,
    learning_rate: Annotated[
        float | None, typer.Option(min=0, help="By default 1e-4; 1e-5 with --train all.", show_default=False)
    ] = None,
    lora_rank: Annotated[int, typer.Option(min=1, help="Width of LoRA's matrices.")] = 16,
    four_bit: Annotated[bool, typer.Option("--four-bit", help="QLoRA: the base in four bits, on a GPU.")] = False,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of pages and of new weights.")] = 0,
    no_ocr: Annotated[
        bool, typer.Option("--no-ocr", help="Take scans as upright; their words are not looked for.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")] = False,
) -> None:
    """Train an adapter on documents with truth. Example: `docproc finetune truth/ --base NVLM-D-72B --out adapter`."""
    need(_NEEDED)
    chosen = _schema(schema, truth)
    from docproc.bootstrap import load_settings, open_pages
    from docproc.nvlm.quiet import be_quiet
    from docproc.training.recipe import Recipe, Trained
    from docproc.training.run import Assignment
    from docproc.training.run import finetune as run_finetune

    be_quiet()
    recipe = Recipe(
        trained=Trained(train.value),
        epochs=epochs,
        steps=steps,
        pages_per_step=pages_per_step,
        pages_at_once=pages_at_once,
        learning_rate=learning_rate,
        lora_rank=lora_rank,
        four_bit=four_bit,
        seed=seed,
    )
    assignment = Assignment(
        truth=truth,
        schema=chosen,
        base=base,
        out=out,
        recipe=recipe,
        save_every=save_every,
        ocr=not no_ocr,
        resume=resume,
    )
    settings = load_settings()
    with open_pages(settings, workers=1, ocr=not no_ocr) as source, _watching() as watcher:
        outcome = run_finetune(assignment, source=source, limits=settings.limits, watcher=watcher)
    _sum_up(outcome, out)


def need(modules: Sequence[str]) -> None:
    """Say what to install before the command fails for want of it."""
    from importlib.util import find_spec

    if missing := [name for name in modules if find_spec(name) is None]:
        raise UsageError(f"{', '.join(missing)} missing: pip install 'docproc[finetune]'")


def _schema(reference: str | None, truth: Path) -> "ExtractionSchema":
    from schemas import load_schema

    if reference is not None:
        return load_schema(reference)
    if not truth.is_dir():
        raise NotFoundError(f"{truth}: no such folder")
    beside = truth / "schema.json"
    if not beside.is_file():
        raise UsageError(f"{truth}: no schema.json in it; name a schema with --schema")
    return load_schema(str(beside))


@contextmanager
def _watching() -> Iterator["Watcher"]:
    """Progress on standard error; the first Ctrl-C (or SIGTERM) stops behind the step, the second at once."""
    from rich import progress as rich_progress

    from docproc.cli.console import for_people
    from docproc.training.run import Watcher

    asked: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        asked.append(number)
        for_people().print("[yellow]finishing this step and saving; once more to stop at once[/]")
        signal.signal(number, signal.SIG_DFL)

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[remarks]}"),
        rich_progress.TimeRemainingColumn(),
    )
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with rich_progress.Progress(
            *columns, console=for_people(), transient=True, disable=not for_people().is_terminal
        ) as bar:
            documents = bar.add_task("documents", total=None, remarks="")
            steps = bar.add_task("steps", total=None, remarks="", visible=False)

            def on_document(done: int, total: int) -> None:
                bar.update(documents, completed=done, total=total, visible=done < total)

            def on_step(facts: "StepFacts", total: int) -> None:
                bar.update(steps, completed=facts.step, total=total, remarks=f"loss {facts.loss:.4f}", visible=True)

            yield Watcher(on_document=on_document, on_step=on_step, stop=lambda: bool(asked))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sum_up(outcome: "Outcome", out: Path) -> None:
    from docproc.cli.console import for_people, marked

    console = for_people()
    for document in outcome.left_out[:_SHOWN]:
        console.print(f"  left out: {marked(document.document)}: {marked(document.reason)}", soft_wrap=True)
    if len(outcome.left_out) > _SHOWN:
        console.print(f"  left out: {len(outcome.left_out) - _SHOWN} more")
    if not outcome.finished:
        console.print(
            f"[yellow]stopped[/] behind step {outcome.steps_done} of {outcome.steps or '?'}; "
            "go on with the same command and [bold]--resume[/]",
            soft_wrap=True,
        )
        raise typer.Exit(ExitCode.INTERRUPTED)
    console.print(f"{outcome.steps} steps over {outcome.pages} pages: {marked(str(out))}", soft_wrap=True)
