"""What a run tells of its steps: one JSON line each, and the loss as a plot; knows no network."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_SMOOTHED_OVER = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step. Never a value of a record: losses and counts only."""

    step: int
    #: mean over the learnt tokens
    loss: float
    learning_rate: float
    #: before it was clipped
    gradient_norm: float
    learnt_tokens: int
    seconds: float


class TrainingLog:
    """The log of a run, one line a step."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[StepFacts]:
        """Every step that was logged; a line that was cut short is not."""
        if not self._path.exists():
            return []
        whole, _, _ = self._path.read_bytes().rpartition(b"\n")
        return [StepFacts(**json.loads(line)) for line in whole.splitlines()]

    def cut_behind(self, step: int) -> None:
        """Forget the steps that will be done again."""
        kept = [facts for facts in self.read() if facts.step <= step]
        beside = self._path.with_suffix(".new")
        beside.write_text("".join(_line(facts) for facts in kept), encoding="utf-8")
        beside.replace(self._path)

    def append(self, facts: StepFacts) -> None:
        """Keep one more step."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(facts))


def _line(facts: StepFacts) -> str:
    return json.dumps(asdict(facts)) + "\n"


def smoothed(losses: Sequence[float]) -> list[float]:
    """A running mean that forgets, over a share of the whole run."""
    keep = 1 - 1 / max(1.0, _SMOOTHED_OVER * len(losses))
    means: list[float] = []
    for loss in losses:
        means.append(loss if not means else keep * means[-1] + (1 - keep) * loss)
    return means


def plot_losses(steps: Sequence[StepFacts], path: Path) -> None:
    """The loss of each step, and its running mean, as SVG."""
    import matplotlib as mpl  # noqa: PLC0415 it takes a second to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": "docproc", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 3.5), layout="constrained")
        axes = figure.add_subplot()
        numbers, losses = [facts.step for facts in steps], [facts.loss for facts in steps]
        axes.plot(numbers, losses, color="#b8c7d9", linewidth=0.8, label="step")
        axes.plot(numbers, smoothed(losses), color="#1f4e79", linewidth=1.6, label="running mean")
        axes.set(xlabel="step", ylabel="loss per learnt token", yscale="log")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        figure.savefig(path, metadata={"Date": None})
