"""Figures of one or two readers as tables on a terminal."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from docproc.cli.console import marked
from docproc.evaluation.compare import Comparison, Interval, McNemar
from docproc.evaluation.summary import FieldFigures, Summary

#: figure of a summary, how people call it
FIGURES: Mapping[str, str] = {
    "overall": "overall",
    "entity_f1_strict": "entity F1, strict",
    "entity_f1": "entity F1, normalised",
    "anls": "ANLS of texts",
    "row_f1": "row F1",
    "omission_rate": "omission rate",
    "hallucination_rate": "hallucination rate",
    "valid_rate": "valid output",
    "documents_right": "documents fully right",
}
CALIBRATION: Mapping[str, str] = {
    "ece": "calibration error",
    "brier": "Brier score",
    "auroc": "AUROC of confidence",
    "coverage_95": "accepted unseen at 95 %",
    "coverage_99": "accepted unseen at 99 %",
}
_EFFORT: Mapping[str, str] = {
    "model_share": "share of pages read by a model",
    "seconds_per_page": "seconds a page",
    "cost_per_page": "cost a page",
}


def field_table(summary: Summary, *, title: str) -> Table:
    """One line a field."""
    table = Table(title=marked(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("field", overflow="fold")
    table.add_column("measure")
    for name in ("n", "score", "strict", "norm", "ANLS", "prec", "recall", "F1", "row F1", "omitted", "invented"):
        table.add_column(name, justify="right", no_wrap=True)
    for path, figures in summary.fields.items():
        table.add_row(marked(path), figures.measure.value, *_cells(figures))
    return table


def figure_table(names: Sequence[str], summaries: Sequence[Summary], comparison: Comparison | None) -> Table:
    """One line a figure, one column a reader; of two readers their difference with its interval."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in names:
        table.add_column(marked(name), justify="right", no_wrap=True)
    if comparison is not None:
        table.add_column("difference", justify="right", no_wrap=True)
        table.add_column("95 % interval", justify="right", no_wrap=True)
    for key, label in FIGURES.items():
        values = [getattr(summary, key) for summary in summaries]
        if any(value is not None for value in values):
            table.add_row(label, *map(percent, values), *_difference(comparison, key))
    for key, label in {**CALIBRATION, **_EFFORT}.items():
        values = [_beyond(summary, key) for summary in summaries]
        if any(value is not None for value in values):
            table.add_row(label, *(_number(value) for value in values), *([""] * 2 if comparison else []))
    return table


def comparison_table(comparison: Comparison, names: Sequence[str]) -> Table:
    """One line a field: the difference of the scores, and on how many documents only one of the two is right."""
    table = Table(title="second minus first", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("field", overflow="fold")
    for name in ("difference", "95 % interval", f"only {names[0]}", f"only {names[1]}", "p (McNemar)"):
        table.add_column(marked(name), justify="right", no_wrap=True)
    for path, difference in comparison.fields.items():
        table.add_row(marked(path), *interval_words(difference), *_split(comparison.fields_right[path]))
    table.add_row("[bold]documents fully right[/]", "", "", *_split(comparison.documents_right))
    return table


def interval_words(interval: Interval) -> tuple[str, str]:
    """`+1.2` and `-0.3 … +2.7`, in percentage points; marked where chance does not explain it."""
    mark = " *" if interval.differs else ""
    return _points(interval.value), f"{_points(interval.low)} … {_points(interval.high)}{mark}"


def percent(value: float | None) -> str:
    """In per cent with one decimal; nothing for nothing."""
    return "" if value is None else f"{100 * value:.1f}"


def _points(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:+.1f}"  # what rounds to zero has no minus


def _beyond(summary: Summary, key: str) -> float | None:
    found = getattr(summary, key) if key in _EFFORT else getattr(summary.calibration, key, None)
    return None if found is None else float(found)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value >= 0.001 or value == 0 else f"{value:.2g}"  # noqa: PLR2004


def _cells(figures: FieldFigures) -> list[str]:
    shares = (figures.strict, figures.normalised, figures.anls, figures.precision, figures.recall, figures.f1)
    return [
        str(figures.documents),
        percent(figures.score),
        *map(percent, shares),
        percent(figures.row_f1),
        str(figures.omitted),
        str(figures.invented),
    ]


def _difference(comparison: Comparison | None, key: str) -> Sequence[str]:
    if comparison is None:
        return ()
    found = comparison.differences.get(key)
    return ("", "") if found is None else interval_words(found)


def _split(outcome: McNemar) -> tuple[str, str, str]:
    return str(outcome.only_first), str(outcome.only_second), f"{outcome.p:.3f}"
