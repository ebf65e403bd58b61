"""XML bytes into a tree of plain element names: no entities, no network, no namespaces. Knows no invoice format.

XML is parsed in the process that reads, not in a child as pages are: expat, behind defusedxml, meets no document type
declaration (so no entity, no external file and no blow-up), at most 16 MiB, and stops at the first element too many or
too deep. What is left is linear in the bytes: a few seconds and some hundred megabytes in the worst case tried.
"""

import re
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from docproc.domain.errors import CorruptError, TooLargeError, UnsupportedError
from docproc.readers.einvoice.invoice import UNREADABLE

#: far above any invoice (the largest seen hold some hundred kB), far below what hurts
MAX_BYTES = 16 * 1024 * 1024
MAX_ELEMENTS = 400_000
MAX_DEPTH = 64

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
#: an xs:decimal of a sane length: `Decimal` alone would take NaN and 1E+999999 as well
_DECIMAL = re.compile(r"[+-]?(?:\d{1,18}(?:[.,]\d{0,18})?|[.,]\d{1,18})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*|Z|[+-]\d{2}:?\d{2})?")
_PLAIN_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\d*")


class _PlainNames(TreeBuilder):
    """Builds the tree with element names stripped of their namespaces, up to a limit."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = 0
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS:
            raise TooLargeError(f"The XML holds more than {MAX_ELEMENTS:,} elements.")
        if self._depth > MAX_DEPTH:
            raise TooLargeError(f"The XML is nested deeper than {MAX_DEPTH} levels.")
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def parse_markup(content: bytes) -> Element:
    """The root element with plain names.

    Raises TooLargeError over a limit, UnsupportedError for a document type declaration, CorruptError for what is no
    well-formed XML.
    """
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"The XML is larger than the limit of {MAX_BYTES:,} bytes.")
    try:
        return _parse(content)
    except CorruptError:
        return _parse(_without_declaration(content))


def _parse(content: bytes) -> Element:
    # no document type at all: no e-invoice format has one, and every entity attack needs one
    parser = DefusedXMLParser(target=_PlainNames(), forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException as exc:
        raise UnsupportedError("The XML has a document type declaration: these are refused.") from exc
    except (ParseError, LookupError, ValueError) as exc:
        raise CorruptError("The XML is not well-formed.") from exc
    return root


def _without_declaration(content: bytes) -> bytes:
    """Seen in the wild: white space before the declaration, a mangled one, one that names the wrong encoding."""
    for encoding in ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _DECLARATION.sub("", text, count=1).strip().strip("\0").encode()
    return b""


def text_at(node: Element | None, *paths: str) -> str | None:
    """The text of the first element found at one of `paths` that is not empty."""
    if node is None:
        return None
    for path in paths:
        for found in node.iterfind(path):
            text = (found.text or "").strip()
            if text:
                return text
    return None


def texts_at(node: Element, path: str) -> tuple[str, ...]:
    """The text of every element at `path` that is not empty."""
    return tuple(text for found in node.iterfind(path) if (text := (found.text or "").strip()))


def decimal_at(node: Element | None, *paths: str) -> Decimal | None:
    """The number at the first of `paths` that holds one; UNREADABLE when only something else stands there."""
    numbers = [number for path in paths if (number := parse_decimal(text_at(node, path))) is not None]
    return next((number for number in numbers if not number.is_nan()), numbers[0] if numbers else None)


def parse_decimal(text: str | None) -> Decimal | None:
    """A number of the XML; a decimal comma is wrong there, but seen. None for no text, UNREADABLE for no number."""
    compact = (text or "").replace(" ", "")
    if not compact:
        return None
    return Decimal(compact.replace(",", ".")) if _DECIMAL.fullmatch(compact) else UNREADABLE


def date_at(node: Element | None, *paths: str) -> date | None:
    """The date at the first of `paths` that holds one: ISO 8601, or UNTDID 2379 formats 102 and 203."""
    for path in paths:
        text = text_at(node, path)
        found = _ISO_DATE.fullmatch(text or "") or _PLAIN_DATE.fullmatch(text or "")
        if found:
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                continue
    return None


def child_at(node: Element | None, *paths: str) -> Element | None:
    """The first element at one of `paths`."""
    if node is None:
        return None
    found = (node.find(path) for path in paths)
    return next((child for child in found if child is not None), None)
