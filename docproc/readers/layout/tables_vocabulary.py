"""What the columns of printed tables are called in six languages; knows words only, no page and no schema."""

from enum import StrEnum


class Role(StrEnum):
    """What a column of a business table means."""

    POSITION = "position"
    REFERENCE = "reference"
    DESCRIPTION = "description"
    QUANTITY = "quantity"
    UNIT = "unit"
    UNIT_PRICE = "unit_price"
    DISCOUNT = "discount"
    TAX_RATE = "tax_rate"
    TAX_AMOUNT = "tax_amount"
    AMOUNT = "amount"
    DATE = "date"
    DEBIT = "debit"
    CREDIT = "credit"
    BALANCE = "balance"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: roles whose cells hold numbers
NUMERIC_ROLES = frozenset(
    {
        Role.QUANTITY,
        Role.UNIT_PRICE,
        Role.DISCOUNT,
        Role.TAX_RATE,
        Role.TAX_AMOUNT,
        Role.AMOUNT,
        Role.DEBIT,
        Role.CREDIT,
        Role.BALANCE,
    }
)

#: roles of which two make the third
ARITHMETIC = (Role.QUANTITY, Role.UNIT_PRICE, Role.AMOUNT)

#: labels by role, folded (no accents, lower case), `|` between them; schema field names are matched with them as well
_LABELS: dict[Role, str] = {
    Role.POSITION: (
        "pos|position|pos nr|positionsnr|item no|item number|line|line no|line number|ln|no|nr|lfd nr|sr no"
        "|s no|sl no"
        "|ligne|n|num|numero|n ligne|linea|n linea|n riga|riga|regel|regelnr|lp|item"
    ),
    Role.REFERENCE: (
        "sku|art nr|artikelnr|artikelnummer|article no|article number|article code|item code|product code|part no"
        "|part number|reference|ref|code|code article|codigo|codice|codice articolo|referencia|referentie|artikelcode"
        "|ean|gtin|upc|isbn|material|material nr|material number|bestellnr|bestell nr|catalog no|model|hsn"
        "|hsn sac|sac"
        "|asin|seller sku|lot|serial no|referenzen|references|art nr kunde|art nr lief|product id|item id|article id"
        "|check no|cheque no|transaction id|beleg|belegnr|id"
    ),
    Role.DESCRIPTION: (
        "description|desc|desc item|code desc|item description|description of goods|product description"
        "|service description|item|items|product"
        "|products|product name|item name|article|articles|service|services|title|details|particulars|name|activity"
        "|goods|work|task|designation|libelle|prestation|produit|produits|nom|intitule|nature|objet"
        "|beschreibung|artikelbeschreibung|bezeichnung|artikel|artikelbezeichnung|leistung"
        "|leistungsbeschreibung|produktbezeichnung|ware"
        "|warenbezeichnung|text|produkt|dienstleistung|buchungstext|verwendungszweck|buchungsinformation|vorgang"
        "|descripcion|concepto|producto|servicio|articulo|detalle|descripcion del articulo"
        "|descrizione|articolo|prodotto|servizio|causale|prestazione|denominazione|descrizione operazione"
        "|omschrijving|product omschrijving|dienst|naam|artikelomschrijving|specificatie|mededeling"
        "|transaction|transaction details|transaction description|narrative|memo|payee|operation"
        "|nature de l operation"
        "|item and description|description and details|service product|goods services|code article nom designation"
    ),
    Role.QUANTITY: (
        "quantity|qty|qnty|quant|units|hours|hrs|days|pieces|pcs|count|number of units|billed quantity|qty shipped"
        "|shipped|ordered|qty ordered|order qty|no of units|hours qty|qty hrs|quantity shipped|number"
        "|menge|anzahl|stk|stuck|stuckzahl|std|stunden|tage|anz|menge einheit|liefermenge"
        "|quantite|qte|nombre|nb|nbre|nb heures|qte livree|heures|jours"
        "|cantidad|cant|ctd|unidades|uds|uds cantidad|horas"
        "|quantita|q ta|qta|qt|pezzi|pz|ore"
        "|aantal|hoeveelheid|stuks|uren|dagen"
    ),
    Role.UNIT: (
        "unit|uom|u m|unit of measure|um|me|einheit|mengeneinheit|eh|unite|u|unidad|unita|unita di misura|eenheid|per"
    ),
    Role.UNIT_PRICE: (
        "unit price|price|u p|u price|s price|price unit|price each|each|rate|unit cost|cost|price per unit"
        "|unit rate|item price"
        "|list price"
        "|hourly rate|net price|unit price net|price excl|rate hr|cost per unit|your price|unit net price"
        "|einzelpreis|e preis|preis|stuckpreis|einheitspreis|ep|einzelpreis netto|nettopreis|preis einheit|satz"
        "|preis pro einheit|preis pro stuck|preis je einheit|stundensatz|einzel|stk preis|einzelbetrag"
        "|prix unitaire|prix|p u|pu|prix unit|p u ht|prix unitaire ht|pu ht|prix u|prix unit ht|tarif|taux horaire"
        "|precio|precio unitario|p unit|precio unidad|precio unit|p unitario|pvp|tarifa"
        "|prezzo|prezzo unitario|prezzo unit|p unitario|prezzo u|importo unitario|tariffa"
        "|prijs|stukprijs|eenheidsprijs|prijs per stuk|prijs per eenheid|tarief|uurtarief"
    ),
    Role.DISCOUNT: (
        "discount|disc|rebate|allowance|disc amount|discount amount|discounts"
        "|rabatt|nachlass|zu abschlag|abschlag|remise|rem|reduction|remise charge|rabais"
        "|descuento|dto|dcto|desc|sconto|sc|korting|kort"
    ),
    Role.TAX_RATE: (
        "vat|vat rate|tax|tax rate|gst|gst rate|sales tax|vat code|taxes|tax code|igst|cgst|sgst"
        "|mwst|ust|steuersatz|mwst satz|ust satz|steuer|umsatzsteuer|mehrwertsteuer"
        "|tva|taux|taux tva|taux de tva|taxe|iva|tipo iva|aliquota|aliquota iva|cod iva|tipo|igic"
        "|btw|btw tarief|btw percentage"
    ),
    Role.TAX_AMOUNT: (
        "tax amount|vat amount|gst amount|amount of tax|steuerbetrag|mwst betrag|ust betrag|montant tva|importe iva"
        "|cuota iva|cuota|importo iva|imposta|btw bedrag"
    ),
    Role.AMOUNT: (
        "amount|amt|line total|total|total price|total amount|extended price|extended|ext price|net amount"
        "|line amount|value"
        "|subtotal|sub total|net|total net|gross|gross amount|line value|net value|taxable value|taxable amount|sum"
        "|ext amount|total value|total cost|total excl vat|amount excl vat|price w o tax|price total|total line"
        "|betrag|gesamtpreis|gesamt|summe|gesamtbetrag|nettobetrag|positionsbetrag|positionswert|entgelt|gp|wert"
        "|positionssumme|umsatz|netto|brutto|bruttobetrag|warenwert|g preis|gesamtpreis netto|netto betrag"
        "|gesamtsumme"
        "|zeilensumme|gesamtnetto|nettowert|total netto|endpreis|zeilenbetrag"
        "|montant|montant ht|total ht|prix total|prix ht|montant net|mt ht|ht|ttc|total ttc|montant ttc|net ht"
        "|importe|importe neto|importe total|total linea|subtotal linea|neto"
        "|importo|totale|prezzo totale|imponibile|importo totale|totale riga|importo netto|valore|imp netto"
        "|bedrag|totaal|totaalprijs|regeltotaal|totaalbedrag|netto bedrag|subtotaal|totaal excl"
    ),
    Role.DATE: (
        "date|transaction date|booking date|value date|service date|date of service|posting date|post date|trans date"
        "|delivery date|start date|end date|datum|buchungstag|buchungsdatum|wertstellung|valuta"
        "|leistungsdatum|buchung"
        "|lieferdatum|wert|date valeur|date operation|date de valeur|date d operation|fecha|fecha valor"
        "|fecha operacion"
        "|f valor|data|data operazione|data valuta|data contabile|boekdatum|valutadatum|rentedatum"
    ),
    Role.DEBIT: (
        "debit|debits|withdrawal|withdrawals|paid out|money out|payments out|charges|soll|belastung"
        "|lastschrift|ausgang"
        "|debit amount|ausgaben|debito|cargo|cargos|debe|addebiti|dare|uscite|addebito|af|uit|debet"
        "|withdrawal amt|outgoing"
        "|money out debit|debits and withdrawals"
    ),
    Role.CREDIT: (
        "credit|credits|deposit|deposits|paid in|money in|payments in|haben|gutschrift|eingang|einnahmen"
        "|credit amount"
        "|abono|abonos|haber|accrediti|avere|entrate|accredito|bij|in|deposit amt|incoming"
        "|deposits and credits|credito"
    ),
    Role.BALANCE: (
        "balance|running balance|closing balance|account balance|saldo|kontostand|solde|saldo contable"
        "|saldo disponible"
        "|new balance|available balance|saldo nach buchung"
    ),
}

LABELS: dict[Role, tuple[str, ...]] = {role: tuple(text.split("|")) for role, text in _LABELS.items()}

#: labels that stand for another role less often: half a match, used when a better column has the usual role
SECOND_MEANINGS: dict[str, tuple[Role, ...]] = {
    "amount": (Role.QUANTITY,),
    "total": (Role.UNIT_PRICE,),
    "price": (Role.AMOUNT,),
    "preis": (Role.AMOUNT,),
    "prix": (Role.AMOUNT,),
    "precio": (Role.AMOUNT,),
    "prezzo": (Role.AMOUNT,),
    "prijs": (Role.AMOUNT,),
    "rate": (Role.TAX_RATE,),
    "cost": (Role.AMOUNT,),
    "tax": (Role.TAX_AMOUNT,),
    "vat": (Role.TAX_AMOUNT,),
    "mwst": (Role.TAX_AMOUNT,),
    "tva": (Role.TAX_AMOUNT,),
    "iva": (Role.TAX_AMOUNT,),
    "btw": (Role.TAX_AMOUNT,),
    "gst": (Role.TAX_AMOUNT,),
    "item": (Role.DESCRIPTION, Role.REFERENCE),
    "product": (Role.REFERENCE,),
    "reference": (Role.DESCRIPTION,),
    "unit": (Role.UNIT_PRICE, Role.QUANTITY),
    "units": (Role.UNIT,),
    "code": (Role.DESCRIPTION,),
    "article": (Role.REFERENCE,),
    "artikel": (Role.REFERENCE,),
    "no": (Role.QUANTITY,),
    "value": (Role.UNIT_PRICE,),
    "wert": (Role.AMOUNT,),
    "in": (),
}

NET_WORDS = _words(
    "net netto nettobetrag nettopreis ht hors excl exclusive excluding ohne without exkl zzgl neto imponibile"
)
GROSS_WORDS = _words("gross brutto bruttobetrag bruttopreis ttc incl inkl inklusive including lordo inclusief bruto")

#: a field that is described by one of these asks for a name alone
NAME_WORDS = _words("name names nom nombre nome naam title titel titre titulo titolo")

#: words of a header cell that only qualify it: currencies, units, tax notes
QUALIFIERS = _words(
    "eur euro euros usd gbp chf jpy inr cad aud us in en de per a the of rs excl incl exkl inkl vat tax"
    " ust mwst tva iva"
    " btw ht ttc net netto neto brutto gross ohne without w o c hors excluding including exclusive"
    " inclusive fact for p"
    " chf dkk sek nok pln czk zl kr rm myr sgd"
)

#: a line that consists of these words (and numbers) is a total, not a row
TOTAL_WORDS = _words(
    "total totals subtotal sub net gross grand amount due sum balance invoice payable to pay vat tax"
    " taxes gst sales igst"
    " cgst sgst excl incl excluding including without with before after plus of the and payment paid"
    " discount shipping"
    " freight handling order merchandise taxable exempt rounding change cash tendered deposit remaining outstanding"
    " summe gesamt gesamtsumme gesamtbetrag zwischensumme nettosumme nettobetrag bruttobetrag"
    " bruttosumme rechnungsbetrag"
    " rechnungssumme positionssumme endbetrag endsumme warenwert netto brutto mwst ust umsatzsteuer mehrwertsteuer"
    " zzgl zuzuglich inkl exkl ohne steuer steuerbetrag zahlbetrag zu zahlen betrag gesamtpreis"
    " versandkosten porto fracht"
    " gesamtnetto gesamtbrutto nettogesamt der die das in eur euro auf aus davon enthaltene enthalten"
    " totaux sous montant ht ttc tva taxe hors taxes net a payer base remise port frais de du la le"
    " reste solde acompte"
    " suma importe base imponible iva cuota pagar neto bruto factura igic irpf"
    " totale imponibile imposta importo netto lordo da pagare fattura documento"
    " totaal subtotaal btw te betalen exclusief inclusief excl bedrag factuurbedrag factuur"
    " usd gbp chf inr jpy cad aud rs rm myr"
    " on sur su sobre op von van rounded adj adjustment adjustments qty quantity items item number amt"
    " count incl inc nett card paid all"
)

#: without one of these a line of total words is no total: "Net payment in cash" may be an item
TOTAL_HEADS = _words(
    "total totals subtotal sum due balance vat tax taxes gst igst cgst sgst summe gesamt gesamtsumme gesamtbetrag"
    " zwischensumme nettosumme nettobetrag bruttobetrag bruttosumme rechnungsbetrag rechnungssumme positionssumme"
    " endbetrag endsumme mwst ust umsatzsteuer mehrwertsteuer zahlbetrag gesamtpreis gesamtnetto"
    " gesamtbrutto warenwert"
    " totaux montant tva payer solde suma imponible iva totale imponibile imposta totaal subtotaal btw"
    " betalen netto brutto"
    " nettogesamt importe pagar shipping freight versandkosten porto discount net gross"
)

#: a line that opens with one of these is a total whatever follows, but when it is billed like a row
TOTAL_OPENINGS = _words(
    "total totals subtotal summe gesamtsumme gesamtbetrag zwischensumme rechnungsbetrag zahlbetrag"
    " endbetrag nettosumme"
    " bruttosumme totaux totale totaal subtotaal rounding rundung arrondi redondeo arrotondamento"
    " afronding cash change"
    " tendered tender visa mastercard maestro gegeben ruckgeld bar wechselgeld rendu contant wisselgeld resto cambio"
    " efectivo contanti especes"
)

#: totals that a seller may as well bill as a row
CHARGE_HEADS = _words("shipping freight versandkosten porto discount fracht frais remise handling")

#: a line without quantity that takes something off says so with one of these
ALLOWANCE_WORDS = _words(
    "discount rebate allowance less minus promotion voucher coupon rabatt nachlass abschlag abzgl"
    " abzuglich abzug skonto"
    " sondernachlass gutschein remise rabais reduction escompte deduction descuento sconto abbuono korting zuschlag"
    " zuschlage zzgl"
)

#: a line that opens with one of these carries a sum within the table: skipped, the table goes on
CARRY_LABELS: str = (
    "carried forward|carry forward|brought forward|balance forward|balance brought forward|balance carried forward"
    "|opening balance|ubertrag|zwischensumme|uebertrag|vortrag|saldovortrag|subtotal|sub total"
    "|a reporter|report|sous total"
    "|suma y sigue|suma anterior|saldo anterior|riporto|a riportare|subtotale|transport|subtotaal"
    "|continued|page total"
    "|seitensumme|seitenubertrag|total page|page subtotal"
)

#: what may stand beside a quantity
UNITS = _words(
    "stk st stuck pcs pc pce ea each unit units hour hours hr hrs h std stunde stunden tag tage day days"
    " month months monat"
    " monate kg g t l m m2 m3 km cm mm ml cl box boxes pack packs pkg set sets pair paar lot ctn ltr"
    " litre litres liter liters"
    " piece pieces lic license user users seat seats u ud uds un pz nr ore ora jour jours heure heures"
    " mois dozen doz lb lbs"
    " oz ft yd gal psch pauschal pausch psl xpp c62 hur kwh mwh qm cbm lfm mo yr year years jahr jahre"
    " stks stuks uur uren"
    " rolle rollen karton pal palette fl flasche dose beutel sack bag bags roll rolls bottle bottles can"
    " cans km vpe me"
)
