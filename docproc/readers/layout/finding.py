"""Finds every single-valued field of a schema in a window: scores, sums, assignment; knows no lists and no records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from docproc.domain.page import PageContent
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema, FieldKind
from docproc.readers.layout.arithmetic import settled, with_sums
from docproc.readers.layout.assign import assigned
from docproc.readers.layout.candidates import Candidate, Conventions
from docproc.readers.layout.choices import score_booleans, score_currencies, score_headings, score_options, score_times
from docproc.readers.layout.durations import find_durations
from docproc.readers.layout.fields import FieldPlan, plan_fields
from docproc.readers.layout.lines import enclosing_words, sheet_of
from docproc.readers.layout.parties import role_of, score_party
from docproc.readers.layout.prints import Prints
from docproc.readers.layout.prose import Prose, TextHit, prose_of
from docproc.readers.layout.score import Scored, score_all
from docproc.readers.layout.statements import find_binding_dates, find_courts, find_laws, find_signing_dates
from docproc.readers.turns import in_turn
from docproc.values.dates import order_with_proof
from docproc.values.numbers import decimal_mark

#: candidates kept per field
KEPT: Final = 40
#: a cell of more words is running text
PROSE_WORDS: Final = 10
_TITLE: Final = frozenset({"title"})
_NO_CLOCK: Final = frozenset({"period", "duration", "term", "terms", "days", "zone", "type"})
_LAW: Final = frozenset({"law", "jurisdiction"})
_DURATION: Final = frozenset({"duration", "term"})
_BINDING: Final = frozenset({"effective", "agreement", "contract"})


@dataclass(frozen=True, slots=True)
class Findings:
    """All candidates of all fields with their scores, and the chosen ones."""

    prints: Prints
    prose: Prose
    entries: Mapping[str, Sequence[Scored]]
    chosen: Mapping[str, Scored]


def find_leaves(pages: Sequence[PageContent], window: Window, schema: ExtractionSchema) -> Findings:
    """The candidates and the choice for each leaf outside lists; `pages` are the window's, the right way up."""
    prints = _prints(pages, window, schema)
    prose = prose_of(prints.sheets)
    plans = in_turn(plan_fields(schema.fields), window.checkpoint)
    entries = {plan.path: score_leaf(plan, prints, prose=prose)[:KEPT] for plan in plans}
    window.checkpoint()
    amounts = prints.candidates(FieldKind.MONEY) if _has_money(entries) else []
    entries = with_sums(entries, amounts=amounts)
    return Findings(prints, prose, entries, settled(assigned(entries), entries))


def _has_money(entries: Mapping[str, Sequence[Scored]]) -> bool:
    return any(scored and scored[0].plan.spec.kind is FieldKind.MONEY for scored in entries.values())


def score_leaf(plan: FieldPlan, prints: Prints, *, prose: Prose) -> list[Scored]:
    """The candidates for one field, the best first."""
    kind = plan.spec.kind
    if kind is FieldKind.ENUM:
        return score_options(plan, prints)
    if kind is FieldKind.CURRENCY:
        return score_currencies(plan, prints)
    if kind is FieldKind.BOOLEAN:
        return score_booleans(plan, prints)
    if kind is FieldKind.TEXT:
        if "time" in plan.labels.terms and not plan.labels.terms & _NO_CLOCK:
            return score_times(plan, prints)
        if plan.labels.terms == _TITLE:
            return score_headings(plan, prints)
        role = role_of(plan.labels)
        if role is not None:
            return score_party(plan, role, prints)
    hits = _statements(plan, prose, conventions=prints.conventions)
    stated = [_stated(plan, hit, prints=prints, prose=prose) for hit in hits]
    printed = score_all(plan, prints)
    if kind is FieldKind.DATE and plan.labels.terms & _BINDING:
        printed = [_as_letter_date(entry, prints) for entry in printed if not _in_prose(entry)]
    return sorted([*stated, *printed], key=lambda entry: -entry.score)


def _in_prose(entry: Scored) -> bool:
    """Whether a date stands in running text: there its sentence tells what it is, not the words beside it."""
    return len(entry.candidate.cell.text.split()) > PROSE_WORDS


def _as_letter_date(entry: Scored, prints: Prints) -> Scored:
    """A date on a line of its own at the top of the first page is the letter's date, from which it binds."""
    candidate = entry.candidate
    alone = len(candidate.cell.text) <= len(candidate.text) + 2
    sheet = prints.sheets[0]
    top = candidate.page == sheet.page.number and candidate.box.top < sheet.page.height / 3
    return replace(entry, features={**entry.features, "letter_date": float(alone and top)})


def _statements(plan: FieldPlan, prose: Prose, *, conventions: Conventions) -> Iterator[TextHit]:
    """What sentences say of the field, where its terms are such that sentences state them."""
    terms, kind = plan.labels.terms, plan.spec.kind
    if kind is FieldKind.TEXT and terms & _LAW and "courts" in plan.labels.context:
        yield from find_courts(prose.text)
    elif kind is FieldKind.TEXT and terms & _LAW:
        yield from find_laws(prose.text)
    if kind is FieldKind.TEXT and terms & _DURATION:
        yield from find_durations(prose.text)
    if kind is FieldKind.DATE and "signature" in terms:
        yield from find_signing_dates(prose.text, day_first=conventions.day_first)
    elif kind is FieldKind.DATE and terms & _BINDING:
        yield from find_binding_dates(prose.text, day_first=conventions.day_first)


def _stated(plan: FieldPlan, hit: TextHit, *, prints: Prints, prose: Prose) -> Scored:
    page, words = prose.spot(hit.start, hit.end)
    sheet = prints.by_page[page]
    cell = next(cell for cell in sheet.cells if words[0] in cell.words)
    candidate = Candidate(
        kind=plan.spec.kind,
        value=hit.value,
        text=prose.text[hit.start : hit.end],
        page=page,
        box=enclosing_words(words),
        words=words,
        cell=cell,
    )
    return Scored(plan, candidate, {"stated": 1.0, "statement": hit.strength})


def _prints(pages: Sequence[PageContent], window: Window, schema: ExtractionSchema) -> Prints:
    sheets = [sheet_of(page) for page in in_turn(pages, window.checkpoint) if page.words]
    texts = [row.text for sheet in sheets for row in sheet.rows]
    order, proven = window.day_first if window.day_first is not None else schema.day_first, True
    if order is None:
        order, proven = order_with_proof(texts)
    conventions = Conventions(decimal_mark=decimal_mark(texts), day_first=order, order_proven=proven)
    return Prints(sheets, conventions)
