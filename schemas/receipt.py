"""receipt@1: a till receipt of a shop, restaurant or service."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import Currency, Day, FreeText, Identifier, Line, Money, Number, Percent, Phone, described


class ReceiptLine(SchemaBody):
    """One bought article."""

    description: Annotated[
        FreeText | None,
        described(
            "Name of the article",
            aliases="Item | Product | Artikel | Bezeichnung | Article | Désignation | Artículo | Articolo "
            "| Omschrijving",
        ),
    ]
    quantity: Annotated[
        Number | None, described("How many", aliases="Qty | Menge | Anz. | Qté | Quantité | Cant. | Q.tà | Aantal")
    ]
    unit_price: Annotated[
        Money | None,
        described(
            "Price of one",
            aliases="U.Price | Unit price | Einzelpreis | Prix unitaire | P.U. | Precio | Prezzo | Prijs",
        ),
    ]
    line_total: Annotated[
        Money | None,
        described(
            "Price of the line",
            aliases="Amount | Price | Total | Betrag | Preis | Montant | Importe | Importo | Bedrag",
        ),
    ]


class Receipt(SchemaBody):
    """A till receipt of a shop, restaurant or service."""

    schema_name = "receipt"
    schema_title = "Receipt"

    merchant_name: Annotated[
        Line | None, described("Name of the shop or company that issued the receipt, as printed, usually at the top")
    ]
    merchant_address: Annotated[FreeText | None, described("Address of the shop, as printed, on one line")]
    merchant_phone: Annotated[
        Phone | None,
        described("Telephone of the shop", aliases="Tel. | Phone | Telefon | Tél. | Teléfono | Telefono | Telefoon"),
    ]
    merchant_tax_number: Annotated[
        Identifier | None,
        described(
            "Tax number of the shop",
            aliases="GST ID | GST reg. no. | VAT no. | Tax ID | USt-IdNr. | Steuernummer | St.-Nr. | N° TVA | SIRET "
            "| NIF | CIF | P. IVA | BTW-nr.",
        ),
    ]
    receipt_number: Annotated[
        Identifier | None,
        described(
            "Number of the receipt",
            aliases="Receipt no. | Bill no. | Invoice no. | Doc no. | Trans. no. | Bon-Nr. | Belegnummer | Beleg-Nr. "
            "| Ticket n° | N° ticket | Factura simplificada | N.º ticket | Scontrino n. | Documento n. | Bonnummer",
        ),
    ]
    purchase_date: Annotated[
        Day | None, described("Date of the purchase", aliases="Date | Datum | Fecha | Data | Invoice date | Date/Time")
    ]
    purchase_time: Annotated[
        Line | None,
        described("Time of the purchase as printed", aliases="Time | Uhrzeit | Zeit | Heure | Hora | Ora | Tijd"),
    ]
    currency: Annotated[
        Currency | None, described("Currency of the amounts, ISO 4217", aliases="Währung | Devise | Moneda | Valuta")
    ]
    subtotal: Annotated[
        Money | None,
        described(
            "Total before tax and rounding",
            aliases="Sub total | Net | Total excl. tax | Zwischensumme | Netto | Sous-total | Total HT "
            "| Base imponible "
            "| Subtotale | Imponibile | Subtotaal",
        ),
    ]
    discount: Annotated[
        Money | None,
        described("Discount on the whole", aliases="Disc. | Rabatt | Remise | Descuento | Sconto | Korting"),
    ]
    tax_rate: Annotated[
        Percent | None,
        described("Tax rate in percent when there is one", aliases="VAT % | GST % | MwSt. % | TVA % | IVA %"),
    ]
    tax_amount: Annotated[
        Money | None,
        described("Total tax", aliases="Tax | VAT | GST | Service tax | MwSt. | USt. | TVA | IVA | BTW | Sales tax"),
    ]
    tip: Annotated[Money | None, described("Tip", aliases="Gratuity | Trinkgeld | Pourboire | Propina | Mancia | Fooi")]
    rounding: Annotated[
        Money | None,
        described(
            "Rounding of the total for cash",
            aliases="Rounding adj. | Round. | Rundung | Arrondi | Redondeo | Arrotondamento | Afronding",
        ),
    ]
    total: Annotated[
        Money | None,
        described(
            "Amount to pay, with tax and rounding",
            aliases="Total | Grand total | Total due | Amount due | Net total | Nett total | Total incl. GST | Summe "
            "| Gesamt | Gesamtbetrag | Zu zahlen | Total TTC | Net à payer | À payer | Total a pagar | Importe total "
            "| Totale | Totale complessivo | Totaal | Te betalen",
        ),
    ]
    payment_method: Annotated[
        Line | None,
        described(
            "How it was paid, as printed",
            aliases="Payment | Paid by | Tender | Zahlungsart | Bezahlt mit | Paiement | Mode de règlement "
            "| Forma de pago "
            "| Pagamento | Betaalwijze",
        ),
    ]
    amount_tendered: Annotated[
        Money | None,
        described(
            "What was handed over",
            aliases="Cash | Paid | Tendered | Gegeben | Bar | Espèces | Reçu | Efectivo | Contanti | Contant",
        ),
    ]
    change: Annotated[
        Money | None,
        described(
            "What was given back",
            aliases="Change due | Rückgeld | Wechselgeld | Rendu | Monnaie | Cambio | Resto | Wisselgeld",
        ),
    ]
    line_items: Annotated[list[ReceiptLine], described("The bought articles, in order")]
