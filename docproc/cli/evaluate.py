"""`docproc eval`: how well readers read documents whose truth is known, and the official scores of benchmarks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.extract import DateOrder
from docproc.cli.model_options import RouteName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docproc.bootstrap import Desk
    from docproc.cli.eval_reading import Course, Outcome
    from docproc.cli.eval_report import Evaluation, Scored
    from docproc.cli.eval_sets import TruthSet
    from docproc.domain.schema import ExtractionSchema
    from docproc.evaluation.judge import Rules
    from docproc.evaluation.summary import Price
    from docproc.services.records import JobOptions

_MOST = 2


def evaluate(
    truth: Annotated[
        Path | None,
        typer.Argument(help="A set (truth/, docs/, schema.json), a folder of truth files, or JSONL.", metavar="TRUTH"),
    ] = None,
    schema: Annotated[
        str | None, typer.Option("--schema", "-s", help="NAME, FILE.json or module:Class; by default the set's own.")
    ] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Who reads; give two to compare them.")] = None,
    endpoint: Annotated[list[str] | None, typer.Option(metavar="URL", help="With --reader remote: its server.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="DIR|NAME", help="With vlm: the model's folder; with remote: its name.")
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --reader vlm: what fine-tuning made.")
    ] = None,
    route: Annotated[RouteName | None, typer.Option(help="What of a page a model is shown.")] = None,
    predictions: Annotated[
        list[Path] | None, typer.Option(metavar="F.jsonl", help="Score what was extracted before, instead of reading.")
    ] = None,
    job: Annotated[list[str] | None, typer.Option(help="Score a job: its id, or `last`.")] = None,
    docs: Annotated[Path | None, typer.Option(help="Where the documents are; by default docs/ of the set.")] = None,
    questions: Annotated[
        list[Path] | None, typer.Option(metavar="F.jsonl", help="What to ask of each document; or of a benchmark.")
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="Of a benchmark: what the model answered.")] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="Score --answers by the official metric of this benchmark; `list` shows them.")
    ] = None,
    relaxed: Annotated[list[str] | None, typer.Option(metavar="FIELD", help="Numbers within 5 % are right.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="Order of dates such as 03/04/2025.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Documents at a time.")] = None,
    reuse: Annotated[bool, typer.Option("--reuse", help="Take earlier readings; seconds then say nothing.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the jobs in the data folder.")] = False,
    price_per_page: Annotated[float | None, typer.Option(min=0, help="What a page costs.")] = None,
    price_per_hour: Annotated[float | None, typer.Option(min=0, help="What an hour of the machines costs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="F.html|F.jsonl", help="What is wrong, side by side.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
) -> None:
    """Score readers against known truth. Example: `docproc eval sets/receipts --reader layout --reader auto`."""
    from docproc.cli.eval_report import check_target

    if benchmark is not None:
        from docproc.cli.eval_benchmark import score_benchmark

        check_target(out, suffixes=(".jsonl",), overwrite=overwrite)
        score_benchmark(benchmark, questions or [], answers, out=out, as_json=as_json, overwrite=overwrite)
        return
    from docproc.bootstrap import READERS, load_settings, open_desk, require_readable
    from docproc.cli.eval_report import show, write
    from docproc.cli.eval_sets import load_truth
    from docproc.cli.model_options import ModelOptions, for_readers
    from docproc.domain.errors import UsageError
    from docproc.evaluation.judge import Rules
    from docproc.evaluation.summary import Price
    from docproc.services.records import JobOptions

    if truth is None:
        raise UsageError("docproc eval needs TRUTH: a set, a folder of truth files or a JSONL file")
    check_target(out, suffixes=(".html", ".jsonl"), overwrite=overwrite)
    known = load_truth(truth, docs=docs)
    chosen = _schema(schema, known)
    names = _names(reader, predictions, job, known=(*READERS, *load_settings().readers))
    told = ModelOptions(endpoint=endpoint, model=model, adapter=adapter, route=route)
    settings = for_readers(load_settings(), names, told)
    for name in names:
        require_readable(chosen, name, settings)
    day_first = settings.day_first if date_order is None else {"dmy": True, "mdy": False}.get(date_order.value)
    rules = Rules(
        schema=chosen,
        relaxed=known.relaxed | frozenset(relaxed or ()),
        day_first=True if day_first is None else day_first,
    )
    unscored = _unscored(known, chosen)
    options = JobOptions(day_first=day_first, reuse=reuse, workers=workers)
    desk = open_desk(settings)
    course = _course(desk, chosen, options, questions=questions or [], keep=keep)
    before = list(_read_before(desk, chosen, jobs=job or [], files=predictions or []))
    outcomes = [*(_read(course, name, known) for name in names), *before]
    price = Price(per_page=price_per_page, per_hour=price_per_hour)
    evaluation = _evaluation(known, outcomes, rules, price=price, unscored=unscored)
    show(evaluation, as_json=as_json)
    if out is not None:
        write(evaluation, out, overwrite=overwrite)


def _schema(reference: str | None, known: "TruthSet") -> "ExtractionSchema":
    from docproc.cli.extract import absolute_reference
    from docproc.domain.errors import UsageError
    from schemas import load_schema

    if reference is None and known.schema is None:
        raise UsageError("docproc eval needs --schema: the truth has no schema.json beside it")
    return load_schema(absolute_reference(reference or str(known.schema)))


def _unscored(known: "TruthSet", schema: "ExtractionSchema") -> "Sequence[str]":
    """Fields of the truth that the schema does not have. Raises UsageError when it has none of them."""
    from docproc.domain.errors import UsageError
    from docproc.evaluation.truth import unknown_fields

    unknown = {name for truth in known.truths for name in unknown_fields(truth.fields, schema.fields)}
    if unknown >= {name for truth in known.truths for name in truth.fields}:
        raise UsageError(f"{schema.label} has none of the fields that the truth names")
    return sorted(unknown)


def _names(
    readers: "Sequence[str] | None",
    predictions: "Sequence[Path] | None",
    jobs: "Sequence[str] | None",
    *,
    known: "Sequence[str]",
) -> "Sequence[str]":
    """The readers to read with. Raises UsageError for more than can be compared, and for one that is not known."""
    from docproc.domain.errors import UsageError

    others = len(predictions or ()) + len(jobs or ())
    names = list(readers or ()) or ([] if others else ["auto"])
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no reader called {unknown[0]!r}; there are {', '.join(known)}")
    if len(names) + others > _MOST:
        raise UsageError("one is scored or two are compared: give at most two of --reader, --predictions, --job")
    return names


def _course(
    desk: "Desk", schema: "ExtractionSchema", options: "JobOptions", *, questions: "Sequence[Path]", keep: bool
) -> "Course":
    from docproc.cli.eval_reading import Course
    from docproc.cli.questions import load_questions, require_answer

    asked: Mapping[str, str] = {name: text for path in questions for name, text in load_questions(path).items()}
    if asked:
        require_answer(schema)
    return Course(desk=desk, schema=schema, options=options, questions=asked, keep=keep)


def _read(course: "Course", reader: str, known: "TruthSet") -> "Outcome":
    from dataclasses import replace

    from docproc.cli.eval_reading import read_set

    return read_set(replace(course, options=replace(course.options, reader=reader)), known)


def _read_before(
    desk: "Desk", schema: "ExtractionSchema", *, jobs: "Sequence[str]", files: "Sequence[Path]"
) -> "Iterator[Outcome]":
    from docproc.cli.eval_reading import Outcome, given_by
    from docproc.cli.eval_sets import load_predictions
    from docproc.cli.job_arguments import find_job

    for reference in jobs:
        found = find_job(desk, reference)
        yield Outcome(name=f"job {str(found.id)[:8]}", documents=given_by(desk, found, schema))
    for path in files:
        yield Outcome(name=path.stem, documents=load_predictions(path, schema))


def _evaluation(
    known: "TruthSet", outcomes: "Sequence[Outcome]", rules: "Rules", *, price: "Price", unscored: "Sequence[str]"
) -> "Evaluation":
    from docproc.cli.eval_report import Evaluation, Scored
    from docproc.cli.eval_sets import named
    from docproc.evaluation.compare import compare, interval_of
    from docproc.evaluation.judge import judge
    from docproc.evaluation.summary import effort_of, summarise

    scored: list[Scored] = []
    for outcome in outcomes:
        judged = [judge(truth, named(outcome.documents, truth.file), rules) for truth in known.truths]
        effort = effort_of(judged, wall_seconds=outcome.wall_seconds, price=price)
        scored.append(
            Scored(
                name=_distinct(outcome.name, scored),
                documents=judged,
                summary=summarise(judged, effort),
                interval=interval_of(judged),
            )
        )
    return Evaluation(
        schema=rules.schema.label,
        scored=scored,
        comparison=compare(scored[0].documents, scored[1].documents) if len(scored) == _MOST else None,
        unscored=unscored,
    )


def _distinct(name: str, others: "Sequence[Scored]") -> str:
    """A name that no other column has: a reader may be compared with itself."""
    return f"{name} (2)" if any(other.name == name for other in others) else name
