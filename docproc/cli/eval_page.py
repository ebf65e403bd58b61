"""An evaluation as one HTML page: the figures, and every wrong value beside the truth."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from docproc.cli.eval_report import Evaluation, WrongField, wrong_fields
from docproc.cli.eval_table import FIGURES, interval_words, percent
from docproc.evaluation.judge import Wrong
from docproc.evaluation.truth import OPTIONAL, alternatives
from docproc.exports.report.markup import Markup, join, tag

#: a browser has trouble with more
MOST_WRONG = 5_000

_STYLE = Markup(
    ":root{color-scheme:light dark;--ground:light-dark(#f3f5f8,#0f1318);--panel:light-dark(#fff,#171c23);"
    "--line:light-dark(#e1e6ec,#2a323d);--ink:light-dark(#17202b,#e4e9ef);--muted:light-dark(#5d6a79,#93a0af);"
    "--good:light-dark(#17784a,#56c391);--bad:light-dark(#b3261e,#ff8f85);"
    "font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}"
    "body{margin:0 auto;max-width:1200px;padding:24px;background:var(--ground);color:var(--ink)}"
    "h1{font-size:20px}h2{font-size:16px;margin-top:32px}"
    "table{border-collapse:collapse;background:var(--panel);width:100%}"
    "th,td{border:1px solid var(--line);padding:4px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "td.number,th.number{text-align:right;white-space:nowrap}th{color:var(--muted);font-weight:600}"
    "td.name{min-width:8em}td table{width:auto;font-size:12px}"
    ".right{color:var(--good)}.nothing{color:var(--bad);font-style:italic}"
    "small{color:var(--muted)}td.true{border-left:3px solid var(--good)}td.wrong{border-left:3px solid var(--bad)}"
)


def page_html(evaluation: Evaluation) -> str:
    """The whole page; nothing is loaded from anywhere, and no text of a document becomes markup."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", f"docproc eval · {evaluation.schema}"),
        tag("style", _STYLE),
    )
    body = tag("body", tag("h1", f"docproc eval · {evaluation.schema}"), _figures(evaluation), *_wrong(evaluation))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _figures(evaluation: Evaluation) -> Markup:
    comparison = evaluation.comparison
    head = ["", *(one.name for one in evaluation.scored), *(["difference", "95 % interval"] if comparison else [])]
    rows = []
    for key, label in FIGURES.items():
        cells = [percent(getattr(one.summary, key)) for one in evaluation.scored]
        if comparison is not None:
            found = comparison.differences.get(key)
            cells += interval_words(found) if found is not None else ["", ""]
        rows.append((label, cells))
    for path in evaluation.scored[0].summary.fields:
        cells = [percent(one.summary.fields[path].score) for one in evaluation.scored]
        if comparison is not None:
            cells += interval_words(comparison.fields[path])
        rows.append((path, cells))
    lines = [
        tag("tr", tag("td", label), *(tag("td", cell, class_="number") for cell in cells)) for label, cells in rows
    ]
    return tag("table", _head(head), *lines)


def _wrong(evaluation: Evaluation) -> list[Markup]:
    found = list(wrong_fields(evaluation))
    by_field: dict[str, list[WrongField]] = {}
    for wrong in found[:MOST_WRONG]:
        by_field.setdefault(wrong.path, []).append(wrong)
    names = [one.name for one in evaluation.scored]
    parts = [
        part
        for path, wrongs in by_field.items()
        for part in (tag("h2", f"{path}: {len(wrongs)} wrong"), _wrong_table(wrongs, names))
    ]
    if len(found) > MOST_WRONG:
        parts.append(tag("p", f"{len(found) - MOST_WRONG} more are in the JSONL form of this report."))
    return parts or [tag("p", "Nothing is wrong.")]


def _wrong_table(wrongs: Sequence[WrongField], names: Sequence[str]) -> Markup:
    lines = [
        tag(
            "tr",
            tag("td", wrong.file, class_="name"),
            tag("td", _value(wrong.true), class_="true"),
            *(_given(given) for given in wrong.given),
        )
        for wrong in wrongs
    ]
    return tag("table", _head(["document", "truth", *names]), *lines)


def _given(wrong: Wrong | None) -> Markup:
    if wrong is None:
        return tag("td", "right", class_="right")
    facts = []
    if wrong.confidence is not None:
        facts.append(f"confidence {wrong.confidence:.2f}")
    if wrong.page is not None:
        facts.append(f"page {wrong.page}")
    return tag("td", _value(wrong.given), tag("br"), tag("small", ", ".join(facts)), class_="wrong")


def _value(value: object) -> Markup:
    """A value, the choices there are, or rows as a table."""
    choices = alternatives(value)
    if len(choices) != 1:
        return join(*(tag("div", _value(choice)) for choice in choices), tag("small", "any of these"))
    value = choices[0]
    if value in (None, "", [], {}):
        return tag("span", "nothing", class_="nothing")
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return _rows([row for row in value if isinstance(row, dict)])
    if isinstance(value, list):
        return join(*(part for member in value for part in (_value(member), tag("br"))))
    return tag("span", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _rows(rows: Sequence[Mapping[str, object]]) -> Markup:
    columns = list(dict.fromkeys(name for row in rows for name in row if name != OPTIONAL))
    lines = [tag("tr", *(tag("td", _value(row[name]) if row.get(name) else "") for name in columns)) for row in rows]
    return tag("table", _head(columns), *lines)


def _head(names: Sequence[str]) -> Markup:
    return tag("tr", *(tag("th", name) for name in names))
