"""Which pages a model should read after a reader by rules did, and what of its reading stands beside. Pure.

A page goes to the model when it holds a value that is unsure or fails a check, or no text at all. What is required and
was not found may stand anywhere: then all pages go. Whether something is missing, and whether sums hold, is judged only
where the window holds the whole document; a window of a longer one is judged by what was found on it.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from docproc.domain.extraction import FieldTree, FieldValue, field_leaves
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageState
from docproc.domain.places import is_within
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.conclude import Conclusion, conclude
from docproc.pipeline.grounded import GroundedReading
from docproc.pipeline.merge import merge

#: part of the name of a reading by rules that a cascade took pages from; a new one whenever the choice changes
CASCADE_VERSION = "cascade-1"
#: what a part of a document says of itself; of the rest nothing is known there
_OF_A_PART = frozenset({IssueCode.LOW_CONFIDENCE, IssueCode.WRONG_SHAPE, IssueCode.CHECK_DIGIT, IssueCode.UNGROUNDED})


def pages_for_model(reading: GroundedReading, window: Window, schema: ExtractionSchema) -> frozenset[int]:
    """Numbers of the pages that a model should read; none when the reading can stand as it is."""
    if reading.complete or not window.pages:
        return frozenset()
    pages = [(number, PageState.READ) for number in window.numbers]
    conclusion = conclude(merge([reading], schema), schema, pages=pages)
    needed = {page.number for page in window.pages if not page.words and not page.form_fields}
    for issue in _reasons(conclusion, window):
        needed |= _pages_of(issue, conclusion.fields) or set(window.numbers)
    return frozenset(needed & set(window.numbers))


def _reasons(conclusion: Conclusion, window: Window) -> Iterator[Issue]:
    for issue in conclusion.issues:
        if issue.severity is not Severity.INFO and (window.is_whole or issue.code in _OF_A_PART):
            yield issue


def _pages_of(issue: Issue, fields: dict[str, FieldTree]) -> set[int]:
    """Where the values stand that an issue names; empty when one of them stands nowhere."""
    leaves = [leaf for path, leaf in field_leaves(fields) if any(is_within(path, named) for named in issue.fields)]
    given = [leaf for leaf in leaves if leaf.value is not None]
    if not given or issue.code is IssueCode.MISSING_REQUIRED or any(not leaf.evidence for leaf in given):
        return set()
    return {place.page for leaf in given for place in leaf.evidence}


def beside(reading: GroundedReading, taken: Collection[int]) -> GroundedReading | None:
    """What is left of a reading when a model reads the pages `taken`; None when nothing is."""
    pages = tuple(number for number in reading.pages if number not in taken)
    if not pages:
        return None
    fields = {name: _left(tree, taken) for name, tree in reading.fields.items()}
    gone = {path for path, leaf in field_leaves(reading.fields) if _is_on(leaf, taken)}
    issues = tuple(issue for issue in reading.issues if not gone.intersection(issue.fields))
    return replace(reading, pages=pages, fields=fields, issues=issues)


def _left(tree: FieldTree, taken: Collection[int]) -> FieldTree:
    """Values on the pages that were taken become null; rows that begin or end there are gone."""
    if isinstance(tree, FieldValue):
        return FieldValue(value=None) if _is_on(tree, taken) else tree
    if isinstance(tree, list):
        return [entry for entry in tree if not any(_is_on(leaf, taken) for _, leaf in field_leaves({"": entry}))]
    return {name: _left(branch, taken) for name, branch in tree.items()}


def _is_on(leaf: FieldValue, taken: Collection[int]) -> bool:
    return any(place.page in taken for place in leaf.evidence)
