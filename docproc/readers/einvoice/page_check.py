"""Says when the printed pages and the XML of an e-invoice tell different stories: a mistake, or a fraud."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rapidfuzz import fuzz
from stdnum import iban

from docproc.domain.issues import Issue, IssueCode
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import Window
from docproc.readers.einvoice.invoice import Invoice
from docproc.readers.einvoice.mapping import Binding, fields_of
from docproc.readers.turns import in_turn
from docproc.values.currency import find_currencies
from docproc.values.dates import find_dates
from docproc.values.numbers import find_numbers
from docproc.values.text import key

_CENT = Decimal("0.01")
#: signs that several currencies share
_SHARED_SIGN = re.compile(r"\$|¥|kr", re.IGNORECASE)
#: how alike a number must be to what OCR read of it, of 100
_OCR_LIKENESS = 80
_BETWEEN_DIGITS = re.compile(r"[ .,']")
_SHORT_NUMBER = 4
#: a shorter window that ends before its document does was not cut: the rest is blank, or was not asked for
_LONG_WINDOW_PAGES = 16
#: with less print than this the invoice itself must be a picture, and a page number no contradiction
_FEWEST_WORDS = 6
_IBAN_LENGTHS = range(15, 35)
_LIKE_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Print:
    """What stands on the pages, in forms that values can be compared with."""

    lines: tuple[str, ...]
    #: letters and digits of all lines, run together: a value may be broken by a line end
    run: str
    tokens: frozenset[str]
    is_ocr: bool


def disagreements(invoice: Invoice, window: Window, binding: Binding) -> tuple[Issue, ...]:
    """An issue for each key value of the XML that the pages contradict.

    Silent where they merely leave it out: a page without any date cannot contradict one.
    """
    if _is_cut(window) or sum(len(page.words) for page in window.pages) < _FEWEST_WORDS:
        return ()
    printed = _printed(list(in_turn(window.pages, window.checkpoint)))
    return tuple(
        Issue(code=IssueCode.PAGE_DISAGREES, fields=fields_of(binding, role), message=_message(noun))
        for role, noun, contradicts in _CHECKS
        if contradicts(invoice, printed)
    )


def _message(noun: str) -> str:
    return f"The {noun} in the embedded invoice is not the one printed on the pages: compare both before paying."


def _is_cut(window: Window) -> bool:
    """Only part of a long document is in the window: what is missing here may be printed on a later page."""
    return len(window.pages) >= _LONG_WINDOW_PAGES and window.pages[-1].number < window.page_count


def _printed(pages: Sequence[PageContent]) -> _Print:
    lines = tuple(text for page in pages for text in _lines(page))
    return _Print(
        lines=lines,
        run="".join(key(line) for line in lines),
        tokens=frozenset(key(token) for line in lines for token in line.split()),
        is_ocr=any(page.source is TextSource.OCR for page in pages),
    )


def _lines(page: PageContent) -> Iterator[str]:
    by_line: dict[int, list[Word]] = {}
    for word in page.words:
        by_line.setdefault(word.line, []).append(word)
    for words in by_line.values():
        yield " ".join(word.text for word in words)
    for form_field in page.form_fields:
        yield form_field.value


def _number_contradicts(invoice: Invoice, printed: _Print) -> bool:
    number = key(invoice.number or invoice.order_number or "")
    if not number:
        return False
    if len(number) < _SHORT_NUMBER:
        return number not in printed.tokens
    if number in printed.run:
        return False
    return not (printed.is_ocr and fuzz.partial_ratio(number, printed.run) >= _OCR_LIKENESS)


def _date_contradicts(invoice: Invoice, printed: _Print) -> bool:
    return invoice.issue_date is not None and _is_other(invoice.issue_date, _dates(printed))


def _dates(printed: _Print) -> set[date]:
    return {reading for line in printed.lines for span in find_dates(line, day_first=None) for reading in span.readings}


def _is_other(value: object, found: set[date] | set[Decimal] | set[str]) -> bool:
    return bool(found) and value not in found


def _total_contradicts(invoice: Invoice, printed: _Print) -> bool:
    """Neither the total nor what is left to pay of it is printed."""
    wanted = {
        abs(total) for total in (invoice.totals.gross, invoice.totals.due) if total is not None and not total.is_nan()
    }
    if not wanted:
        return False
    found = {abs(number).quantize(_CENT) for number in _numbers(printed)}
    if not found or any(total.quantize(_CENT) in found for total in wanted):
        return False
    return not any(_stands_apart(total, printed) for total in wanted)


def _stands_apart(total: Decimal, printed: _Print) -> bool:
    """Printed as no rule for numbers takes it, such as every digit in a box of its own."""
    digits = str(total.quantize(_CENT)).replace(".", "").lstrip("0")
    pattern = re.compile(rf"(?<!\d){digits}(?!\d)")
    return len(digits) >= _SHORT_NUMBER and any(
        pattern.search(_BETWEEN_DIGITS.sub("", line)) is not None for line in printed.lines
    )


def _numbers(printed: _Print) -> Iterator[Decimal]:
    for line in printed.lines:
        for mark in (".", ","):
            yield from (span.value for span in find_numbers(line, decimal_mark=mark))


def _currency_contradicts(invoice: Invoice, printed: _Print) -> bool:
    currency = (invoice.currency or "").upper()
    spans = [(line, span) for line in printed.lines for span in find_currencies(line)]
    if not currency or any(_SHARED_SIGN.search(line[span.start : span.end]) for line, span in spans):
        return False
    return _is_other(currency, {span.code for _, span in spans})


def _account_contradicts(invoice: Invoice, printed: _Print) -> bool:
    account = key(invoice.payment.iban or "")
    if not iban.is_valid(account) or account in printed.run:
        return False
    return any(_starts_with_iban(hit.group()) for line in printed.lines for hit in _LIKE_IBAN.finditer(line.upper()))


def _starts_with_iban(text: str) -> bool:
    """Where an account number ends and the next word begins only its check digits tell."""
    run = text.replace(" ", "")
    return any(iban.is_valid(run[:length]) for length in _IBAN_LENGTHS if length <= len(run))


_CHECKS: tuple[tuple[str, str, Callable[[Invoice, _Print], bool]], ...] = (
    ("number", "invoice number", _number_contradicts),
    ("issue_date", "invoice date", _date_contradicts),
    ("totals.gross", "total", _total_contradicts),
    ("currency", "currency", _currency_contradicts),
    ("payment.iban", "bank account", _account_contradicts),
)
