"""The root element of an XML file, found in its first bytes without parsing it; knows which roots are invoices."""

import re

#: local names of the root elements that the einvoice reader maps
INVOICE_ROOTS = frozenset({"CrossIndustryInvoice", "CrossIndustryDocument", "SCRDMCCBDACIOMessageStructure"})
#: UBL's names are common words: they count only in UBL's own namespaces
UBL_ROOTS = frozenset({"Invoice", "CreditNote"})
_UBL_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"

_SKIPPED = re.compile(r"\A(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"\A<(?:([\w.-]+):)?([A-Za-z_][\w.-]*)((?:\s[^<>]*)?)/?>")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_BARE_UTF16 = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


def invoice_root(head: bytes) -> bool:
    """Whether `head` starts an XML invoice: CII (also ZUGFeRD 1) or UBL."""
    root = _root(_text(head))
    if root is None:
        return False
    name, attributes = root
    return name in INVOICE_ROOTS or (name in UBL_ROOTS and _UBL_NAMESPACE in attributes)


def looks_like_markup(head: bytes) -> str:
    """What a file of markup is, for a person; empty when it is none."""
    text = _text(head)
    if re.search(r"<!doctype\s+html|<html[\s>]", text[:1024], re.IGNORECASE):
        return "a web page: print it to PDF"
    root = _root(text)
    if root is not None:
        return "an SVG drawing: convert it to PDF" if root[0] == "svg" else "an XML file, but not an invoice"
    return "an XML file, but not an invoice" if text.lstrip().startswith("<?xml") else ""


def _text(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    for start, encoding in _BARE_UTF16:
        if head.startswith(start):
            return head.decode(encoding, "replace")
    return head.decode("latin-1")  # every encoding that XML files use in practice agrees on the root's ASCII name


def _root(text: str) -> tuple[str, str] | None:
    """Local name and attributes of the first element."""
    while skipped := _SKIPPED.match(text):
        text = text[skipped.end() :]
    found = _ROOT.match(text)
    return (found[2], found[3]) if found else None
