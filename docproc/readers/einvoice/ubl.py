"""UBL 2.1 Invoice and CreditNote into an invoice: XRechnung (UBL), Peppol BIS."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element

from docproc.readers.einvoice.codes import document_type
from docproc.readers.einvoice.invoice import (
    Address,
    Adjustment,
    DocumentType,
    Invoice,
    LineItem,
    Party,
    Payment,
    TaxShare,
    Totals,
)
from docproc.readers.einvoice.markup import child_at, date_at, decimal_at, text_at, texts_at

ROOTS = frozenset({"Invoice", "CreditNote"})
#: other vocabularies have a root called Invoice too; UBL requires these
_REQUIRED = ("AccountingSupplierParty", "LegalMonetaryTotal")


def is_ubl(root: Element) -> bool:
    """Is this tree a UBL invoice or credit note?"""
    return root.tag in ROOTS and any(root.find(name) is not None for name in _REQUIRED)


def read_ubl(root: Element) -> Invoice:
    """The invoice in a tree for which `is_ubl` holds."""
    type_code = text_at(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    fallback = DocumentType.CREDIT_NOTE if root.tag == "CreditNote" else DocumentType.INVOICE
    currency = _currency(root)
    return Invoice(
        type=document_type(type_code) or fallback,
        type_code=type_code,
        number=text_at(root, "ID"),
        issue_date=date_at(root, "IssueDate"),
        due_date=date_at(root, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate"),
        delivery_date=date_at(root, "Delivery/ActualDeliveryDate"),
        tax_point_date=date_at(root, "TaxPointDate"),
        period_start=date_at(root, "InvoicePeriod/StartDate"),
        period_end=date_at(root, "InvoicePeriod/EndDate"),
        currency=currency,
        seller=_party(child_at(root, "AccountingSupplierParty/Party")),
        buyer=_party(child_at(root, "AccountingCustomerParty/Party")),
        payee=_party(child_at(root, "PayeeParty")),
        delivery=_place_of_delivery(child_at(root, "Delivery")),
        payment=_payment(root),
        totals=_totals(root, currency),
        order_number=text_at(root, "OrderReference/ID"),
        order_date=date_at(root, "OrderReference/IssueDate"),
        sales_order_number=text_at(root, "OrderReference/SalesOrderID"),
        buyer_reference=text_at(root, "BuyerReference"),
        contract_number=text_at(root, "ContractDocumentReference/ID"),
        project_number=text_at(root, "ProjectReference/ID"),
        delivery_note_number=text_at(root, "DespatchDocumentReference/ID"),
        preceding_number=text_at(root, "BillingReference/InvoiceDocumentReference/ID"),
        notes=texts_at(root, "Note"),
        lines=tuple(_line(node) for node in root if node.tag in {"InvoiceLine", "CreditNoteLine"}),
        taxes=tuple(map(_tax_share, _own_tax_subtotals(root, currency))),
        adjustments=tuple(map(_adjustment, root.iterfind("AllowanceCharge"))),
    )


def _currency(root: Element) -> str | None:
    """The invoice's currency; where the element is missing or empty, the one its amounts are marked with."""
    stated = text_at(root, "DocumentCurrencyCode")
    if stated:
        return stated
    marks = Counter(mark for node in root.iter() if (mark := node.get("currencyID", "").strip()))
    return marks.most_common(1)[0][0] if marks else None


def _party(node: Element | None) -> Party:
    if node is None:
        return Party()
    schemes = list(node.iterfind("PartyTaxScheme"))
    vat = [scheme for scheme in schemes if (text_at(scheme, "TaxScheme/ID") or "").upper() == "VAT"]
    other = [scheme for scheme in schemes if scheme not in vat]
    return Party(
        name=text_at(node, "PartyLegalEntity/RegistrationName", "PartyName/Name", "Contact/Name"),
        trading_name=text_at(node, "PartyName/Name"),
        identifier=text_at(node, "PartyIdentification/ID"),
        registration=text_at(node, "PartyLegalEntity/CompanyID"),
        vat_id=next(iter(_company_ids(vat)), None),
        tax_number=next(iter(_company_ids(other)), None),
        address=_address(child_at(node, "PostalAddress")),
        contact=text_at(node, "Contact/Name"),
        phone=text_at(node, "Contact/Telephone"),
        email=text_at(node, "Contact/ElectronicMail", "EndpointID[@schemeID='EM']"),
    )


def _company_ids(schemes: list[Element]) -> Iterator[str]:
    return (text for scheme in schemes if (text := text_at(scheme, "CompanyID")))


def _place_of_delivery(node: Element | None) -> Party:
    return Party(
        name=text_at(node, "DeliveryParty/PartyName/Name"),
        identifier=text_at(node, "DeliveryLocation/ID"),
        address=_address(child_at(node, "DeliveryLocation/Address")),
    )


def _address(node: Element | None) -> Address:
    if node is None:
        return Address()
    lines = (text_at(node, name) for name in ("StreetName", "AdditionalStreetName", "AddressLine/Line"))
    return Address(
        lines=tuple(line for line in lines if line),
        city=text_at(node, "CityName"),
        postcode=text_at(node, "PostalZone"),
        subdivision=text_at(node, "CountrySubentity"),
        country=text_at(node, "Country/IdentificationCode"),
    )


def _payment(root: Element) -> Payment:
    means = child_at(root, "PaymentMeans")
    code = child_at(means, "PaymentMeansCode")
    account = "PaymentMeans/PayeeFinancialAccount"
    return Payment(
        iban=text_at(root, f"{account}/ID"),
        bic=text_at(root, f"{account}/FinancialInstitutionBranch/ID"),
        account_name=text_at(root, f"{account}/Name"),
        reference=text_at(root, "PaymentMeans/PaymentID"),
        means_code=text_at(code, "."),
        means=None if code is None else code.get("name"),
        terms=text_at(root, "PaymentTerms/Note"),
    )


def _totals(root: Element, currency: str | None) -> Totals:
    node = child_at(root, "LegalMonetaryTotal")
    return Totals(
        lines=decimal_at(node, "LineExtensionAmount"),
        allowances=decimal_at(node, "AllowanceTotalAmount"),
        charges=decimal_at(node, "ChargeTotalAmount"),
        net=decimal_at(node, "TaxExclusiveAmount"),
        tax=_tax_total(root, currency),
        gross=decimal_at(node, "TaxInclusiveAmount"),
        prepaid=decimal_at(node, "PrepaidAmount"),
        rounding=decimal_at(node, "PayableRoundingAmount"),
        due=decimal_at(node, "PayableAmount"),
    )


def _own_tax_totals(root: Element, currency: str | None) -> list[Element]:
    """There may be a second total, in the currency of the tax authority."""
    totals = list(root.iterfind("TaxTotal"))
    own = [total for total in totals if _amount_currency(total) in {currency, None}]
    return own or totals


def _amount_currency(total: Element) -> str | None:
    amount = total.find("TaxAmount")
    return None if amount is None else amount.get("currencyID")


def _tax_total(root: Element, currency: str | None) -> Decimal | None:
    return next((decimal_at(total, "TaxAmount") for total in _own_tax_totals(root, currency)), None)


def _own_tax_subtotals(root: Element, currency: str | None) -> Iterator[Element]:
    return (share for total in _own_tax_totals(root, currency) for share in total.iterfind("TaxSubtotal"))


def _tax_share(node: Element) -> TaxShare:
    return TaxShare(
        rate=decimal_at(node, "TaxCategory/Percent", "Percent"),
        category=text_at(node, "TaxCategory/ID"),
        basis=decimal_at(node, "TaxableAmount"),
        tax=decimal_at(node, "TaxAmount"),
        exemption=text_at(node, "TaxCategory/TaxExemptionReason"),
    )


def _adjustment(node: Element) -> Adjustment:
    return Adjustment(
        amount=decimal_at(node, "Amount"),
        reason=text_at(node, "AllowanceChargeReason"),
        rate=decimal_at(node, "MultiplierFactorNumeric"),
        is_charge=(text_at(node, "ChargeIndicator") or "").lower() in {"true", "1"},
    )


def _line(node: Element) -> LineItem:
    quantity = child_at(node, "InvoicedQuantity", "CreditedQuantity")
    item, price = child_at(node, "Item"), child_at(node, "Price")
    return LineItem(
        position=text_at(node, "ID"),
        name=text_at(item, "Name"),
        details=text_at(item, "Description"),
        seller_item=text_at(item, "SellersItemIdentification/ID"),
        buyer_item=text_at(item, "BuyersItemIdentification/ID"),
        standard_item=text_at(item, "StandardItemIdentification/ID"),
        quantity=decimal_at(quantity, "."),
        unit=None if quantity is None else quantity.get("unitCode"),
        net_price=decimal_at(price, "PriceAmount"),
        gross_price=decimal_at(price, "AllowanceCharge/BaseAmount"),
        price_basis=decimal_at(price, "BaseQuantity"),
        total=decimal_at(node, "LineExtensionAmount"),
        tax_rate=decimal_at(item, "ClassifiedTaxCategory/Percent"),
        tax_category=text_at(item, "ClassifiedTaxCategory/ID"),
        price_discount=decimal_at(price, "AllowanceCharge/Amount"),
        adjustments=tuple(map(_adjustment, node.iterfind("AllowanceCharge"))),
        period_start=date_at(node, "InvoicePeriod/StartDate"),
        period_end=date_at(node, "InvoicePeriod/EndDate"),
        order_line=text_at(node, "OrderLineReference/LineID"),
        note=text_at(node, "Note"),
    )
