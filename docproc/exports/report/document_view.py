"""One document as HTML: what it is, what is wrong with it, its pages and its fields side by side."""

from docproc.domain.extraction import Extraction, ExtractionStatus
from docproc.domain.failure import Failure
from docproc.domain.issues import Issue, Severity
from docproc.exports.report.markup import EMPTY, Markup, tag
from docproc.exports.report.tally import GRAVITY, Confidences
from docproc.exports.report.value_view import percent

#: issues, and fields of one, that are spelled out; the others are only counted
_MOST_ISSUES = 30
_MOST_FIELDS = 6

STATUS_WORDS = {
    ExtractionStatus.SUCCEEDED: "succeeded",
    ExtractionStatus.NEEDS_REVIEW: "needs review",
    ExtractionStatus.FAILED: "failed",
    ExtractionStatus.CANCELED: "canceled",
}


def status_chip(status: ExtractionStatus) -> Markup:
    return tag("span", STATUS_WORDS[status], class_=f"chip {status.value}")


def document_html(extraction: Extraction, *, anchor: str, pages: Markup, fields: Markup, counts: str) -> Markup:
    """The whole article of one document."""
    panes = tag(
        "div",
        tag("div", pages, class_="pages", tabindex=-1),
        tag("div", _issues(extraction.issues), fields or _no_record(extraction), class_="fields", tabindex=-1),
        class_="panes",
    )
    body = _failure(extraction.failure) if extraction.failure is not None else panes
    return tag("article", _title(extraction, counts), body, id=anchor, class_="document")


def list_entry(extraction: Extraction, *, anchor: str, confidences: Confidences) -> Markup:
    """The document's line in the list."""
    folder, _, name = extraction.file.rpartition("/")
    facts = [
        _counted(_page_count(extraction), "page"),
        "" if confidences.lowest is None else f"lowest {percent(confidences.lowest)}",
        _counted(len(extraction.issues), "issue"),
        extraction.failure.code.value if extraction.failure else "",
    ]
    link = tag(
        "a",
        tag("span", class_=f"dot {extraction.status.value}", title=STATUS_WORDS[extraction.status]),
        tag("span", tag("bdi", name), class_="name", title=extraction.file),
        tag("span", " · ".join(filter(None, facts)), class_="facts"),
        href=f"#{anchor}",
    )
    search = " ".join(filter(None, [folder, name, extraction.external_id])).lower()
    return tag("li", link, data_status=extraction.status.value, data_search=search)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count > 1 else ''}" if count else ""


def _page_count(extraction: Extraction) -> int:
    return extraction.document.page_count or len(extraction.pages)


def _title(extraction: Extraction, counts: str) -> Markup:
    facts = [
        counts,
        _counted(_page_count(extraction), "page"),
        f"part {extraction.part.index}, pages {', '.join(map(str, extraction.part.pages))}" if extraction.part else "",
        f"{extraction.reader} reader" if extraction.reader else "",
        f"{extraction.seconds:.2f} s" if extraction.seconds else "",
        extraction.external_id or "",
    ]
    return tag(
        "header",
        tag("h2", tag("bdi", extraction.file)),
        status_chip(extraction.status),
        tag("p", *(tag("span", fact) for fact in facts if fact), class_="facts"),
        tag("code", str(extraction.document_id), class_="id"),
        class_="title",
    )


def _issues(issues: tuple[Issue, ...]) -> Markup:
    """What is wrong, the gravest first; findings that differ only in their field share a line."""
    fields: dict[tuple[Severity, str, str], list[str]] = {}
    for issue in sorted(issues, key=lambda issue: GRAVITY.index(issue.severity)):
        fields.setdefault((issue.severity, issue.code.value, issue.message), []).extend(issue.fields)
    lines = [
        tag(
            "li",
            tag("b", code.replace("_", " ")),
            tag("span", message),
            _named(paths),
            class_=severity.value,
        )
        for (severity, code, message), paths in list(fields.items())[:_MOST_ISSUES]
    ]
    if len(fields) > _MOST_ISSUES:
        lines.append(tag("li", _more(len(fields) - _MOST_ISSUES), class_="info"))
    return tag("ul", *lines, class_="issues") if lines else EMPTY


def _named(paths: list[str]) -> Markup:
    shown = [tag("code", path, data_path=path, tabindex=0) for path in paths[:_MOST_FIELDS]]
    return tag("span", *(part for code in shown for part in (code, " ")), _more(len(paths) - _MOST_FIELDS))


def _more(count: int) -> str:
    return f"and {count:,} more" if count > 0 else ""


def _failure(failure: Failure) -> Markup:
    where = f"while in {failure.phase.value}" + (f", page {failure.page}" if failure.page else "")
    again = "It can be tried again." if failure.retryable else "Trying again will not help."
    return tag(
        "div",
        tag("h3", failure.code.value.replace("_", " ").capitalize()),
        tag("p", failure.message),
        tag("p", f"{failure.category.value} · {where} · {again}", class_="note"),
        class_="failure",
    )


def _no_record(extraction: Extraction) -> Markup:
    return tag("p", f"This document was {STATUS_WORDS[extraction.status]}: there is no record.", class_="note")
