"""The merged field tree becomes a concluded one: rules, confidence with checks, review decision. Knows no storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docproc.domain.extraction import ExtractionStatus, FieldTree, record_of
from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.page import PageState
from docproc.domain.schema import ExtractionSchema, JsonValue, Record
from docproc.grounding.confidence import with_checks
from docproc.pipeline.doubts import doubtful_paths, given_leaves, ungrounded_verbatim
from docproc.pipeline.merge import Merged

#: an issue names at most this many field paths; the rest is counted
MAX_PATHS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """One document's record as it goes to a user."""

    reader: str | None
    #: a table that was spilled is an empty list here
    fields: dict[str, FieldTree]
    #: whole, with the bare rows of spilled tables
    record: Record
    issues: tuple[Issue, ...]
    status: ExtractionStatus


def conclude(merged: Merged, schema: ExtractionSchema, *, pages: Sequence[tuple[int, PageState]] = ()) -> Conclusion:
    """Check the rules, settle the confidences and decide whether a person should look.

    Args:
        merged: the merged readings.
        schema: the extraction schema that they were read under.
        pages: number and state of every page of the document; a failed page sends it to review. A document
            without pages (plain XML) has no print that its values could be missing from.
    """
    record = record_of(merged.fields)
    for path, rows in merged.spilled.items():
        put_rows(record, path.split("."), rows)
    fields, found = findings_on(merged.fields, record, schema, has_pages=bool(pages))
    issues = tuple(dict.fromkeys((*merged.issues, *_page_issues(pages), *found)))
    return Conclusion(reader=merged.reader, fields=fields, record=record, issues=issues, status=status_of(issues))


def findings_on(
    fields: Mapping[str, FieldTree],
    record: Record,
    schema: ExtractionSchema,
    *,
    has_pages: bool,
    vouched: Sequence[str] = (),
) -> tuple[dict[str, FieldTree], tuple[Issue, ...]]:
    """The fields with their confidences settled by the rules, and everything that can be told of them alone.

    `vouched`: field paths of which a person said what they are: no page has to prove them.
    """
    findings = schema.check_rules(record)
    settled = with_checks(fields, schema, checks=findings.checks)
    evidence = _evidence_issues(settled, schema, has_pages=has_pages, vouched=vouched)
    return settled, (*schema.check_shape(record), *findings.issues, *evidence)


def status_of(issues: Sequence[Issue]) -> ExtractionStatus:
    serious = any(issue.severity is not Severity.INFO for issue in issues)
    return ExtractionStatus.NEEDS_REVIEW if serious else ExtractionStatus.SUCCEEDED


def is_below(path: str, above: Sequence[str]) -> bool:
    """Whether a field path is one of `above`, or within one."""
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in above)


def put_rows(record: Record, path: Sequence[str], rows: list[Record]) -> None:
    node = record
    for name in path[:-1]:
        below = node[name]
        if not isinstance(below, dict):
            return
        node = below
    node[path[-1]] = list[JsonValue](rows)


def _page_issues(pages: Sequence[tuple[int, PageState]]) -> list[Issue]:
    failed = [number for number, state in pages if state is PageState.FAILED]
    if not failed:
        return []
    named = ", ".join(map(str, failed[:MAX_PATHS]))
    return [
        Issue(
            code=IssueCode.PAGE_FAILED,
            severity=Severity.ERROR,
            message=f"{len(failed)} of {len(pages)} pages could not be read: {named}. What is on them is missing.",
        )
    ]


def _evidence_issues(
    fields: dict[str, FieldTree], schema: ExtractionSchema, *, has_pages: bool, vouched: Sequence[str]
) -> list[Issue]:
    given = list(given_leaves(fields, schema))
    if not given:
        return [
            Issue(
                code=IssueCode.NOTHING_FOUND,
                severity=Severity.WARNING,
                message="No field of the schema was found on the pages.",
            )
        ]
    unproved = [path for path, leaf, _ in given if not leaf.evidence and has_pages]
    ungrounded = [path for path in unproved if not is_below(path, vouched)]
    shown = frozenset(ungrounded)
    verbatim = [path for path in ungrounded_verbatim(fields, schema) if path in shown]
    doubtful = list(doubtful_paths(fields, schema))
    return [
        *_named(IssueCode.UNGROUNDED, verbatim, Severity.ERROR, "must stand on the page verbatim, but was not found"),
        *_named(
            IssueCode.UNGROUNDED,
            [path for path in ungrounded if path not in set(verbatim)],
            Severity.INFO,
            "was not found on the pages",
        ),
        *_named(IssueCode.LOW_CONFIDENCE, doubtful, Severity.WARNING, "is less certain than its threshold asks"),
    ]


def _named(code: IssueCode, paths: Sequence[str], severity: Severity, what: str) -> list[Issue]:
    if not paths:
        return []
    subject = paths[0] if len(paths) == 1 else f"each of {len(paths)} values"
    return [Issue(code=code, fields=tuple(paths[:MAX_PATHS]), severity=severity, message=f"{subject} {what}.")]
