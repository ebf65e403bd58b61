"""purchase_order@1: an order that a buyer sends to a supplier."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import Currency, Day, Email, FreeText, Identifier, Line, Money, Number, VatId, described


class OrderLine(SchemaBody):
    """One ordered position."""

    position: Annotated[
        Identifier | None, described("Number of the line", aliases="Pos. | No. | Line | Ligne | Línea | Riga | Regel")
    ]
    article_number: Annotated[
        Identifier | None,
        described(
            "Article number",
            aliases="Item no. | Part no. | SKU | Material | Artikelnummer | Art.-Nr. | Référence | Código "
            "| Codice | Artikelnr.",
        ),
    ]
    description: Annotated[
        FreeText | None,
        described(
            "Name of the article or service",
            aliases="Item | Product | Bezeichnung | Beschreibung | Désignation | Descripción | Descrizione "
            "| Omschrijving",
        ),
    ]
    quantity: Annotated[
        Number | None,
        described("Ordered quantity", aliases="Qty | Menge | Anzahl | Quantité | Cantidad | Quantità | Aantal"),
    ]
    unit: Annotated[
        Line | None, described("Unit of the quantity", aliases="UoM | Einheit | Unité | Unidad | Unità | Eenheid")
    ]
    unit_price: Annotated[
        Money | None,
        described(
            "Price of one unit",
            aliases="Price | Einzelpreis | Prix unitaire | Precio unitario | Prezzo unitario | Prijs",
        ),
    ]
    delivery_date: Annotated[
        Day | None,
        described(
            "Date by which the line is wanted",
            aliases="Required by | Liefertermin | Date de livraison | Fecha de entrega | Data di consegna | Leverdatum",
        ),
    ]
    line_total: Annotated[
        Money | None,
        described(
            "Total of the line", aliases="Amount | Total | Betrag | Gesamt | Montant | Importe | Importo | Bedrag"
        ),
    ]


class PurchaseOrder(SchemaBody):
    """An order that a buyer sends to a supplier."""

    schema_name = "purchase_order"
    schema_title = "Purchase order"

    order_number: Annotated[
        Identifier | None,
        described(
            "Number of the order",
            aliases="PO number | P.O. no. | Purchase order no. | Bestellnummer | Bestell-Nr. | Auftragsnummer "
            "| Numéro de commande | Bon de commande n° | Número de pedido | Orden de compra n.º | Numero ordine "
            "| Ordine n. | Bestelnummer | Ordernummer",
        ),
    ]
    order_date: Annotated[
        Day | None,
        described(
            "Date of the order",
            aliases="PO date | Date | Bestelldatum | Datum | Date de commande | Fecha del pedido | Data ordine "
            "| Besteldatum",
        ),
    ]
    delivery_date: Annotated[
        Day | None,
        described(
            "Date by which delivery is wanted",
            aliases="Deliver by | Required by | Ship date | Lieferdatum | Liefertermin | Date de livraison "
            "| Fecha de entrega | Data di consegna | Leverdatum",
        ),
    ]
    buyer_name: Annotated[
        Line | None,
        described(
            "Name of the company that orders",
            aliases="Buyer | Ordered by | Bill to | Besteller | Auftraggeber | Acheteur | Comprador | Acquirente "
            "| Koper",
        ),
    ]
    buyer_address: Annotated[FreeText | None, described("Address of the company that orders, on one line")]
    buyer_vat_id: Annotated[
        VatId | None, described("VAT identifier of the buyer", aliases="VAT no. | USt-IdNr. | N° TVA | NIF")
    ]
    buyer_contact: Annotated[
        Line | None,
        described("Person to ask at the buyer", aliases="Contact | Attn. | Ansprechpartner | Contacto | Contatto"),
    ]
    buyer_email: Annotated[Email | None, described("E-mail address of the buyer", aliases="E-mail | Courriel | Correo")]
    seller_name: Annotated[
        Line | None,
        described(
            "Name of the supplier",
            aliases="Supplier | Vendor | To | Lieferant | An | Fournisseur | Proveedor | Fornitore | Leverancier",
        ),
    ]
    seller_address: Annotated[FreeText | None, described("Address of the supplier, on one line")]
    delivery_address: Annotated[
        FreeText | None,
        described(
            "Where to deliver, on one line",
            aliases="Ship to | Deliver to | Lieferadresse | Adresse de livraison | Dirección de entrega "
            "| Indirizzo di consegna | Afleveradres",
        ),
    ]
    currency: Annotated[
        Currency | None, described("Currency of the amounts, ISO 4217", aliases="Währung | Devise | Moneda | Valuta")
    ]
    total_net: Annotated[
        Money | None,
        described(
            "Total without tax",
            aliases="Subtotal | Net total | Nettobetrag | Summe netto | Total HT | Base imponible | Imponibile "
            "| Totaal excl. BTW",
        ),
    ]
    shipping: Annotated[
        Money | None,
        described(
            "Cost of delivery", aliases="Freight | Versandkosten | Fracht | Port | Envío | Spedizione | Verzendkosten"
        ),
    ]
    total_tax: Annotated[Money | None, described("Total tax", aliases="VAT | Tax | MwSt. | USt. | TVA | IVA | BTW")]
    total_gross: Annotated[
        Money | None,
        described(
            "Total with tax",
            aliases="Total | Grand total | Order total | Gesamtbetrag | Bestellwert | Total TTC | Importe total "
            "| Totale | Totaal",
        ),
    ]
    payment_terms: Annotated[
        FreeText | None,
        described(
            "Terms of payment as printed",
            aliases="Terms | Zahlungsbedingungen | Conditions de paiement | Condiciones de pago "
            "| Condizioni di pagamento "
            "| Betalingsvoorwaarden",
        ),
    ]
    delivery_terms: Annotated[
        FreeText | None,
        described(
            "Terms of delivery as printed",
            aliases="Incoterms | Lieferbedingungen | Conditions de livraison | Resa | Porto",
        ),
    ]
    line_items: Annotated[list[OrderLine], described("The ordered positions, in order")]
