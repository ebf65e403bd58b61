"""`docproc eval --benchmark`: what a model answered, scored by the official metric over the data set's own files."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from docproc.cli.console import for_output, for_people, marked
from docproc.cli.json_files import read_json, read_lines
from docproc.domain.errors import UsageError
from docproc.evaluation.benchmark_files import Question, answers_of, questions_of
from docproc.evaluation.benchmarks import BENCHMARKS, Benchmark, Marked, Score, benchmark, mark_all, score
from docproc.exports.staging import staged

#: a table of MMBench holds its images
_LONGEST_CELL = 64 * 1024 * 1024


def score_benchmark(
    name: str, questions: Sequence[Path], answers: Path | None, *, out: Path | None, as_json: bool, overwrite: bool
) -> None:
    """Print the score, and write what is not fully right to `out`."""
    if name == "list":
        _list()
        return
    one = benchmark(name)
    if not questions or answers is None:
        raise UsageError(f"--benchmark {name} needs --questions FILE of the data set and --answers FILE of the model")
    asked = [question for path in questions for question in _questions(path)]
    said = answers_of(_parsed(answers)).of(asked)
    if all(answer is None for answer in said):
        raise UsageError(f"{answers}: none of its answers belongs to a question, by id or by number")
    found = mark_all(one, asked, said)
    figures = score(one, found)
    if as_json:
        typer.echo(json.dumps(figures.to_json()))
    else:
        for_output().print(_table(one, figures))
    _remark(figures)
    if out is not None:
        with staged(out, overwrite=overwrite) as scratch, (scratch / out.name).open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(found))


def _questions(path: Path) -> list[Question]:
    try:
        return questions_of(_parsed(path), split=path.stem)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}") from error


def _parsed(path: Path) -> Any:  # noqa: ANN401 plain JSON
    match path.suffix.lower():
        case ".jsonl":
            return list(read_lines(path))
        case ".tsv" | ".csv":
            return list(_table_rows(path))
        case ".json":
            return read_json(path)
    raise UsageError(f"{path}: neither .json, .jsonl, .tsv nor .csv; write Parquet as one of these first")


def _table_rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(f"{path}: cannot be read as a table") from exc


def _list() -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("benchmark", "data set", "metric"):
        table.add_column(column)
    for one in BENCHMARKS.values():
        table.add_row(one.name, one.title, one.metric)
    for_output().print(table)


def _table(one: Benchmark, figures: Score) -> Table:
    table = Table(title=f"{one.title}, {one.metric}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("points" if one.in_points else "%", justify="right")
    for name, figure in {**figures.groups, **figures.splits}.items():
        table.add_row(marked(name), f"{figure:.2f}")
    table.add_row("[bold]all[/]", f"[bold]{figures.score:.2f}[/]")
    return table


def _remark(figures: Score) -> None:
    parts = [f"{figures.questions} questions"]
    if figures.unanswered:
        parts.append(f"[yellow]{figures.unanswered} without an answer[/]")
    if figures.unread:
        parts.append(f"[yellow]{figures.unread} from which no option could be told[/]")
    for_people().print(", ".join(parts))


def _lines(found: Sequence[Marked]) -> Iterator[dict[str, Any]]:
    for entry in found:
        if entry.mark.points < 1:
            yield {
                "id": entry.question.id,
                "question": entry.question.text,
                "truth": list(entry.question.answers),
                "answer": entry.answer,
                "read_as": entry.mark.read_as,
                "points": entry.mark.points,
            }
