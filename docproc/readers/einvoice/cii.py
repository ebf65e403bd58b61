"""UN/CEFACT Cross Industry Invoice into an invoice: Factur-X, ZUGFeRD 1 and 2, XRechnung (CII), Order-X."""

from collections import Counter
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

#: ZUGFeRD 1, ZUGFeRD 2 and its kin, Order-X
ROOTS = frozenset({"CrossIndustryDocument", "CrossIndustryInvoice", "SCRDMCCBDACIOMessageStructure"})
_ORDER_ROOT = "SCRDMCCBDACIOMessageStructure"

#: the names of ZUGFeRD 1 (draft D11) and what they became
_RENAMED = {
    "HeaderExchangedDocument": "ExchangedDocument",
    "SpecifiedSupplyChainTradeTransaction": "SupplyChainTradeTransaction",
    "ApplicableSupplyChainTradeAgreement": "ApplicableHeaderTradeAgreement",
    "ApplicableSupplyChainTradeDelivery": "ApplicableHeaderTradeDelivery",
    "ApplicableSupplyChainTradeSettlement": "ApplicableHeaderTradeSettlement",
    "SpecifiedSupplyChainTradeAgreement": "SpecifiedLineTradeAgreement",
    "SpecifiedSupplyChainTradeDelivery": "SpecifiedLineTradeDelivery",
    "SpecifiedSupplyChainTradeSettlement": "SpecifiedLineTradeSettlement",
    "ApplicablePercent": "RateApplicablePercent",
}
_SUMMATIONS = ("SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
_LINE_SUMMATIONS = ("SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
#: an extended invoice may nest its lines; these head a group or only inform, they are not billed themselves
_UNBILLED = frozenset({"GROUP", "INFORMATION"})


def read_cii(root: Element) -> Invoice:
    """The invoice in a tree whose root is one of ROOTS."""
    for node in root.iter():
        node.tag = _RENAMED.get(node.tag, node.tag)
    document = child_at(root, "ExchangedDocument")
    transaction = child_at(root, "SupplyChainTradeTransaction")
    agreement = child_at(transaction, "ApplicableHeaderTradeAgreement")
    delivery = child_at(transaction, "ApplicableHeaderTradeDelivery")
    settlement = child_at(transaction, "ApplicableHeaderTradeSettlement")
    type_code = text_at(document, "TypeCode")
    is_order = root.tag == _ORDER_ROOT
    number, issue_date = text_at(document, "ID"), date_at(document, "IssueDateTime/*", "IssueDateTime")
    currency = _currency(settlement)
    return Invoice(
        type=DocumentType.ORDER if is_order else document_type(type_code),
        type_code=type_code,
        number=None if is_order else number,
        issue_date=issue_date,
        due_date=date_at(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime/*"),
        delivery_date=date_at(
            delivery,
            "ActualDeliverySupplyChainEvent/OccurrenceDateTime/*",
            "RequestedDeliverySupplyChainEvent/OccurrenceDateTime/*",
        ),
        tax_point_date=date_at(settlement, "ApplicableTradeTax/TaxPointDate/*"),
        period_start=date_at(settlement, "BillingSpecifiedPeriod/StartDateTime/*"),
        period_end=date_at(settlement, "BillingSpecifiedPeriod/EndDateTime/*"),
        currency=currency,
        seller=_party(child_at(agreement, "SellerTradeParty")),
        buyer=_party(child_at(agreement, "BuyerTradeParty")),
        payee=_party(child_at(settlement, "PayeeTradeParty")),
        delivery=_party(child_at(delivery, "ShipToTradeParty")),
        payment=_payment(settlement),
        totals=_totals(settlement, currency),
        order_number=number if is_order else _reference(agreement, "BuyerOrderReferencedDocument"),
        order_date=issue_date
        if is_order
        else date_at(
            agreement,
            "BuyerOrderReferencedDocument/FormattedIssueDateTime/*",
            "BuyerOrderReferencedDocument/IssueDateTime/*",
            "BuyerOrderReferencedDocument/IssueDateTime",
        ),
        sales_order_number=_reference(agreement, "SellerOrderReferencedDocument"),
        buyer_reference=text_at(agreement, "BuyerReference"),
        contract_number=_reference(agreement, "ContractReferencedDocument"),
        project_number=text_at(agreement, "SpecifiedProcuringProject/ID"),
        delivery_note_number=_reference(delivery, "DespatchAdviceReferencedDocument", "DeliveryNoteReferencedDocument"),
        preceding_number=_reference(settlement, "InvoiceReferencedDocument"),
        notes=() if document is None else texts_at(document, "IncludedNote/Content"),
        lines=() if transaction is None else _lines(transaction),
        taxes=() if settlement is None else tuple(map(_tax_share, settlement.iterfind("ApplicableTradeTax"))),
        adjustments=() if settlement is None else _adjustments(settlement),
    )


def _reference(node: Element | None, *names: str) -> str | None:
    return text_at(node, *(f"{name}/{leaf}" for name in names for leaf in ("IssuerAssignedID", "ID")))


def _currency(settlement: Element | None) -> str | None:
    """The invoice's currency; where the element is missing or empty, the one its amounts are marked with."""
    stated = text_at(settlement, "InvoiceCurrencyCode", "OrderCurrencyCode")
    if stated or settlement is None:
        return stated
    marks = Counter(mark for node in settlement.iter() if (mark := node.get("currencyID", "").strip()))
    return marks.most_common(1)[0][0] if marks else text_at(settlement, "TaxCurrencyCode")


def _party(node: Element | None) -> Party:
    if node is None:
        return Party()
    registrations = [
        (registration.get("schemeID", "").upper(), (registration.text or "").strip())
        for registration in node.iterfind("SpecifiedTaxRegistration/ID")
    ]
    contact = child_at(node, "DefinedTradeContact")
    return Party(
        name=text_at(node, "Name", "SpecifiedLegalOrganization/TradingBusinessName", "DefinedTradeContact/PersonName"),
        trading_name=text_at(node, "SpecifiedLegalOrganization/TradingBusinessName"),
        identifier=text_at(node, "ID", "GlobalID"),
        registration=text_at(node, "SpecifiedLegalOrganization/ID"),
        vat_id=next((text for scheme, text in registrations if text and scheme in {"VA", "VAT"}), None),
        tax_number=next((text for scheme, text in registrations if text and scheme not in {"VA", "VAT"}), None),
        address=_address(child_at(node, "PostalTradeAddress")),
        contact=text_at(contact, "PersonName", "DepartmentName"),
        phone=text_at(contact, "TelephoneUniversalCommunication/CompleteNumber"),
        email=text_at(contact, "EmailURIUniversalCommunication/URIID", "EmailURIUniversalCommunication/CompleteNumber")
        or text_at(node, "URIUniversalCommunication/URIID[@schemeID='EM']"),
    )


def _address(node: Element | None) -> Address:
    if node is None:
        return Address()
    lines = (text_at(node, name) for name in ("LineOne", "LineTwo", "LineThree", "StreetName"))
    return Address(
        lines=tuple(line for line in lines if line),
        city=text_at(node, "CityName"),
        postcode=text_at(node, "PostcodeCode"),
        subdivision=text_at(node, "CountrySubDivisionName"),
        country=text_at(node, "CountryID"),
    )


def _payment(settlement: Element | None) -> Payment:
    means = "SpecifiedTradeSettlementPaymentMeans"
    account = f"{means}/PayeePartyCreditorFinancialAccount"
    return Payment(
        iban=text_at(settlement, f"{account}/IBANID"),
        bic=text_at(settlement, f"{means}/PayeeSpecifiedCreditorFinancialInstitution/BICID"),
        account_name=text_at(settlement, f"{account}/AccountName"),
        reference=text_at(settlement, "PaymentReference"),
        means_code=text_at(settlement, f"{means}/TypeCode"),
        means=text_at(settlement, f"{means}/Information"),
        terms=text_at(settlement, "SpecifiedTradePaymentTerms/Description"),
    )


def _totals(settlement: Element | None, currency: str | None) -> Totals:
    node = child_at(settlement, *_SUMMATIONS)
    return Totals(
        lines=decimal_at(node, "LineTotalAmount"),
        allowances=decimal_at(node, "AllowanceTotalAmount"),
        charges=decimal_at(node, "ChargeTotalAmount"),
        net=decimal_at(node, "TaxBasisTotalAmount"),
        tax=_tax_total(node, currency),
        gross=decimal_at(node, "GrandTotalAmount"),
        prepaid=decimal_at(node, "TotalPrepaidAmount"),
        rounding=decimal_at(node, "RoundingAmount"),
        due=decimal_at(node, "DuePayableAmount"),
    )


def _tax_total(node: Element | None, currency: str | None) -> Decimal | None:
    """There may be two, the other one in the currency of the tax authority."""
    own = decimal_at(node, f"TaxTotalAmount[@currencyID='{currency}']") if (currency or "").isalpha() else None
    return decimal_at(node, "TaxTotalAmount") if own is None else own


def _tax_share(node: Element) -> TaxShare:
    return TaxShare(
        rate=decimal_at(node, "RateApplicablePercent"),
        category=text_at(node, "CategoryCode"),
        basis=decimal_at(node, "BasisAmount"),
        tax=decimal_at(node, "CalculatedAmount"),
        exemption=text_at(node, "ExemptionReason"),
    )


def _adjustments(settlement: Element) -> tuple[Adjustment, ...]:
    stated = tuple(map(_adjustment, settlement.iterfind("SpecifiedTradeAllowanceCharge")))
    logistics = (
        Adjustment(amount=decimal_at(node, "AppliedAmount"), reason=text_at(node, "Description"), is_charge=True)
        for node in settlement.iterfind("SpecifiedLogisticsServiceCharge")
    )
    return (*stated, *logistics)


def _adjustment(node: Element) -> Adjustment:
    return Adjustment(
        amount=decimal_at(node, "ActualAmount"),
        reason=text_at(node, "Reason"),
        rate=decimal_at(node, "CalculationPercent"),
        is_charge=(text_at(node, "ChargeIndicator/Indicator", "ChargeIndicator") or "").lower() in {"true", "1"},
    )


def _lines(transaction: Element) -> tuple[LineItem, ...]:
    """The billed positions; a line without product, quantity and total only carries a note."""
    lines = (
        _line(node)
        for node in transaction.iterfind("IncludedSupplyChainTradeLineItem")
        if text_at(node, "AssociatedDocumentLineDocument/LineStatusReasonCode") not in _UNBILLED
    )
    return tuple(line for line in lines if (line.name, line.details, line.quantity, line.total) != (None,) * 4)


def _line(node: Element) -> LineItem:
    head = child_at(node, "AssociatedDocumentLineDocument")
    product = child_at(node, "SpecifiedTradeProduct")
    agreement = child_at(node, "SpecifiedLineTradeAgreement")
    settlement = child_at(node, "SpecifiedLineTradeSettlement")
    quantity = child_at(node, *(f"SpecifiedLineTradeDelivery/{name}Quantity" for name in ("Billed", "Requested")))
    summation = child_at(settlement, *_LINE_SUMMATIONS)
    net = child_at(agreement, "NetPriceProductTradePrice")
    gross = child_at(agreement, "GrossPriceProductTradePrice")
    return LineItem(
        position=text_at(head, "LineID"),
        name=text_at(product, "Name"),
        details=text_at(product, "Description"),
        seller_item=text_at(product, "SellerAssignedID"),
        buyer_item=text_at(product, "BuyerAssignedID"),
        standard_item=text_at(product, "GlobalID"),
        quantity=decimal_at(quantity, "."),
        unit=None if quantity is None else quantity.get("unitCode"),
        net_price=decimal_at(net, "ChargeAmount"),
        gross_price=decimal_at(gross, "ChargeAmount"),
        price_basis=decimal_at(net, "BasisQuantity") or decimal_at(gross, "BasisQuantity"),
        total=decimal_at(summation, "LineTotalAmount"),
        tax_rate=decimal_at(settlement, "ApplicableTradeTax/RateApplicablePercent"),
        tax_category=text_at(settlement, "ApplicableTradeTax/CategoryCode"),
        price_discount=decimal_at(gross, "AppliedTradeAllowanceCharge/ActualAmount"),
        adjustments=() if settlement is None else _adjustments(settlement),
        period_start=date_at(settlement, "BillingSpecifiedPeriod/StartDateTime/*"),
        period_end=date_at(settlement, "BillingSpecifiedPeriod/EndDateTime/*"),
        order_line=text_at(agreement, "BuyerOrderReferencedDocument/LineID"),
        note=text_at(head, "IncludedNote/Content"),
    )
