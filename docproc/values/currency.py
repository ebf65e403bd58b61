"""Currencies by code, sign and name: text to ISO 4217; knows no amounts and no exchange rates."""

import re
from typing import NamedTuple

from docproc.values.text import flatten, fold

#: ISO 4217: the codes in circulation, and a few just replaced that older documents carry
_CODE_LIST = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF"
    " CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK"
    " HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL"
    " MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON"
    " RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH"
    " UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL"
)
CODES = frozenset(_CODE_LIST.split())
#: codes that are also words or names in capitals: they count only beside a number
_WORDLIKE_LIST = (
    "ALL AMD ANG BAM BOB COP CUP DOP ERN GEL GIP LAK MAD MOP MUR NAD PAB PEN PHP RON SAR SOS STN TOP TRY VES"
)
_WORDLIKE = frozenset(_WORDLIKE_LIST.split())
#: short forms in letters, folded; `kr` is missing because it is Swedish, Norwegian and Danish alike
_SHORT = {
    "us$": "USD", "usd$": "USD", "u.s.$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "cad$": "CAD",
    "s$": "SGD", "sg$": "SGD", "hk$": "HKD", "nz$": "NZD", "r$": "BRL", "nt$": "TWD", "mx$": "MXN", "rm": "MYR",
    "sfr": "CHF", "sfr.": "CHF", "fr.": "CHF", "zl": "PLN", "kc": "CZK", "ft": "HUF", "rs": "INR", "rs.": "INR",
    "rp": "IDR", "rmb": "CNY", "lei": "RON",
}  # fmt: skip
_SIGNS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN",
}  # fmt: skip
#: names, folded, in the six languages
_NAMES = {
    "EUR": ("euro", "euros", "eur."),
    "USD": ("dollar", "dollars", "us dollar", "us dollars", "us-dollar", "u.s. dollars", "dolares", "dollari"),
    "GBP": ("pound", "pounds", "pound sterling", "pounds sterling", "pfund", "livre sterling", "sterline"),
    "CHF": ("franken", "schweizer franken", "franc suisse", "francs suisses", "franchi svizzeri", "swiss francs"),
    "JPY": ("yen", "japanese yen"),
    "CNY": ("yuan", "renminbi"),
    "INR": ("rupee", "rupees", "indian rupee", "indian rupees"),
    "MYR": ("ringgit", "ringgit malaysia", "malaysian ringgit"),
    "PLN": ("zloty", "zlotych", "zlote"),
    "SEK": ("swedish krona", "svenska kronor"),
    "NOK": ("norwegian krone", "norske kroner"),
    "DKK": ("danish krone", "danske kroner"),
    "SGD": ("singapore dollar", "singapore dollars"),
    "AUD": ("australian dollar", "australian dollars"),
    "CAD": ("canadian dollar", "canadian dollars"),
}
_BY_FOLD = {
    **{code.lower(): code for code in CODES},
    **_SHORT,
    **_SIGNS,
    **{name: code for code, names in _NAMES.items() for name in names},
}


class CurrencySpan(NamedTuple):
    """A currency in a text."""

    start: int
    end: int
    code: str


def _either(texts: list[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))


#: what may be glued to a number or stand beside it, on flattened text
MARK_PATTERN = f"(?:{_either([*_SIGNS, *_SHORT, *(code.lower() for code in CODES), 'euro', 'euros', 'kr', 'kr.'])})"

_SIGN = re.compile(rf"(?:(?<![^\W\d_])(?:{_either([short for short in _SHORT if '$' in short])}))|[{''.join(_SIGNS)}]")
#: the BHD of SDN BHD is a legal form, and the Fr. of Mo.-Fr. a Friday
_CODE = re.compile(r"(?<![^\W\d_])(?<!SDN )(?<!SDN\.)(?<!SDN\. )[A-Z]{3}(?![^\W\d_])")
_NAMED = [*(short for short in _SHORT if "$" not in short), *(name for names in _NAMES.values() for name in names)]
_WORD = re.compile(rf"(?<![^\W\d_])(?<!-)(?:{_either(_NAMED)})(?![^\W\d_])")
#: short forms that are too common as something else to count away from a number
_NEEDS_NUMBER = frozenset({"rm", "rs", "rs.", "ft", "kc", "zl", "rp", "fr.", "lei", "pfund", "pound", "pounds", "sfr"})


def parse_currency(text: str) -> str | None:
    """The currency that the whole of `text` names, by code, sign or name."""
    folded = fold(text).strip("()[]:,; ")
    return _BY_FOLD.get(folded) or _BY_FOLD.get(folded.rstrip("."))


def find_currencies(text: str) -> list[CurrencySpan]:
    """Every currency in `text`, in order."""
    flat = flatten(text)
    spans = [CurrencySpan(hit.start(), hit.end(), _BY_FOLD[hit.group()]) for hit in _SIGN.finditer(flat)]
    spans += [
        CurrencySpan(hit.start(), hit.end(), hit.group())
        for hit in _CODE.finditer(text)
        if hit.group() in CODES and (hit.group() not in _WORDLIKE or _beside_number(text, hit.start(), hit.end()))
    ]
    spans += [
        CurrencySpan(hit.start(), hit.end(), _BY_FOLD[hit.group()])
        for hit in _WORD.finditer(flat)
        if hit.group() not in _NEEDS_NUMBER or _beside_number(text, hit.start(), hit.end())
    ]
    spans.sort()
    return [span for index, span in enumerate(spans) if index == 0 or span.start >= spans[index - 1].end]


def _beside_number(text: str, start: int, end: int) -> bool:
    """Whether a digit stands right before or after, a space, a sign and a point aside."""
    before, after = text[max(0, start - 2) : start].rstrip(), text[end : end + 3].lstrip(" :-.,")
    return before[-1:].isdigit() or after[:1].isdigit()
