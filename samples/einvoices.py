"""A bill as electronic invoice: CII XML inside a PDF (Factur-X), and UBL XML alone."""

# PyMuPDF has types for half of what it offers
# mypy: disable-error-code="no-untyped-call"

from decimal import Decimal
from html import escape

import pymupdf
from trade import Bill, Company, Position

_CII_SPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
_UBL_SPACES = (
    'xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 pdfaid:part="3" pdfaid:conformance="B"/>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
 fx:DocumentType="INVOICE" fx:DocumentFileName="factur-x.xml" fx:Version="1.0" fx:ConformanceLevel="EN 16931"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def embed_facturx(document: pymupdf.Document, bill: Bill) -> None:
    """Make a drawn invoice a Factur-X file: its XML attached as an alternative to the whole document."""
    xml = document.get_new_xref()
    document.update_object(xml, "<</Type/EmbeddedFile/Subtype/text#2Fxml/Params<</ModDate(D:20250602090000Z)>>>>")
    document.update_stream(xml, cii_xml(bill).encode(), new=True)
    attached = document.get_new_xref()
    document.update_object(
        attached,
        "<</Type/Filespec/AFRelationship/Alternative/F(factur-x.xml)/UF(factur-x.xml)"
        f"/Desc(Factur-X, EN 16931)/EF<</F {xml} 0 R/UF {xml} 0 R>>>>",
    )
    catalogue = document.pdf_catalog()
    document.xref_set_key(catalogue, "Names", f"<</EmbeddedFiles<</Names[(factur-x.xml) {attached} 0 R]>>>>")
    document.xref_set_key(catalogue, "AF", f"[{attached} 0 R]")
    document.set_xml_metadata(_XMP)


def cii_xml(bill: Bill) -> str:
    """The bill as Cross Industry Invoice, profile EN 16931."""
    lines = "".join(_cii_line(number, position) for number, position in enumerate(bill.positions, 1))
    taxes = "".join(_cii_tax(rate, basis, tax) for rate, (basis, tax) in bill.taxes.items())
    delivered = (
        f"<ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>{_cii_day(f'{bill.delivered:%Y%m%d}')}"
        "</ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent>"
        if bill.delivered
        else ""
    )
    order = (
        f"<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>{escape(bill.order_number)}"
        "</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>"
        if bill.order_number
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice {_CII_SPACES}>
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:cen.eu:en16931:2017</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>{escape(bill.number)}</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime>{_cii_day(f"{bill.issued:%Y%m%d}")}</ram:IssueDateTime>
<ram:IncludedNote><ram:Content>{escape(bill.note)}</ram:Content></ram:IncludedNote></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
{lines}<ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty>{_cii_party(bill.seller)}</ram:SellerTradeParty>
<ram:BuyerTradeParty>{_cii_party(bill.buyer)}</ram:BuyerTradeParty>
{order}</ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeDelivery>{delivered}</ram:ApplicableHeaderTradeDelivery>
<ram:ApplicableHeaderTradeSettlement>
<ram:PaymentReference>{escape(bill.number)}</ram:PaymentReference>
<ram:InvoiceCurrencyCode>{bill.currency}</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{bill.seller.iban}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>
{taxes}<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>{_cii_day(f"{bill.due:%Y%m%d}")}</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation>
<ram:LineTotalAmount>{bill.net}</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{bill.net}</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount currencyID="{bill.currency}">{bill.tax}</ram:TaxTotalAmount>
<ram:GrandTotalAmount>{bill.gross}</ram:GrandTotalAmount><ram:DuePayableAmount>{bill.gross}</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""


def _cii_day(day: str) -> str:
    return f'<udt:DateTimeString format="102">{day}</udt:DateTimeString>'


def _cii_line(number: int, position: Position) -> str:
    return f"""<ram:IncludedSupplyChainTradeLineItem>
<ram:AssociatedDocumentLineDocument><ram:LineID>{number}</ram:LineID></ram:AssociatedDocumentLineDocument>
<ram:SpecifiedTradeProduct><ram:Name>{escape(position.description)}</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{position.unit_price}</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="{position.unit_code}">{position.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{position.rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{position.total}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem>
"""  # noqa: E501 one element a line reads best


def _cii_tax(rate: Decimal, basis: Decimal, tax: Decimal) -> str:
    return (
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{basis}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>\n"
    )


def _cii_party(company: Company) -> str:
    registration = (
        f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{company.vat_id}</ram:ID></ram:SpecifiedTaxRegistration>'
        if company.vat_id
        else ""
    )
    return (
        f"<ram:Name>{escape(company.name)}</ram:Name><ram:PostalTradeAddress>"
        f"<ram:PostcodeCode>{company.postcode}</ram:PostcodeCode><ram:LineOne>{escape(company.street)}</ram:LineOne>"
        f"<ram:CityName>{escape(company.city)}</ram:CityName><ram:CountryID>{company.country}</ram:CountryID>"
        f"</ram:PostalTradeAddress>{registration}"
    )


def ubl_xml(bill: Bill) -> str:
    """The bill as UBL 2.1 invoice, as Peppol carries it."""
    money = f'currencyID="{bill.currency}"'
    shares = "".join(
        f"<cac:TaxSubtotal><cbc:TaxableAmount {money}>{basis}</cbc:TaxableAmount><cbc:TaxAmount {money}>{tax}"
        f"</cbc:TaxAmount>{_ubl_category('TaxCategory', rate)}</cac:TaxSubtotal>\n"
        for rate, (basis, tax) in bill.taxes.items()
    )
    lines = "".join(_ubl_line(number, position, money) for number, position in enumerate(bill.positions, 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice {_UBL_SPACES}>
<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
<cbc:ID>{escape(bill.number)}</cbc:ID>
<cbc:IssueDate>{bill.issued}</cbc:IssueDate>
<cbc:DueDate>{bill.due}</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>{bill.currency}</cbc:DocumentCurrencyCode>
<cac:OrderReference><cbc:ID>{escape(bill.order_number)}</cbc:ID></cac:OrderReference>
<cac:AccountingSupplierParty>{_ubl_party(bill.seller)}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>{_ubl_party(bill.buyer)}</cac:AccountingCustomerParty>
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentID>{escape(bill.number)}</cbc:PaymentID>
<cac:PayeeFinancialAccount><cbc:ID>{bill.seller.iban}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount {money}>{bill.tax}</cbc:TaxAmount>
{shares}</cac:TaxTotal>
<cac:LegalMonetaryTotal>
<cbc:LineExtensionAmount {money}>{bill.net}</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount {money}>{bill.net}</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount {money}>{bill.gross}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount {money}>{bill.gross}</cbc:PayableAmount>
</cac:LegalMonetaryTotal>
{lines}</Invoice>
"""


def _ubl_party(company: Company) -> str:
    tax = (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{company.vat_id}</cbc:CompanyID>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        if company.vat_id
        else ""
    )
    return (
        f"<cac:Party><cac:PostalAddress><cbc:StreetName>{escape(company.street)}</cbc:StreetName>"
        f"<cbc:CityName>{escape(company.city)}</cbc:CityName><cbc:PostalZone>{company.postcode}</cbc:PostalZone>"
        f"<cac:Country><cbc:IdentificationCode>{company.country}</cbc:IdentificationCode></cac:Country>"
        f"</cac:PostalAddress>{tax}<cac:PartyLegalEntity><cbc:RegistrationName>{escape(company.name)}"
        "</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>"
    )


def _ubl_line(number: int, position: Position, money: str) -> str:
    return (
        f"<cac:InvoiceLine><cbc:ID>{number}</cbc:ID>"
        f'<cbc:InvoicedQuantity unitCode="{position.unit_code}">{position.quantity}</cbc:InvoicedQuantity>'
        f"<cbc:LineExtensionAmount {money}>{position.total}</cbc:LineExtensionAmount>\n"
        f"<cac:Item><cbc:Name>{escape(position.description)}</cbc:Name>"
        f"{_ubl_category('ClassifiedTaxCategory', position.rate)}</cac:Item>\n"
        f"<cac:Price><cbc:PriceAmount {money}>{position.unit_price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>\n"
    )


def _ubl_category(element: str, rate: Decimal) -> str:
    return (
        f"<cac:{element}><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{element}>"
    )
