"""invoice@1: an invoice, bill or credit note, in the business terms of EN 16931, flat enough for a spreadsheet."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import (
    Currency,
    Day,
    Email,
    FreeText,
    Iban,
    Identifier,
    Line,
    Money,
    Number,
    Percent,
    Phone,
    VatId,
    described,
)


class InvoiceLine(SchemaBody):
    """One billed position."""

    position: Annotated[
        Identifier | None,
        described("Number of the line", aliases="Pos. | Position | No. | Ligne | Línea | Riga | Regel"),
    ]
    article_number: Annotated[
        Identifier | None,
        described(
            "Article number of the seller",
            aliases="Item no. | SKU | Product code | Artikelnummer | Art.-Nr. | Référence | Réf. | Código | Codice "
            "| Artikelnr.",
        ),
    ]
    description: Annotated[
        FreeText | None,
        described(
            "Name of the article or service",
            aliases="Item | Product | Service | Bezeichnung | Beschreibung | Leistung | Artikel | Désignation "
            "| Descripción | Concepto | Descrizione | Omschrijving",
        ),
    ]
    quantity: Annotated[
        Number | None,
        described(
            "Billed quantity",
            aliases="Qty | Units | Hours | Menge | Anzahl | Quantité | Qté | Cantidad | Quantità | Aantal",
        ),
    ]
    unit: Annotated[
        Line | None,
        described("Unit of the quantity", aliases="UoM | Einheit | ME | Unité | Unidad | Unità | U.M. | Eenheid"),
    ]
    unit_price: Annotated[
        Money | None,
        described(
            "Price of one unit, net where both are printed",
            aliases="Price | Rate | Unit cost | Einzelpreis | E-Preis | Stückpreis | Prix unitaire | P.U. HT "
            "| Precio unitario | Prezzo unitario | Stuksprijs | Prijs",
        ),
    ]
    discount: Annotated[
        Money | None,
        described("Discount on the line", aliases="Disc. | Rabatt | Remise | Descuento | Sconto | Korting"),
    ]
    tax_rate: Annotated[
        Percent | None,
        described(
            "Tax rate of the line in percent", aliases="VAT % | GST % | MwSt. % | USt. % | TVA % | IVA % | BTW %"
        ),
    ]
    line_total: Annotated[
        Money | None,
        described(
            "Total of the line, net where both are printed",
            aliases="Amount | Total | Net amount | Betrag | Gesamt | Gesamtpreis | Summe | Montant | Montant HT "
            "| Importe | Importo | Totale | Bedrag | Totaal",
        ),
    ]


class TaxBreakdownLine(SchemaBody):
    """What is charged at one tax rate."""

    tax_rate: Annotated[
        Percent | None,
        described("Tax rate in percent", aliases="VAT % | Rate | Steuersatz | Taux | Tipo | Aliquota | Tarief"),
    ]
    taxable_amount: Annotated[
        Money | None,
        described(
            "Amount that is taxed at this rate",
            aliases="Net | Taxable | Nettobetrag | Netto | Bemessungsgrundlage | Base HT | Base imponible | Imponibile "
            "| Grondslag",
        ),
    ]
    tax_amount: Annotated[
        Money | None,
        described(
            "Tax at this rate", aliases="VAT | Tax | Steuerbetrag | MwSt. | Montant TVA | Cuota | Imposta | BTW-bedrag"
        ),
    ]


class Invoice(SchemaBody):
    """An invoice, bill or credit note."""

    schema_name = "invoice"
    schema_title = "Invoice"

    invoice_number: Annotated[
        Identifier | None,
        described(
            "Number of the invoice",
            aliases="Invoice no. | Invoice # | Bill number | Credit note number | Rechnungsnummer | Rechnungs-Nr. "
            "| Rechnung Nr. | Belegnummer | Gutschriftsnummer | Numéro de facture | Facture n° | N° de facture "
            "| Número de factura | Factura n.º | Numero fattura | Fattura n. | Factuurnummer | Factuurnr.",
        ),
    ]
    issue_date: Annotated[
        Day | None,
        described(
            "Date of the invoice",
            aliases="Invoice date | Date of issue | Bill date | Date | Tax point | Rechnungsdatum | Ausstellungsdatum "
            "| Datum | Date de facture | Date d'émission | Date de facturation | Fecha de factura | Fecha de emisión "
            "| Fecha | Data fattura | Data di emissione | Data | Factuurdatum",
        ),
    ]
    due_date: Annotated[
        Day | None,
        described(
            "Date by which to pay",
            aliases="Due | Payment due | Pay by | Payable by | Fälligkeitsdatum | Fällig am | Zahlbar bis "
            "| Zahlungsziel "
            "| Date d'échéance | Échéance | Fecha de vencimiento | Vencimiento | Data di scadenza | Scadenza "
            "| Vervaldatum | Te betalen voor",
        ),
    ]
    delivery_date: Annotated[
        Day | None,
        described(
            "Date of delivery or service",
            aliases="Date of supply | Service date | Lieferdatum | Leistungsdatum | Date de livraison "
            "| Fecha de entrega | Data di consegna | Leverdatum",
        ),
    ]
    purchase_order_reference: Annotated[
        Identifier | None,
        described(
            "Number of the buyer's order",
            aliases="PO number | P.O. # | Purchase order | Order no. | Customer order | Bestellnummer | Bestell-Nr. "
            "| Auftragsnummer | Ihre Bestellung | Numéro de commande | Bon de commande | Número de pedido | Pedido "
            "| Numero ordine | Ordine | Bestelnummer | Ordernummer",
        ),
    ]
    customer_number: Annotated[
        Identifier | None,
        described(
            "Number that the seller gave the buyer",
            aliases="Customer no. | Customer ID | Account number | Client no. | Kundennummer | Kunden-Nr. "
            "| Numéro client | N° client | Número de cliente | Codice cliente | Klantnummer | Debiteurnummer",
        ),
    ]
    seller_name: Annotated[
        Line | None,
        described(
            "Name of the company or person that issued the invoice",
            aliases="Seller | Supplier | Vendor | From | Verkäufer | Lieferant | Rechnungssteller | Vendeur "
            "| Fournisseur | Émetteur | Proveedor | Emisor | Fornitore | Cedente | Leverancier | Verkoper",
        ),
    ]
    seller_address: Annotated[FreeText | None, described("Postal address of the seller, on one line")]
    seller_vat_id: Annotated[
        VatId | None,
        described(
            "VAT identifier of the seller",
            aliases="VAT no. | VAT number | VAT reg. no. | USt-IdNr. | USt-ID | UID | N° TVA | TVA intracommunautaire "
            "| NIF | CIF | NIF-IVA | Partita IVA | P. IVA | BTW-nummer | BTW-id",
        ),
    ]
    seller_email: Annotated[
        Email | None, described("E-mail address of the seller", aliases="E-mail | Courriel | Correo")
    ]
    seller_phone: Annotated[Phone | None, described("Telephone of the seller", aliases="Phone | Tel. | Telefon | Tél.")]
    buyer_name: Annotated[
        Line | None,
        described(
            "Name of the company or person that is billed",
            aliases="Bill to | Billed to | Invoice to | Customer | Client | Sold to | Rechnungsempfänger "
            "| Rechnung an | Kunde | Käufer | Facturé à | Acheteur | Cliente | Facturar a | Destinatario "
            "| Cessionario | Intestatario | Klant | Factuur aan | Koper",
        ),
    ]
    buyer_address: Annotated[FreeText | None, described("Postal address of the buyer, on one line")]
    buyer_vat_id: Annotated[
        VatId | None,
        described(
            "VAT identifier of the buyer",
            aliases="Customer VAT no. | Your VAT number | Ihre USt-IdNr. | N° TVA client | NIF cliente "
            "| P. IVA cliente | Uw BTW-nummer",
        ),
    ]
    currency: Annotated[
        Currency | None,
        described("Currency of the amounts, ISO 4217", aliases="Währung | Devise | Moneda | Valuta | Divisa | Munt"),
    ]
    total_net: Annotated[
        Money | None,
        described(
            "Total without tax",
            aliases="Subtotal | Net total | Net amount | Total excl. VAT | Nettobetrag | Summe netto | Zwischensumme "
            "| Gesamt netto | Total HT | Montant HT | Base imponible | Total sin IVA | Imponibile | Totale imponibile "
            "| Totaal excl. BTW | Subtotaal",
        ),
    ]
    total_tax: Annotated[
        Money | None,
        described(
            "Total tax: VAT, GST, sales tax",
            aliases="VAT | Tax | GST | Sales tax | VAT amount | MwSt. | Umsatzsteuer | USt. | Mehrwertsteuer "
            "| Steuerbetrag | TVA | Total TVA | IVA | Cuota IVA | Imposta | Totale IVA | BTW | BTW-bedrag",
        ),
    ]
    total_gross: Annotated[
        Money | None,
        described(
            "Total with tax, before prepayments",
            aliases="Total | Grand total | Invoice total | Total incl. VAT | Total amount | Gesamtbetrag "
            "| Rechnungsbetrag | Bruttobetrag | Gesamtsumme | Endbetrag | Total TTC | Montant TTC | Total factura "
            "| Importe total | Totale fattura | Totale documento | Totaal incl. BTW | Totaalbedrag",
        ),
    ]
    total_allowances: Annotated[
        Money | None,
        described(
            "Discounts on the whole invoice, not those on its lines",
            aliases="Discount | Total discount | Rabatt | Nachlass | Remise | Remise globale "
            "| Descuento | Sconto | Korting",
        ),
    ]
    total_charges: Annotated[
        Money | None,
        described(
            "Charges on the whole invoice, such as shipping",
            aliases="Shipping | Freight | Delivery | Versandkosten | Versand | Fracht | Frais de port "
            "| Frais de livraison | Gastos de envío | Portes | Spese di spedizione | Trasporto | Verzendkosten",
        ),
    ]
    prepaid_amount: Annotated[
        Money | None,
        described(
            "What was paid already",
            aliases="Paid | Amount paid | Deposit | Less payments | Anzahlung | Bereits gezahlt | Acompte | Déjà payé "
            "| Anticipo | Pagado | Acconto | Aanbetaling | Reeds betaald",
        ),
    ]
    amount_due: Annotated[
        Money | None,
        described(
            "What is left to pay",
            aliases="Balance due | Total due | Amount payable | Zahlbetrag | Zu zahlen | Offener Betrag | Net à payer "
            "| Reste à payer | Total a pagar | Importe a pagar | Totale da pagare | Netto a pagare | Te betalen",
        ),
    ]
    iban: Annotated[Iban | None, described("Account to pay to", aliases="IBAN | Bank account | Bankverbindung | Konto")]
    bic: Annotated[Identifier | None, described("Bank of the account to pay to", aliases="BIC | SWIFT | BIC/SWIFT")]
    payment_reference: Annotated[
        Identifier | None,
        described(
            "Text to give with the payment",
            aliases="Reference | Payment ref. | Verwendungszweck | Zahlungsreferenz | Référence de paiement "
            "| Referencia de pago | Causale | Betalingskenmerk",
        ),
    ]
    payment_terms: Annotated[
        FreeText | None,
        described(
            "Terms of payment as printed",
            aliases="Terms | Zahlungsbedingungen | Conditions de paiement | Condiciones de pago | Forma de pago "
            "| Condizioni di pagamento | Betalingsvoorwaarden",
        ),
    ]
    tax_breakdown: Annotated[list[TaxBreakdownLine], described("The tax, rate by rate")]
    line_items: Annotated[list[InvoiceLine], described("The billed positions, in order")]
