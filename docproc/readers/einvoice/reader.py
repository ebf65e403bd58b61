"""The e-invoice reader: finds the invoice among a window's XML files and reads it; nothing is guessed."""

import time
from collections.abc import Sequence

from docproc.domain.errors import DocumentError, UnsupportedError
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import WINDOW_PAGES, FieldHint, Reading, Usage, Window
from docproc.domain.schema import ExtractionSchema, JsonValue
from docproc.readers.einvoice import cii, ubl
from docproc.readers.einvoice.invoice import Invoice, with_implied_totals
from docproc.readers.einvoice.mapping import bind, is_for_invoices, mapped
from docproc.readers.einvoice.markup import parse_markup
from docproc.readers.einvoice.page_check import disagreements
from docproc.readers.turns import in_turn

#: what the XML says is what was sent; whether it is also what was printed is told by the evidence
_CERTAIN = FieldHint(model=1.0)
#: an issue names at most this many field paths; the rest is counted
MAX_PATHS = 50


class EinvoiceReader:
    """Reads Factur-X, ZUGFeRD 1 and 2, XRechnung, Order-X and UBL invoices, embedded in a PDF or as plain XML."""

    name = "einvoice"
    version = "1"
    window_pages = WINDOW_PAGES
    image: PageImageSpec | None = None

    def can_read(self, window: Window, schema: ExtractionSchema | None = None) -> bool:
        """Is there an invoice in the window and, if a schema is given, does that ask for one?

        Raises DocumentError when the document itself is XML that cannot be read.
        """
        if schema is not None and not is_for_invoices(schema):
            return False
        return find_invoice(window) is not None

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises UnsupportedError when there is no invoice, and DocumentError when the document is unreadable XML."""
        started = time.perf_counter()
        invoice = find_invoice(window)
        if invoice is None:
            raise UnsupportedError("There is no electronic invoice in the document: use --reader auto or layout.")
        binding = bind(schema)
        found = mapped(invoice, schema, binding)
        return Reading(
            reader=self.name,
            reader_version=self.version,
            record=found.record,
            hints=dict.fromkeys(_given(found.record), _CERTAIN),
            issues=(*_unreadable(found.unreadable), *disagreements(invoice, window, binding)),
            usage=Usage(seconds=time.perf_counter() - started),
            complete=True,
        )


def find_invoice(window: Window) -> Invoice | None:
    """The first attachment that is an e-invoice by its root element, whatever its name.

    An embedded file that cannot be read is passed over: the pages are still there. A document that is XML itself has
    nothing else to offer, so what is wrong with it is raised.
    """
    is_xml_itself = window.page_count == 0 and not window.pages
    for attachment in in_turn(window.attachments, window.checkpoint):
        try:
            invoice = parse_invoice(attachment.content)
        except DocumentError:
            if is_xml_itself:
                raise
            continue
        if invoice is not None:
            return invoice
    return None


def parse_invoice(content: bytes) -> Invoice | None:
    """The invoice in these bytes; None when they are no e-invoice, or one that says nothing.

    Raises DocumentError when they are no XML that is safe to read.
    """
    root = parse_markup(content)
    if root.tag in cii.ROOTS:
        invoice = with_implied_totals(cii.read_cii(root))
    elif ubl.is_ubl(root):
        invoice = with_implied_totals(ubl.read_ubl(root))
    else:
        return None
    telling = (invoice.number, invoice.order_number, invoice.totals.gross)
    return invoice if any(value is not None for value in telling) else None


def _unreadable(paths: Sequence[str]) -> tuple[Issue, ...]:
    if not paths:
        return ()
    subject = paths[0] if len(paths) == 1 else f"each of {len(paths)} values"
    message = f"The XML states {subject} in a form that is no plain number: it was left out."
    return (Issue(code=IssueCode.WRONG_SHAPE, fields=tuple(paths[:MAX_PATHS]), message=message),)


def _given(tree: JsonValue, path: str = "") -> list[str]:
    """The field paths of all values that are not null."""
    if isinstance(tree, dict):
        return [leaf for name, branch in tree.items() for leaf in _given(branch, f"{path}.{name}" if path else name)]
    if isinstance(tree, list):
        return [leaf for index, branch in enumerate(tree) for leaf in _given(branch, f"{path}[{index}]")]
    return [] if tree is None else [path]
