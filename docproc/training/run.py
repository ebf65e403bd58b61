"""A run in a folder: examples, steps, checkpoints, log, plot, adapter; goes on where it was stopped or killed."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor

import docproc
from docproc.domain.errors import ConflictError, NotFoundError
from docproc.domain.image import TileCanvas
from docproc.domain.schema import ExtractionSchema
from docproc.intake import Limits
from docproc.nvlm import NvlmDConfig, NvlmProcessor
from docproc.nvlm.adapter import ADAPTER_FILE, write_adapter
from docproc.nvlm.question import QUESTION_VERSION, record_question
from docproc.pages.source import DocprocPages
from docproc.training.batches import Batcher, batches_ahead
from docproc.training.checkpoints import Checkpoints
from docproc.training.examples import Example, ExampleFile, Finder, LeftOut, look_at
from docproc.training.log import StepFacts, TrainingLog, plot_losses
from docproc.training.network import four_bits, open_for_training, read_base_config
from docproc.training.page_images import KeptPages, drawing
from docproc.training.recipe import Recipe
from docproc.training.steps import make_optimizer, training_steps
from docproc.training.truth import DOCUMENTS, TruthDocument, TruthError, read_truth

_RUN, _EXAMPLES, _LOG, _PLOT, _CHECKPOINTS = "run.json", "pages.jsonl", "log.jsonl", "loss.svg", "checkpoints"
#: of each file of weights, tensors behind the header among them
_DIGESTED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is to be trained, on what, and where it is kept."""

    truth: Path
    schema: ExtractionSchema
    base: Path
    out: Path
    recipe: Recipe
    save_every: int = 100
    ocr: bool = True
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who is told how far a run is, and says when it should stop."""

    #: documents looked at, documents in all
    on_document: Callable[[int, int], None]
    #: the step that was done, steps in all
    on_step: Callable[[StepFacts, int], None]
    stop: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended."""

    #: False: it was stopped, and can go on
    finished: bool
    steps_done: int = 0
    steps: int = 0
    pages: int = 0
    left_out: Sequence[LeftOut] = field(default_factory=tuple)


def finetune(assignment: Assignment, *, source: DocprocPages, limits: Limits, watcher: Watcher) -> Outcome:
    """Train to the end, or until the watcher says stop.

    Raises UsageError for what cannot be done, DivergedError when the loss is no number any more.
    """
    documents = read_truth(assignment.truth)
    config = read_base_config(assignment.base)
    if assignment.recipe.four_bit:
        four_bits(gpu=torch.cuda.is_available())  # said before anything is written
    _open_folder(assignment, documents)
    finder = Finder(source=source, schema=assignment.schema, limits=limits, ocr=assignment.ocr)
    with _alone_in(assignment.out):
        examples, left_out, whole = _examples(assignment, documents, finder=finder, watcher=watcher)
        if not whole:
            return Outcome(finished=False, pages=len(examples), left_out=left_out)
        if not examples:
            raise TruthError(f"{assignment.truth}: no document gives a page; the first: {left_out[0].reason}")
        done = _train(assignment, examples, source=source, config=config, watcher=watcher)
    steps = assignment.recipe.step_count(len(examples))
    return Outcome(finished=done == steps, steps_done=done, steps=steps, pages=len(examples), left_out=left_out)


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Nobody else goes on with the run meanwhile; the lock ends with the process, however it ends."""
    with (out / _RUN).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise ConflictError(f"{out}: another process is at this run") from exc
        yield


def _open_folder(assignment: Assignment, documents: Sequence[TruthDocument]) -> None:
    """Begin or go on in the folder of the run. Raises ConflictError or NotFoundError."""
    out, facts = assignment.out, _facts(assignment, documents)
    if not assignment.resume:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConflictError(
                f"{out} exists and is not an empty folder; a run that was stopped goes on with --resume"
            )
        out.mkdir(parents=True, exist_ok=True)
        (out / _RUN).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return
    if not (out / _RUN).is_file():
        raise NotFoundError(f"{out}: no run in it to go on with")
    if (out / ADAPTER_FILE).exists():
        raise ConflictError(f"{out}: the run has ended already")
    before = json.loads((out / _RUN).read_text(encoding="utf-8"))
    if changed := sorted(key for key in facts.keys() | before.keys() if facts.get(key) != before.get(key)):
        raise ConflictError(f"{out}: the run was begun otherwise: {', '.join(changed)} differ")


def _facts(assignment: Assignment, documents: Sequence[TruthDocument]) -> dict[str, Any]:
    """What decides how a run ends: a run that goes on must have the same."""
    told = [(document.name, dict(document.fields)) for document in documents]
    facts = {
        "docproc": docproc.__version__,
        "base": _base_digest(assignment.base),
        "truth": _digest(json.dumps(told, sort_keys=True)),
        "documents": len(documents),
        "schema": assignment.schema.label,
        "question": _digest(record_question(assignment.schema)),
        "question_version": QUESTION_VERSION,
        "ocr": assignment.ocr,
        "recipe": asdict(assignment.recipe),
    }
    return dict(json.loads(json.dumps(facts)))


def _base_digest(folder: Path) -> str:
    """Tells checkpoints apart wherever they lie: by their configuration, and by how each of their files begins."""
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(f"{path.name} {path.stat().st_size}".encode() + file.read(_DIGESTED_BYTES))
    return digest.hexdigest()[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _examples(
    assignment: Assignment, documents: Sequence[TruthDocument], *, finder: Finder, watcher: Watcher
) -> tuple[list[Example], list[LeftOut], bool]:
    """The examples, the documents that give none, and whether all were looked at."""
    examples: list[Example] = []
    left_out: list[LeftOut] = []
    looked = look_at(documents, ExampleFile(assignment.out / _EXAMPLES), find=finder)
    for number, found in enumerate(looked, start=1):
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            examples += found
        watcher.on_document(number, len(documents))
        if watcher.stop():
            return examples, left_out, False
    return examples, left_out, True


def _train(
    assignment: Assignment,
    examples: Sequence[Example],
    *,
    source: DocprocPages,
    config: NvlmDConfig,
    watcher: Watcher,
) -> int:
    """Train from the newest checkpoint on; how many steps are done in all."""
    recipe, out = assignment.recipe, assignment.out
    torch.manual_seed(recipe.seed)
    model = open_for_training(assignment.base, recipe)
    optimizer = make_optimizer(model, recipe)
    checkpoints, log = Checkpoints(out / _CHECKPOINTS), TrainingLog(out / _LOG)
    steps, done = recipe.step_count(len(examples)), checkpoints.restore(model=model, optimizer=optimizer)
    log.cut_behind(done)
    saved = done
    batches = batches_ahead(
        _batcher(assignment, source=source, config=config), examples, recipe, first=done, last=steps
    )
    with closing(batches):
        for facts in training_steps(model, batches, recipe, optimizer=optimizer, first=done, steps=steps):
            done = facts.step
            log.append(facts)
            watcher.on_step(facts, steps)
            stop = watcher.stop()
            if stop or done - saved == assignment.save_every:
                checkpoints.save(done, model=model, optimizer=optimizer)
                plot_losses(log.read(), out / _PLOT)
                saved = done
            if stop:
                break
    if done == steps:
        plot_losses(log.read(), out / _PLOT)
        write_adapter(out, model, facts={"base": str(assignment.base.resolve()), **_told(assignment, done)})
    return done


def _batcher(assignment: Assignment, *, source: DocprocPages, config: NvlmDConfig) -> Batcher:
    spec = TileCanvas(tile_px=config.tile_px, max_tiles=config.max_tiles)
    draw = KeptPages(drawing(source, assignment.truth / DOCUMENTS, spec))
    processor: NvlmProcessor = AutoProcessor.from_pretrained(assignment.base)
    return Batcher(processor, record_question(assignment.schema), draw=draw)


def _told(assignment: Assignment, steps: int) -> dict[str, Any]:
    """What adapter.json says of the run."""
    return {
        "schema": assignment.schema.label,
        "question_version": QUESTION_VERSION,
        "steps": steps,
        "recipe": asdict(assignment.recipe),
    }
