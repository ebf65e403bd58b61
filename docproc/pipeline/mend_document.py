"""Which readings of a document a finding on the whole of it concerns, and whether another answer mends it. Pure.

A sum over several windows is judged once they are merged. The values that it names are asked again where they stand,
window by window; what is missing everywhere is not asked for again, for every window had its turn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from docproc.domain.errors import DocumentError
from docproc.domain.extraction import FieldTree, FieldValue, field_leaves, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.places import is_within, place_of, value_at
from docproc.domain.reading import Attempt, FieldHint, Reading, Usage, Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.grounded import GroundedReading, ground_reading
from docproc.pipeline.mend import MOST_MENDS, taken
from docproc.pipeline.merge import merge
from docproc.pipeline.ports import Mender, Reader

#: a longer document is not gone through again
MOST_WINDOWS = 64
_RULES = frozenset(
    {
        IssueCode.SUM_MISMATCH,
        IssueCode.LINES_MISMATCH,
        IssueCode.DATE_ORDER,
        IssueCode.CHECK_DIGIT,
        IssueCode.SAME_PARTY,
    }
)


def findings_by_reading(
    readings: Sequence[GroundedReading], schema: ExtractionSchema, *, can_mend: Callable[[str], bool]
) -> Mapping[int, tuple[Issue, ...]]:
    """What is to be asked again, by the place of the reading; with the paths that the values have there.

    Args:
        readings: all of a document, in page order.
        schema: the schema that they were read under.
        can_mend: whether a reader of that name can be asked again.
    """
    if not 1 < len(readings) <= MOST_WINDOWS:  # a document in one window was judged as a whole when it was read
        return {}
    merged = merge(readings, schema).fields
    rules = schema.check_rules(record_of(merged)).issues
    failing = [issue for issue in rules if issue.code in _RULES and issue.severity is not Severity.INFO]
    found = {}
    for place, reading in enumerate(readings):
        if can_mend(reading.reader) and reading.attempts <= MOST_MENDS:
            issues = tuple(_here(failing, merged, reading))
            found.update({place: issues} if issues else {})
    return found


def _here(failing: Sequence[Issue], merged: Mapping[str, FieldTree], reading: GroundedReading) -> Iterator[Issue]:
    """The findings on values that stand on the pages of this reading, by their paths in it."""
    own = {mark: path for path, leaf in field_leaves(reading.fields) if (mark := _mark(path, leaf)) is not None}
    for issue in failing:
        leaves = [
            (path, leaf)
            for path, leaf in field_leaves(dict(merged))
            if any(is_within(path, named) for named in issue.fields)
        ]
        paths = tuple(dict.fromkeys(own[mark] for path, leaf in leaves if (mark := _mark(path, leaf)) in own))
        if paths:
            yield issue.model_copy(update={"fields": paths})


def _mark(path: str, leaf: FieldValue) -> object:
    """What is the same of a value in its reading and in the merged record: its field and where it stands."""
    if not leaf.evidence:
        return None
    field = tuple(step for step in place_of(path) if isinstance(step, str))
    return field, leaf.evidence[0].page, leaf.evidence[0].box


def mended_in_document(
    readings: Sequence[GroundedReading], place: int, window: Window, schema: ExtractionSchema, *, reader: Mender
) -> GroundedReading:
    """The reading at `place` after it was asked once more for what fails in the document; counted in any case.

    The new answer stands when the document has fewer findings with it; `usage` is that of this asking. Raises what the
    window's checkpoint raises.
    """
    reading = readings[place]
    findings = findings_by_reading(readings, schema, can_mend=lambda _: True).get(place, ())
    if not findings:  # another window has mended it meanwhile
        return reading
    before = _as_read(reading)
    try:
        said = reader.mend(window, schema, reading=before, findings=findings)
    except DocumentError as error:  # it had its turns
        usage, vain = (error.spent.usage, error.spent.earlier) if error.spent is not None else (Usage(), ())
        return replace(reading, attempts=MOST_MENDS + 1, usage=usage, earlier=(*reading.earlier, *vain))
    answer = taken(before, said, findings)
    grounded = ground_reading(answer, window, schema)
    both = replace(reading, attempts=reading.attempts + said.attempts, usage=said.usage)
    others = list(readings)
    others[place] = grounded
    is_better = _count(others, schema) < _count(readings, schema)
    kept = (*reading.earlier, *said.earlier, _attempt(before if is_better else answer, findings))
    if is_better:
        return replace(grounded, attempts=both.attempts, usage=both.usage, earlier=kept)
    return replace(both, earlier=kept)


def mended_document(
    readings: Sequence[GroundedReading], windows: Sequence[Window], schema: ExtractionSchema, *, reader: Reader
) -> list[GroundedReading]:
    """All readings, each asked again as often as it may while something fails that its values are part of."""
    mended = list(readings)
    if isinstance(reader, Mender):
        while found := findings_by_reading(mended, schema, can_mend=lambda _: True):
            for place in found:
                mended[place] = mended_in_document(mended, place, windows[place], schema, reader=reader)
    return mended


def _as_read(reading: GroundedReading) -> Reading:
    hints = {path: FieldHint(model=leaf.parts.model) for path, leaf in field_leaves(reading.fields)}
    return Reading(
        reader=reading.reader,
        reader_version=reading.reader_version,
        record=record_of(reading.fields),
        hints=hints,
        issues=reading.issues,
        routes=reading.routes,
    )


def _count(readings: Sequence[GroundedReading], schema: ExtractionSchema) -> int:
    issues = schema.check_rules(record_of(merge(readings, schema).fields)).issues
    return sum(issue.code in _RULES and issue.severity is not Severity.INFO for issue in issues)


def _attempt(reading: Reading, findings: Sequence[Issue]) -> Attempt:
    paths = sorted({path for issue in findings for path in issue.fields})
    return Attempt.of({path: value_at(reading.record, place_of(path))[1] for path in paths}, findings)
