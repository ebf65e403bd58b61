"""An evaluation for people and programs: tables, one JSON object, and what is wrong side by side in a file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from docproc.cli.console import for_output, for_people, marked
from docproc.cli.eval_table import comparison_table, field_table, figure_table, interval_words
from docproc.domain.errors import UsageError
from docproc.evaluation.compare import Comparison, Interval
from docproc.evaluation.judge import JudgedDocument, Wrong
from docproc.evaluation.summary import Summary
from docproc.exports.staging import refuse_existing, rehearse, staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One reader's documents and figures."""

    name: str
    documents: Sequence[JudgedDocument]
    summary: Summary
    #: of the overall score, 95 %
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One reader, or two over the same documents."""

    schema: str
    scored: Sequence[Scored]
    comparison: Comparison | None
    #: fields of the truth that the schema does not have
    unscored: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "documents": len(self.scored[0].documents),
            "unscored": list(self.unscored),
            "readers": [
                {
                    "name": one.name,
                    **one.summary.to_json(),
                    "overall_95": [round(one.interval.low, 6), round(one.interval.high, 6)],
                }
                for one in self.scored
            ],
            "comparison": self.comparison.to_json() if self.comparison is not None else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongField:
    """A field that at least one reader has wrong; None where that reader is right."""

    file: str
    path: str
    true: object
    given: Sequence[Wrong | None]


def wrong_fields(evaluation: Evaluation) -> Iterator[WrongField]:
    """Document by document, in the order of the schema's fields."""
    for documents in zip(*(one.documents for one in evaluation.scored), strict=True):
        found = [{wrong.path: wrong for wrong in document.wrong} for document in documents]
        for path in documents[0].fields:
            given = [wrongs.get(path) for wrongs in found]
            known = next((wrong for wrong in given if wrong is not None), None)
            if known is not None:
                yield WrongField(file=documents[0].file, path=path, true=known.true, given=given)


def check_target(target: Path | None, *, suffixes: Sequence[str], overwrite: bool) -> None:
    """Before any work: raises UsageError for what cannot be written there, ConflictError when it exists."""
    if target is None:
        return
    if target.suffix.lower() not in suffixes:
        raise UsageError(f"--out {target.name}: docproc eval writes {' or '.join(suffixes)} here")
    if not overwrite:
        refuse_existing(target)
    rehearse(target)


def show(evaluation: Evaluation, *, as_json: bool) -> None:
    """Figures to standard output, remarks to standard error."""
    console = for_output()
    if as_json:
        typer.echo(json.dumps(evaluation.to_json()))
    else:
        for one in evaluation.scored:
            console.print(field_table(one.summary, title=f"{one.name}, {evaluation.schema}"))
        names = [one.name for one in evaluation.scored]
        console.print(figure_table(names, [one.summary for one in evaluation.scored], evaluation.comparison))
        if evaluation.comparison is not None:
            console.print(comparison_table(evaluation.comparison, names))
    _remark(evaluation)


def write(evaluation: Evaluation, target: Path, *, overwrite: bool) -> None:
    """What is wrong, side by side: a page for people, or a line a field for programs."""
    with staged(target, overwrite=overwrite) as scratch:
        if target.suffix.lower() == ".html":
            from docproc.cli.eval_page import page_html

            (scratch / target.name).write_text(page_html(evaluation), encoding="utf-8")
        else:
            with (scratch / target.name).open("w", encoding="utf-8") as lines:
                lines.writelines(
                    json.dumps(_line(one, evaluation), ensure_ascii=False) + "\n" for one in wrong_fields(evaluation)
                )
    for_people().print(f"wrong values: {marked(str(target))}", soft_wrap=True)


def _line(wrong: WrongField, evaluation: Evaluation) -> dict[str, Any]:
    given = {
        one.name: "right" if found is None else {key: value for key, value in asdict(found).items() if key in _GIVEN}
        for one, found in zip(evaluation.scored, wrong.given, strict=True)
    }
    return {"file": wrong.file, "field": wrong.path, "truth": wrong.true, "given": given}


_GIVEN = ("given", "confidence", "page")


def _remark(evaluation: Evaluation) -> None:
    console = for_people()
    for one in evaluation.scored:
        low, high = 100 * one.interval.low, 100 * one.interval.high
        console.print(
            f"{marked(one.name)}: overall {100 * one.summary.overall:.1f} "
            f"(95 % interval {low:.1f} to {high:.1f}) on {one.summary.documents} documents",
            soft_wrap=True,
        )
        if one.summary.missing or one.summary.failed:
            console.print(f"  [yellow]{one.summary.missing} did not come out, {one.summary.failed} failed[/]")
    if evaluation.unscored:
        names = marked(", ".join(evaluation.unscored))
        console.print(f"[yellow]not scored, for the schema has no such field:[/] {names}", soft_wrap=True)
    if evaluation.comparison is not None:
        _, interval = interval_words(evaluation.comparison.differences["overall"])
        words = "differs" if evaluation.comparison.differences["overall"].differs else "is no different beyond chance"
        console.print(f"the second {words}: {interval} points overall", soft_wrap=True)
