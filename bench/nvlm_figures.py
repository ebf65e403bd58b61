"""Measured figures beside their bounds, as a table, a plot and a JSON line; knows no network."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: shares of the bounds that count as good
GOAL_PREFILL, GOAL_DECODE = 0.55, 0.65
_MEASURED, _BOUND = "#4477aa", "#ee6677"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure, its bound, and how much of the bound was reached."""

    what: str
    rows: int
    ms: float | None
    bound_ms: float | None
    tokens_per_s: float | None = None
    peak_gib: float | None = None
    #: why there is no figure
    fault: str | None = None

    @property
    def share(self) -> float | None:
        """Of the bound; None where either is unknown."""
        return self.bound_ms / self.ms if self.bound_ms and self.ms else None


def show(figures: list[Measured]) -> None:
    """The table on the terminal."""
    print(f"{'':22}{'ms':>10}{'bound ms':>10}{'share':>8}{'tokens/s':>10}{'peak GiB':>10}")
    for one in figures:
        share = "-" if one.share is None else f"{one.share:.0%}"
        print(
            f"{one.what:22}{_cell(one.ms, 2)}{_cell(one.bound_ms, 2)}{share:>8}"
            f"{_cell(one.tokens_per_s, 1)}{_cell(one.peak_gib, 1)}  {one.fault or ''}".rstrip()
        )


def _cell(value: float | None, places: int) -> str:
    return f"{'-' if value is None else f'{value:,.{places}f}':>10}"


def plot(figures: list[Measured], path: Path, title: str) -> None:
    """Prefill beside its bound, and tokens a second over rows beside theirs."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    reading = [one for one in figures if one.tokens_per_s is None and one.ms is not None]
    names = [one.what for one in reading]
    left.barh(names, [one.ms or 0 for one in reading], color=_MEASURED, label="measured")
    left.barh(names, [one.bound_ms or 0 for one in reading], height=0.3, color=_BOUND, label="bound")
    left.set(xlabel="ms a page of seven tiles")
    writing = [one for one in figures if one.tokens_per_s is not None]
    rows = [one.rows for one in writing]
    right.plot(rows, [one.tokens_per_s for one in writing], "o-", color=_MEASURED, label="measured")
    if bounds := [one.rows / one.bound_ms * 1e3 for one in writing if one.bound_ms]:
        right.plot(rows, bounds, "--", color=_BOUND, label="bound")
        right.plot(rows, [GOAL_DECODE * bound for bound in bounds], ":", color="#bbbbbb", label=f"{GOAL_DECODE:.0%}")
    right.set(xlabel="rows at once", ylabel="tokens a second", xticks=rows, xlim=(0, None), ylim=(0, None))
    for axes in (left, right):
        axes.legend(frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def told(figures: list[Measured]) -> list[dict[str, Any]]:
    """The figures for the JSON line."""
    return [
        {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in (asdict(one) | {"share": one.share}).items()
        }
        for one in figures
    ]


def goals(figures: list[Measured]) -> dict[str, bool | None]:
    """Whether the goals are met; None where there is no figure or no bound."""
    prefill = [one.share for one in figures if one.what == "prefill of a page"]
    steps = [one.share for one in figures if one.what.startswith("step")]
    known = [share for share in steps if share is not None]
    return {
        "prefill": prefill[0] >= GOAL_PREFILL if prefill and prefill[0] is not None else None,
        "decode": all(share >= GOAL_DECODE for share in known) if known else None,
    }
