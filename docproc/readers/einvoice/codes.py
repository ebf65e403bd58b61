"""UNTDID 1001: what kind of document a type code stands for."""

from docproc.readers.einvoice.invoice import DocumentType

_CODES: dict[DocumentType, str] = {
    DocumentType.CREDIT_NOTE: "81 83 261 262 296 308 381 396 420 458 532",
    DocumentType.CORRECTED_INVOICE: "384",
    DocumentType.PREPAYMENT_INVOICE: "386",
    DocumentType.PARTIAL_INVOICE: "326",
    DocumentType.SELF_BILLED_INVOICE: "389 527",
    DocumentType.DEBIT_NOTE: "80 82 84 383",
    DocumentType.ORDER: "220 221 224 226 227 228",
    DocumentType.INVOICE: "130 202 203 204 211 218 219 295 325 331 380 382 385 387 388 390 393 394 395 456 457 "
    "575 623 633 751 780 817 870 875 876 877 935",
}
_TYPES = {code: kind for kind, codes in _CODES.items() for code in codes.split()}


def document_type(code: str | None) -> DocumentType | None:
    """The document's type; None for a code that is not known."""
    return _TYPES.get((code or "").lstrip("0"))
