"""invoice@1: an invoice, bill or credit note, in the business terms of EN 16931."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import Currency, Day, FreeText, Iban, Identifier, Line, Money, Number, Percent, VatId, described


class InvoiceLine(SchemaBody):
    """One billed position."""

    description: Annotated[FreeText | None, described("Name of the article or service")]
    quantity: Annotated[Number | None, described("Billed quantity")]
    unit_price: Annotated[Money | None, described("Price of one unit, net where both are printed")]
    line_total: Annotated[Money | None, described("Total of the line, net where both are printed")]


class Invoice(SchemaBody):
    """An invoice, bill or credit note."""

    schema_name = "invoice"
    schema_title = "Invoice"

    invoice_number: Annotated[Identifier | None, described("Number of the invoice")]
    issue_date: Annotated[Day | None, described("Date of the invoice")]
    due_date: Annotated[Day | None, described("Date by which to pay")]
    seller_name: Annotated[Line | None, described("Name of the company or person that issued the invoice")]
    seller_vat_id: Annotated[VatId | None, described("VAT identifier of the seller")]
    buyer_name: Annotated[Line | None, described("Name of the company or person that is billed")]
    currency: Annotated[Currency | None, described("Currency of the amounts")]
    total_net: Annotated[Money | None, described("Total without tax")]
    total_tax: Annotated[Money | None, described("Total tax")]
    total_gross: Annotated[Money | None, described("Total with tax")]
    iban: Annotated[Iban | None, described("Account to pay to")]
    tax_rate: Annotated[Percent | None, described("Tax rate in percent")]
    line_items: Annotated[list[InvoiceLine], described("The billed positions, in order")]
