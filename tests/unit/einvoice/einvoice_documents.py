"""Makes e-invoices and schemas of our own for the tests of the e-invoice reader."""

from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.reading import Attachment, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape

RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"

CII = f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">
  <rsm:ExchangedDocument>
    <ram:ID>R-2025/0042</ram:ID><ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20250314</udt:DateTimeString></ram:IssueDateTime>
    <ram:IncludedNote><ram:Content>Thank you.</ram:Content></ram:IncludedNote>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct>
        <ram:SellerAssignedID>W-7</ram:SellerAssignedID><ram:Name>Oak  shelf</ram:Name>
        <ram:Description>Oiled, 80 cm</ram:Description>
      </ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement>
        <ram:GrossPriceProductTradePrice><ram:ChargeAmount>55.00</ram:ChargeAmount></ram:GrossPriceProductTradePrice>
        <ram:NetPriceProductTradePrice><ram:ChargeAmount>49.5000</ram:ChargeAmount></ram:NetPriceProductTradePrice>
      </ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">2.0000</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:ApplicableTradeTax><ram:RateApplicablePercent>19.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
        <ram:SpecifiedTradeAllowanceCharge>
          <ram:ChargeIndicator><udt:Indicator>true</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>4.00</ram:ActualAmount>
        </ram:SpecifiedTradeAllowanceCharge>
        <ram:SpecifiedTradeAllowanceCharge>
          <ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>1.50</ram:ActualAmount>
        </ram:SpecifiedTradeAllowanceCharge>
        <ram:SpecifiedTradeAllowanceCharge>
          <ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>2.50</ram:ActualAmount>
        </ram:SpecifiedTradeAllowanceCharge>
        <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>99.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument>
        <ram:LineID>2</ram:LineID><ram:LineStatusReasonCode>INFORMATION</ram:LineStatusReasonCode>
      </ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct><ram:Name>Only told, not billed</ram:Name></ram:SpecifiedTradeProduct>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty>
        <ram:Name>Holzwerk Nord GmbH</ram:Name>
        <ram:PostalTradeAddress>
          <ram:PostcodeCode>20095</ram:PostcodeCode><ram:LineOne>Am Kai 3</ram:LineOne>
          <ram:CityName>Hamburg</ram:CityName><ram:CountryID>DE</ram:CountryID>
        </ram:PostalTradeAddress>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">22/333/4444</ram:ID></ram:SpecifiedTaxRegistration>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE 136695976</ram:ID></ram:SpecifiedTaxRegistration>
      </ram:SellerTradeParty>
      <ram:BuyerTradeParty><ram:Name>Atelier Lindgren</ram:Name></ram:BuyerTradeParty>
      <ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>PO-9</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery>
      <ram:ActualDeliverySupplyChainEvent>
        <ram:OccurrenceDateTime><udt:DateTimeString format="102">20250310</udt:DateTimeString></ram:OccurrenceDateTime>
      </ram:ActualDeliverySupplyChainEvent>
    </ram:ApplicableHeaderTradeDelivery>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementPaymentMeans>
        <ram:PayeePartyCreditorFinancialAccount><ram:IBANID>DE89370400440532013000</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>
      </ram:SpecifiedTradeSettlementPaymentMeans>
      <ram:ApplicableTradeTax>
        <ram:CalculatedAmount>18.81</ram:CalculatedAmount><ram:BasisAmount>99.00</ram:BasisAmount>
        <ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>19</ram:RateApplicablePercent>
      </ram:ApplicableTradeTax>
      <ram:SpecifiedTradePaymentTerms>
        <ram:DueDateDateTime><udt:DateTimeString format="102">20250413</udt:DateTimeString></ram:DueDateDateTime>
      </ram:SpecifiedTradePaymentTerms>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:LineTotalAmount>99.00</ram:LineTotalAmount><ram:TaxBasisTotalAmount>99.00</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="SEK">210.00</ram:TaxTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">18.81</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>117.81</ram:GrandTotalAmount><ram:TotalPrepaidAmount>17.81</ram:TotalPrepaidAmount>
        <ram:DuePayableAmount>100.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""  # noqa: E501 elements read best on one line

ZUGFERD_1 = """<?xml version="1.0" encoding="UTF-8"?>
<CrossIndustryDocument xmlns="urn:ferd:CrossIndustryDocument:invoice:1p0">
  <HeaderExchangedDocument>
    <ID>Z1-5</ID><TypeCode>380</TypeCode>
    <IssueDateTime><DateTimeString format="102">20140203</DateTimeString></IssueDateTime>
  </HeaderExchangedDocument>
  <SpecifiedSupplyChainTradeTransaction>
    <ApplicableSupplyChainTradeAgreement>
      <SellerTradeParty><Name>Altbau AG</Name></SellerTradeParty>
      <BuyerTradeParty><Name>Neubau AG</Name></BuyerTradeParty>
    </ApplicableSupplyChainTradeAgreement>
    <ApplicableSupplyChainTradeSettlement>
      <InvoiceCurrencyCode/>
      <SpecifiedTradeSettlementMonetarySummation>
        <TaxBasisTotalAmount currencyID="CHF">200.00</TaxBasisTotalAmount>
        <TaxTotalAmount currencyID="CHF">16.20</TaxTotalAmount>
        <GrandTotalAmount currencyID="CHF">216.20</GrandTotalAmount>
      </SpecifiedTradeSettlementMonetarySummation>
    </ApplicableSupplyChainTradeSettlement>
    <IncludedSupplyChainTradeLineItem>
      <AssociatedDocumentLineDocument><IncludedNote><Content>As agreed:</Content></IncludedNote></AssociatedDocumentLineDocument>
    </IncludedSupplyChainTradeLineItem>
    <IncludedSupplyChainTradeLineItem>
      <SpecifiedSupplyChainTradeAgreement>
        <NetPriceProductTradePrice><ChargeAmount>20.00</ChargeAmount></NetPriceProductTradePrice>
      </SpecifiedSupplyChainTradeAgreement>
      <SpecifiedSupplyChainTradeDelivery><BilledQuantity unitCode="HUR">10</BilledQuantity></SpecifiedSupplyChainTradeDelivery>
      <SpecifiedSupplyChainTradeSettlement>
        <ApplicableTradeTax><ApplicablePercent>8.10</ApplicablePercent></ApplicableTradeTax>
        <SpecifiedTradeSettlementMonetarySummation><LineTotalAmount>200.00</LineTotalAmount></SpecifiedTradeSettlementMonetarySummation>
      </SpecifiedSupplyChainTradeSettlement>
      <SpecifiedTradeProduct><Name>Planning</Name></SpecifiedTradeProduct>
    </IncludedSupplyChainTradeLineItem>
  </SpecifiedSupplyChainTradeTransaction>
</CrossIndustryDocument>
"""  # noqa: E501 elements read best on one line

_UBL_BODY = """
  <cbc:ID>U-77</cbc:ID><cbc:IssueDate>2025-06-30+02:00</cbc:IssueDate>{due}
  <cbc:DocumentCurrencyCode>NOK</cbc:DocumentCurrencyCode>
  <cac:OrderReference><cbc:ID>PO-12</cbc:ID></cac:OrderReference>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyName><cbc:Name>Fjord</cbc:Name></cac:PartyName>
    <cac:PostalAddress>
      <cbc:StreetName>Kaigata 1</cbc:StreetName><cbc:CityName>Bergen</cbc:CityName><cbc:PostalZone>5003</cbc:PostalZone>
    </cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>NO123456785MVA</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Fjord Regnskap AS</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyName><cbc:Name>Havn Bok</cbc:Name></cac:PartyName>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>{means_due}<cac:PayeeFinancialAccount><cbc:ID>NO9386011117947</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:TaxTotal><cbc:TaxAmount currencyID="NOK">250.00</cbc:TaxAmount>
    <cac:TaxSubtotal><cbc:TaxableAmount currencyID="NOK">1000.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="NOK">250.00</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>
  </cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="NOK">1000.00</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="NOK">1000.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="NOK">1250.00</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="NOK">1250.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:{line}Line><cbc:ID>1</cbc:ID><cbc:{quantity}Quantity unitCode="HUR">4</cbc:{quantity}Quantity>
    <cbc:LineExtensionAmount currencyID="NOK">1000.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Bookkeeping</cbc:Name><cac:ClassifiedTaxCategory><cbc:Percent>25</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="NOK">250.00</cbc:PriceAmount></cac:Price>
  </cac:{line}Line>
"""  # noqa: E501 elements read best on one line


def ubl(root: str) -> str:
    """A UBL invoice or credit note, by the name of its root."""
    credit = root == "CreditNote"
    body = _UBL_BODY.format(
        due="" if credit else "<cbc:DueDate>2025-07-14</cbc:DueDate>",
        means_due="<cbc:PaymentDueDate>2025-07-14</cbc:PaymentDueDate>" if credit else "",
        line="CreditNote" if credit else "Invoice",
        quantity="Credited" if credit else "Invoiced",
    )
    space = f"urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
    return f'<{root} xmlns="{space}" xmlns:cbc="{CBC}" xmlns:cac="{CAC}">{body}</{root}>'


def leaf(name: str, kind: FieldKind = FieldKind.TEXT, **more) -> FieldSpec:
    return FieldSpec(name=name, kind=kind, **more)


def group(name: str, *children: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.GROUP, children=children)


def table(name: str, *columns: FieldSpec) -> FieldSpec:
    return FieldSpec(name=name, shape=Shape.LIST, item=group("row", *columns))


def schema_of(*fields: FieldSpec) -> ExtractionSchema:
    return ExtractionSchema(
        name="test",
        version=1,
        fields=fields,
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
    )


INVOICE = schema_of(
    leaf("invoice_number", FieldKind.ID),
    leaf("issue_date", FieldKind.DATE),
    leaf("due_date", FieldKind.DATE),
    leaf("seller_name"),
    leaf("buyer_name"),
    leaf("currency", FieldKind.CURRENCY),
    leaf("total_net", FieldKind.MONEY),
    leaf("total_tax", FieldKind.MONEY),
    leaf("total_gross", FieldKind.MONEY),
    table(
        "line_items",
        leaf("description"),
        leaf("quantity", FieldKind.NUMBER),
        leaf("unit_price", FieldKind.MONEY),
        leaf("line_total", FieldKind.MONEY),
    ),
)


def page_of(*lines: str, number: int = 1, source: TextSource = TextSource.TEXT_LAYER) -> PageContent:
    words = tuple(
        Word(text, 50.0 + 60 * place, 20.0 * row, 100.0 + 60 * place, 20.0 * row + 10, row)
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    )
    return PageContent(number=number, width=595, height=842, rotation=0, source=source, words=words)


def window_of(*xml: str | bytes, pages: tuple[PageContent, ...] = (), page_count: int = 1) -> Window:
    contents = (text.encode() if isinstance(text, str) else text for text in xml)
    return Window(
        pages=pages,
        attachments=tuple(Attachment(name=f"a{n}.xml", content=content) for n, content in enumerate(contents)),
        page_count=page_count,
    )
