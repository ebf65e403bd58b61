"""Reads electronic invoices: the XML inside a PDF, or a plain XML file, under any invoice-like schema."""

from docproc.readers.einvoice.reader import EinvoiceReader

__all__ = ["EinvoiceReader"]
