"""Codes with a shape of their own: IBANs, VAT ids, e-mail addresses, web addresses, phone numbers."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol, cast

from docproc.values.text import fold


class CodeSpan(NamedTuple):
    """A code in a text, in its comparable form."""

    start: int
    end: int
    code: str


class _Checked(Protocol):
    """What python-stdnum offers for a kind of number."""

    def is_valid(self, number: str) -> bool: ...

    def validate(self, number: str) -> str: ...


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2} ?\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![a-z0-9])")
#: member states of the EU, and the neighbours that number their tax payers the same way
_VAT_COUNTRIES = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|CH|NO|XI"
_VAT = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_VAT_COUNTRIES})[ :.-]{{0,2}}(?=[A-Z0-9.+* -]*\d)[A-Z0-9+*]"
    r"(?:[ .-]?[A-Z0-9+*]){6,14}(?![a-z0-9])"
)
_VAT_MIN_LENGTH = 9
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}(?![\w@])")
_URL = re.compile(
    r"(?<![\w@.])(?:https?://[^\s<>\"')\]]+|(?:www\.)(?:[\w-]+\.)+[a-z]{2,24}(?:/[^\s<>\"')\]]*)?)", re.IGNORECASE
)
_PHONE = re.compile(
    r"(?<![\w.,/-])(?!\d{1,4}([-/.])\d{1,2}\1\d{2,4}(?!\d|\1\d))(?:\+|00)?\(?\d[\d ()./-]{5,20}\d(?![\w]|[.,/-]\d)"
)
_PHONE_DIGITS = range(7, 16)
#: without an area code in front: 555-1234, 1-300-22-2828, 702-792-8888
_LOCAL_PHONE = re.compile(r"\d{3}[ -]\d{4}|\d{1,4}([ -])\d{2,4}(?:\1\d{2,4}){1,3}")
_DOTTED_PHONE = re.compile(r"(?:\+\d{1,3}[. ])?\d{1,4}(?:\.\d{2,4}){3,}")
_DATE_LIKE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")


def compact(text: str) -> str:
    """Letters and digits only, in capitals."""
    return "".join(mark for mark in text if mark.isalnum()).upper()


def iban_valid(text: str) -> bool:
    """Whether country, length and check digits of an IBAN are right."""
    from stdnum import iban  # noqa: PLC0415 reads its country table on import

    return bool(iban.is_valid(compact(text), check_country=False))


def vat_id_valid(text: str) -> bool:
    """Whether a VAT id has the shape and the check digits of its country."""
    code = compact(text)
    checker = _vat_checker(code[:2])
    return checker is not None and checker.is_valid(code)


def vat_id_well_formed(text: str) -> bool:
    """Whether a VAT id has the length and the characters of its country, be its check digits right or wrong."""
    from stdnum.exceptions import InvalidFormat, ValidationError  # noqa: PLC0415 only where an id is wrong

    code = compact(text)
    checker = _vat_checker(code[:2])
    if checker is None:
        return False
    try:
        checker.validate(code)
    except InvalidFormat:
        return False
    except ValidationError:
        return True
    return True


@lru_cache(maxsize=64)
def _vat_checker(country: str) -> _Checked | None:
    from stdnum import get_cc_module  # noqa: PLC0415 imports the countries one by one

    name = {"EL": "gr", "XI": "gb"}.get(country, country.lower())
    if country not in _VAT_COUNTRIES.split("|"):
        return None
    return cast("_Checked | None", get_cc_module(name, "vat"))


def find_ibans(text: str) -> list[CodeSpan]:
    """Every valid IBAN in `text`."""
    return _longest_valid(_IBAN, text, valid=iban_valid, least=15)


def find_vat_ids(text: str) -> list[CodeSpan]:
    """Every valid VAT id in `text`."""
    return _longest_valid(_VAT, text, valid=vat_id_valid, least=_VAT_MIN_LENGTH)


def _longest_valid(pattern: re.Pattern[str], text: str, *, valid: Callable[[str], bool], least: int) -> list[CodeSpan]:
    """Hits cut back from the right, group by group, until they are valid: what follows may be another word."""
    found: list[CodeSpan] = []
    for hit in pattern.finditer(text):
        printed = hit.group()
        while len(compact(printed)) >= least:
            if valid(printed):
                found.append(CodeSpan(hit.start(), hit.start() + len(printed), compact(printed)))
                break
            cut = max(printed.rfind(" "), printed.rfind("-"))
            if cut <= 0:
                break
            printed = printed[:cut]
    return found


def find_emails(text: str) -> list[CodeSpan]:
    return [CodeSpan(hit.start(), hit.end(), email_form(hit.group())) for hit in _EMAIL.finditer(text)]


def find_urls(text: str) -> list[CodeSpan]:
    return [
        CodeSpan(hit.start(), hit.start() + len(printed), url_form(printed))
        for hit in _URL.finditer(text)
        if (printed := hit.group().rstrip(".,;:"))
    ]


def find_phones(text: str) -> list[CodeSpan]:
    """Every run of digits that is written like a phone number; a bare number without any mark is none."""
    return [
        CodeSpan(hit.start(), hit.end(), phone_form(hit.group()))
        for hit in _PHONE.finditer(text)
        if sum(mark.isdigit() for mark in hit.group()) in _PHONE_DIGITS and _is_phone(hit.group())
    ]


def _is_phone(text: str) -> bool:
    """Whether digits are grouped as phone numbers are, and not as dates, times, ranges or amounts."""
    if "." in text:
        return bool(_DOTTED_PHONE.fullmatch(text))
    if text.isdigit() or _DATE_LIKE.search(text):
        return False
    return text.startswith(("+", "0", "(")) or bool(_LOCAL_PHONE.fullmatch(text))


def email_form(text: str) -> str:
    """The comparable form of an e-mail address."""
    return fold(text).replace(" ", "").removeprefix("mailto:").strip(".,;:<>()")


def url_form(text: str) -> str:
    """The comparable form of a web address: without scheme, `www.` and closing slash."""
    plain = re.sub(r"^https?://", "", fold(text).replace(" ", "").strip(".,;:<>()"))
    return plain.removeprefix("www.").rstrip("/")


def phone_form(text: str) -> str:
    """The comparable form of a phone number: its digits, an international prefix as +."""
    plain = fold(text).replace("(0)", "")
    digits = "".join(mark for mark in plain if mark.isdigit())
    return f"+{digits.removeprefix('00')}" if plain.lstrip(" (").startswith(("+", "00")) else digits
