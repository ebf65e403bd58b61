"""Checks on days and codes: what comes first, and whether check digits are right."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from docproc.domain.issues import IssueCode, Severity
from docproc.domain.schema import JsonValue, Record
from docproc.values.codes import compact, iban_valid, vat_id_valid, vat_id_well_formed
from schemas.rules import Check, Rule, value_at

#: countries whose VAT ids carry their letters and have check digits that are known
_VAT_ID = re.compile(
    r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)(?=.*\d{5})[A-Z0-9]{7,13}"
)


def in_order(first: str, last: str) -> Rule:
    """The day at `first` is not after the day at `last`."""

    def rule(record: Record) -> Iterator[Check]:
        begin, end = _day(value_at(record, first)), _day(value_at(record, last))
        if begin is not None and end is not None:
            yield Check(
                fields=(first, last), holds=begin <= end, code=IssueCode.DATE_ORDER, message=f"{first} is after {last}."
            )

    return rule


def parties_differ(first: str, second: str) -> Rule:
    """Two parties do not have the same VAT id; that they differ confirms neither."""

    def rule(record: Record) -> Iterator[Check]:
        one, other = (_code(value_at(record, path)) for path in (first, second))
        if one and one == other:
            yield Check(
                fields=(first, second),
                holds=False,
                code=IssueCode.SAME_PARTY,
                message=f"{first} and {second} are the same.",
            )

    return rule


def iban_is_valid(path: str) -> Rule:
    """Length and check digits of the IBAN at `path`, which may lead through tables: `accounts[].iban`."""
    return _code_rule(path, iban_valid, "an IBAN")


def vat_id_is_valid(path: str) -> Rule:
    """Form and check digits of the VAT id at `path`; ids of countries outside the European Union are not judged.

    Wrong check digits in the right form are only a remark: specimens, test documents and ids that were never
    registered have them as printed.
    """
    return _code_rule(path, vat_id_valid, "a VAT id", only=_VAT_ID, lenient=vat_id_well_formed)


def _code_rule(
    path: str,
    valid: Callable[[str], bool],
    what: str,
    *,
    only: re.Pattern[str] | None = None,
    lenient: Callable[[str], bool] | None = None,
) -> Rule:
    def rule(record: Record) -> Iterator[Check]:
        for place, value in _values(record, path):
            if isinstance(value, str) and value and (only is None or only.fullmatch(compact(value))):
                holds = valid(value)
                in_form = not holds and lenient is not None and lenient(value)
                wanted = "check digits" if in_form or lenient is None else "form"
                yield Check(
                    fields=(place,),
                    holds=holds,
                    code=IssueCode.CHECK_DIGIT,
                    severity=Severity.INFO if in_form else Severity.WARNING,
                    message=f"{place} does not have the {wanted} of {what}.",
                )

    return rule


def _values(record: Record, path: str) -> Iterator[tuple[str, JsonValue]]:
    """Every value at a path that may hold `[]`, with its own field path."""
    table, mark, rest = path.partition("[]")
    if not mark:
        yield path, value_at(record, path)
        return
    rows = value_at(record, table)
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if not rest:
            yield f"{table}[{index}]", row
        elif isinstance(row, dict):
            for place, value in _values(row, rest.removeprefix(".")):
                yield f"{table}[{index}].{place}", value


def _code(value: JsonValue) -> str:
    return compact(value) if isinstance(value, str) else ""


def _day(value: JsonValue) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
