"""Words of one cell to the value that its field asks for, with the place that proves it; knows no table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.page import Word
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec, JsonValue
from docproc.readers.layout.lines import enclosing_words
from docproc.values.dates import find_dates
from docproc.values.numbers import canonical, find_numbers, parse_number
from docproc.values.parse import to_json
from docproc.values.text import similarity

#: an option is told from this similarity on
NEAR = 0.8


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a cell says, and the words that say it."""

    value: JsonValue
    words: tuple[Word, ...]
    #: as printed, or changed in form
    exact: bool


@dataclass(frozen=True, slots=True)
class Conventions:
    """How numbers and dates of a document are to be understood."""

    decimal_mark: str | None
    day_first: bool | None


def text_of(words: Sequence[Word]) -> str:
    """The print of `words`, single spaces between."""
    return " ".join(word.text for word in words)


def number_of(words: Sequence[Word], decimal_mark: str | None) -> tuple[Decimal, tuple[Word, ...]] | None:
    """The number in a cell and the words it is made of; units, currencies and the like may stand beside it."""
    if not words:
        return None
    text = text_of(words)
    whole = parse_number(text, decimal_mark=decimal_mark)
    if whole is not None:
        return whole, tuple(words)
    spans = find_numbers(text, decimal_mark=decimal_mark)
    if not spans:
        return None
    span = spans[0]
    chosen: list[Word] = []
    start = 0
    for word in words:
        end = start + len(word.text)
        if start < span.end and end > span.start:
            chosen.append(word)
        start = end + 1
    return span.value, tuple(chosen)


def cell_value(
    words: Sequence[Word], spec: FieldSpec, conventions: Conventions, *, negated: bool = False
) -> CellValue | None:
    """The value of `spec` that `words` print, a number `negated` as its column says; None when they print none."""
    if not words:
        return None
    if spec.kind in NUMERIC:
        found = number_of(words, conventions.decimal_mark)
        return number_value(-found[0] if negated else found[0], found[1], spec) if found is not None else None
    text = text_of(words)
    if spec.kind is FieldKind.DATE:
        dates = find_dates(text, day_first=conventions.day_first)
        value: JsonValue = dates[0].readings[0].isoformat() if dates and len(dates[0].readings) == 1 else None
    elif spec.kind is FieldKind.ENUM:
        value = _option(text, spec)
    else:
        value = to_json(spec.kind, text)
    return CellValue(value, tuple(words), value == text) if value is not None else None


def is_ambiguous_date(words: Sequence[Word], spec: FieldSpec, conventions: Conventions) -> bool:
    """Whether the cell holds a date of which nobody can tell day from month."""
    if spec.kind is not FieldKind.DATE or not words:
        return False
    dates = find_dates(text_of(words), day_first=conventions.day_first)
    return bool(dates) and len(dates[0].readings) > 1


def number_value(number: Decimal, words: tuple[Word, ...], spec: FieldSpec) -> CellValue | None:
    """`number` in the JSON form that `spec` asks for."""
    text = canonical(number)
    value = to_json(spec.kind, text, decimal_mark=".", json_number=spec.json_number)
    return CellValue(value, words, text_of(words) == text) if value is not None else None


def evidence_of(cell: CellValue, pages: Mapping[int, int]) -> tuple[Evidence, ...]:
    """Where the words of `cell` stand, one piece of evidence for each page; `pages` by the words' identity."""
    by_page: dict[int, list[Word]] = {}
    for word in cell.words:
        by_page.setdefault(pages[id(word)], []).append(word)
    match = MatchKind.EXACT if cell.exact else MatchKind.NORMALISED
    return tuple(
        Evidence(page=page, box=enclosing_words(words), text=text_of(words), match=match)
        for page, words in by_page.items()
    )


def _option(text: str, spec: FieldSpec) -> str | None:
    exact = to_json(FieldKind.ENUM, text, options=spec.options)
    if isinstance(exact, str):
        return exact
    best = max(spec.options, key=lambda option: similarity(option, text), default=None)
    return best if best is not None and similarity(best, text) >= NEAR else None
