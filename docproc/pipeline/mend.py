"""Asking again for what fails: only the failing values, at most twice, every attempt kept. Knows no particular reader.

The rules of a document are judged on a window only where it holds all printed pages: half of a table has no sum.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from docproc.domain.errors import DocumentError
from docproc.domain.extraction import record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.places import is_within, place_of, value_at, with_value
from docproc.domain.reading import Attempt, Reading, Route, Spent, Window
from docproc.domain.schema import ExtractionSchema, JsonValue
from docproc.pipeline.doubts import doubtful_paths, ungrounded_verbatim
from docproc.pipeline.grounded import GroundedReading, ground_reading
from docproc.pipeline.ports import Mender, Reader

T = TypeVar("T")

#: of one window, besides the first asking
MOST_MENDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was read, and what is wrong with it."""

    reading: Reading
    grounded: GroundedReading
    findings: tuple[Issue, ...]
    #: paths of values that are less certain than their thresholds ask
    doubtful: tuple[str, ...]
    #: a page was read as text that the reader could look at
    is_unseen: bool

    @property
    def asked_again(self) -> tuple[Issue, ...]:
        """What the reader is told: all that is wrong, and what is unsure where the page can still be looked at."""
        return (*self.findings, *(_unsure(path) for path in self.doubtful if self.is_unseen))

    @property
    def spent(self) -> Spent:
        """What it took to come to it."""
        said = self.reading
        return Spent(reader=said.reader, usage=said.usage, attempts=said.attempts, earlier=said.earlier)

    @property
    def open_paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for issue in self.asked_again for path in issue.fields))


def mended(reading: Reading, reader: Reader, *, window: Window, schema: ExtractionSchema) -> GroundedReading:
    """The reading grounded, its failing values asked again where the reader can do that.

    Of several answers the one with the fewest findings stands, the earlier of two that are equal. Raises what the
    window's checkpoint raises, once the window was told what had been answered; a reader that fails at mending leaves
    what was read.
    """
    vain, answers = list[Spent](), list[_Answer]()
    try:
        for answer in _answers(reading, reader, window, schema, vain=vain):
            answers.append(answer)
    except BaseException:
        for spent in (*(answer.spent for answer in answers), *vain):
            window.left(spent)
        raise
    best = min(answers, key=lambda answer: (len(answer.findings), len(answer.doubtful)))
    asked = {path for answer in answers[:-1] for path in answer.open_paths}
    return replace(
        best.grounded,
        usage=sum((spent.usage for spent in (*vain, *(answer.spent for answer in answers[1:]))), reading.usage),
        attempts=sum(spent.attempts for spent in (*vain, *(answer.spent for answer in answers))),
        earlier=(
            *(attempt for answer in answers for attempt in _attempts(answer, asked, stands=answer is best)),
            *(attempt for spent in vain for attempt in spent.earlier),
        ),
    )


def _answers(
    reading: Reading, reader: Reader, window: Window, schema: ExtractionSchema, *, vain: list[Spent]
) -> Iterator[_Answer]:
    """The first one and those after it; each asks for what was wrong with the one before. `vain`: what failed."""
    answer = _judged(reading, window, schema)
    yield answer
    # a reader that has asked again by itself has used that up
    left = MOST_MENDS - (reading.attempts - 1)
    while isinstance(reader, Mender) and answer.open_paths and left > 0:
        window.checkpoint()
        try:
            said = reader.mend(window, schema, reading=answer.reading, findings=answer.asked_again)
        except DocumentError as error:
            vain += [error.spent] if error.spent is not None else []
            return
        following = _judged(taken(answer.reading, said, answer.asked_again), window, schema)
        yield following
        if following.reading.record == answer.reading.record and following.is_unseen == answer.is_unseen:
            return  # it would say the same for ever
        answer, left = following, left - said.attempts


def _judged(reading: Reading, window: Window, schema: ExtractionSchema) -> _Answer:
    grounded = ground_reading(reading, window, schema)
    findings = dict.fromkeys(issue for issue in _findings(reading, grounded, window, schema) if issue.fields)
    return _Answer(
        reading=reading,
        grounded=grounded,
        findings=tuple(findings),
        doubtful=tuple(doubtful_paths(grounded.fields, schema)),
        is_unseen=any(reading.routes.get(number) is Route.TEXT for number in window.images),
    )


def _findings(reading: Reading, grounded: GroundedReading, window: Window, schema: ExtractionSchema) -> Iterator[Issue]:
    yield from (issue for issue in reading.issues if issue.code is IssueCode.WRONG_SHAPE)
    for issue in schema.check_shape(reading.record):
        if window.is_whole or issue.code is IssueCode.WRONG_SHAPE:
            yield issue
    if window.is_whole:
        rules = schema.check_rules(record_of(grounded.fields)).issues
        yield from (issue for issue in rules if issue.severity is not Severity.INFO)
    if window.pages:
        yield from (_not_verbatim(path) for path in ungrounded_verbatim(grounded.fields, schema))


def _not_verbatim(path: str) -> Issue:
    message = f"{path} must stand on the page as it is written, but does not."
    return Issue(code=IssueCode.UNGROUNDED, fields=(path,), severity=Severity.ERROR, message=message)


def _unsure(path: str) -> Issue:
    return Issue(code=IssueCode.LOW_CONFIDENCE, fields=(path,), message=f"{path} is not certain: look at it again.")


def taken(before: Reading, said: Reading, findings: Sequence[Issue]) -> Reading:
    """What was read before with the failing values of another answer, and nothing else of that.

    Silence mends nothing: a value that is there gives way to another value only, unless its form is wrong.
    """
    misshapen = {path for issue in findings if issue.code is IssueCode.WRONG_SHAPE for path in issue.fields}
    record, paths = before.record, set[str]()
    for path in dict.fromkeys(path for issue in findings for path in issue.fields):
        is_there, value = value_at(said.record, place_of(path))
        if is_there and (path in misshapen or not _is_empty(value)):
            record = with_value(record, place_of(path), value)
            paths.add(path)
    kept = tuple(issue for issue in before.issues if not _concerns(issue, paths))
    return replace(
        said,
        record=record,
        hints={**_of(before.hints, paths, is_open=False), **_of(said.hints, paths, is_open=True)},
        issues=(*kept, *(issue for issue in said.issues if not issue.fields or _concerns(issue, paths))),
        rejected={**_of(before.rejected, paths, is_open=False), **_of(said.rejected, paths, is_open=True)},
        routes={**before.routes, **said.routes},
        complete=before.complete,
    )


def _of(told: Mapping[str, T], paths: Collection[str], *, is_open: bool) -> Mapping[str, T]:
    """What is told of the paths that are open, or of all others."""
    return {path: what for path, what in told.items() if _is_open(path, paths) is is_open}


def _is_empty(value: JsonValue) -> bool:
    return value is None or value in ([], {})


def _is_open(path: str, paths: Collection[str]) -> bool:
    return any(is_within(path, outer) for outer in paths)


def _concerns(issue: Issue, paths: Collection[str]) -> bool:
    return bool(issue.fields) and all(_is_open(path, paths) for path in issue.fields)


def _attempts(answer: _Answer, paths: Collection[str], *, stands: bool) -> Iterator[Attempt]:
    """What was said before it that was no record, and itself unless it stands."""
    reading = answer.reading
    yield from reading.earlier
    if not stands:
        values = {
            path: reading.rejected.get(path, value_at(reading.record, place_of(path))[1]) for path in sorted(paths)
        }
        yield Attempt.of(values, answer.asked_again)
