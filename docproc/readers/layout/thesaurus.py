"""Label words of business documents in six languages: which print means which term; data only, no matching.

English, German, French, Spanish, Italian and Dutch; all in folded form (lower case, no accents), so that OCR, capitals
and missing accents make no difference.
"""

from collections.abc import Mapping
from typing import Final

#: term -> the words that mean it; a word belongs to one term only
WORDS: Final[Mapping[str, str]] = {
    "account": "account acct konto compte cuenta conto rekening",
    "address": "address addr adresse anschrift direccion domicilio indirizzo adres",
    "advertiser": "advertiser werbetreibender annonceur anunciante inserzionista adverteerder",
    "agency": "agency agentur agence agencia agenzia",
    "agreement": "agreement vereinbarung accord acuerdo accordo overeenkomst",
    "alternate": "alt alternate external secondary",
    "amount": "amount amt betrag betrage montant importe importo bedrag sum",
    "article": "article item artikel articulo articolo product produkt produit producto prodotto",
    "balance": "balance saldo solde",
    "bank": "bank banque banco banca bankverbindung",
    "base": "base basis basisbetrag warenwert",
    "buyer": "buyer customer cust client purchaser debtor kaufer kunde kunden kundin auftraggeber acheteur cliente "
    "comprador acquirente committente koper klant debitor debiteur billed recipient empfanger rechnungsempfanger "
    "destinataire destinatario afnemer bezahler payer leistungsempfanger",
    "cash": "cash bar bargeld gegeben especes efectivo contanti contant tendered tender tunai",
    "card": "card visa mastercard karte carte tarjeta carta kaart",
    "change": "change wechselgeld ruckgeld monnaie cambio resto wisselgeld baki",
    "city": "city town ort stadt ville ciudad citta stad",
    "code": "code",
    "company": "company firma unternehmen societe entreprise empresa compania societa azienda ditta bedrijf",
    "contact": "contact ansprechpartner kontakt contacto contatto contactpersoon attn attention",
    "contract": "contract vertrag vertrags contrat contrato contratto contractnummer",
    "country": "country land pays pais paese",
    "credit": "credit gutschrift avoir abono creditnota",
    "currency": "currency wahrung devise moneda divisa valuta munt",
    "date": "date datum dated fecha data dates",
    "days": "days tage jours dias giorni dagen",
    "delivery": "delivery delivered liefer lieferung livraison entrega consegna levering lever leverings ship shipping "
    "shipped shipment versand versandt despatch dispatch expedition envio spedizione verzending",
    "deposit": "deposit prepaid prepayment anzahlung anzahlungen acompte anticipo acconto aanbetaling vorauszahlung",
    "description": "description desc beschreibung bezeichnung designation libelle descripcion descrizione omschrijving",
    "discount": "discount disc rabatt nachlass skonto remise descuento sconto korting abschlage abschlag",
    "document": "document doc beleg belegs dokument documento",
    "duplicate": "duplicate duplikat copy kopie copie copia",
    "due": "due payable fallig falligkeit falligkeits echeance vencimiento scadenza verval vervaldag",
    "duration": "duration laufzeit dauer duree duracion durata duur",
    "effective": "effective wirksam inkrafttreten",
    "email": "email e-mail mail courriel correo",
    "end": "end ende bis fin fine einde until ends ended ending",
    "estimate": "estimate est kostenvoranschlag devis presupuesto preventivo offerte quote quotation angebot",
    "exchange": "exchange",
    "fax": "fax telefax",
    "flight": "flight campaign kampagne campagne campana campagna",
    "grand": "grand",
    "gross": "gross brutto ttc bruto lordo",
    "iban": "iban",
    "invoice": "invoice inv bill rechnung rechnungs facture factura fattura factuur faktura tax-invoice",
    "issue": "issue issued issuance ausstellung ausstellungs emission emis emision emissione uitgifte",
    "jurisdiction": "jurisdiction gerichtsstand",
    "law": "law laws recht gesetz droit loi ley legge",
    "line": "line position pos ligne linea riga regel",
    "month": "month monat mois mes mese maand",
    "name": "name namen nom nombre nome naam",
    "net": "net netto ht neto nett",
    "number": "number no nr num # nummer nummern numero n° nº num. id",
    "order": "order po bestellung bestell auftrag auftrags commande pedido ordine bestelling opdracht",
    "original": "original",
    "paid": "paid bezahlt paye pagado pagato betaald erhalten received",
    "page": "page seite pagina blatt",
    "party": "party parties partei parteien partie parties parte partes parti partij partijen",
    "payment": "payment pay zahlung zahlungs zahl paiement reglement pago pagamento betaling betalings zahlbar",
    "percent": "percent prozent pourcent porcentaje percentuale",
    "period": "period zeitraum periode periodo abrechnungszeitraum",
    "phone": "phone telephone tel telefon telefono telefoon mobile mobil hotline",
    "postcode": "postcode zip plz postleitzahl",
    "price": "price preis prix precio prezzo prijs unitprice",
    "print": "print printed druck gedruckt",
    "purchase": "purchase kauf achat compra acquisto aankoop",
    "quantity": "quantity qty menge anzahl stuck quantite qte cantidad cant quantita hoeveelheid aantal",
    "rate": "rate satz taux tasa aliquota tarief",
    "receipt": "receipt rcpt bon quittung kassenbon recu recibo ricevuta scontrino kassabon",
    "reference": "reference ref referenz referencia riferimento referentie zeichen kennung",
    "registered": "registered",
    "registrant": "registrant",
    "registration": "registration register registro registre handelsregister registratie",
    "revision": "revision",
    "round": "rounding rounded rounding-adj rundung arrondi redondeo arrotondamento afronding adj adjustment",
    "seller": "seller vendor supplier merchant verkaufer lieferant lieferanten fournisseur vendeur vendedor proveedor "
    "venditore fornitore cedente prestatore verkoper leverancier issuer aussteller emisor emittente",
    "service": "service services leistung leistungs prestation servicio servizio dienst",
    "shop": "shop store filiale magasin tienda negozio winkel outlet branch",
    "stamp": "stamp stamped stempel",
    "start": "start beginn anfang begin debut inicio inizio von starts commencing",
    "state": "state staat etat estado stato",
    "statement": "statement auszug kontoauszug releve extracto estratto",
    "street": "street strasse rue calle via straat",
    "subtotal": "subtotal sub-total zwischensumme sous-total subtotale subtotaal positionssumme nettosumme warenwert",
    "surcharge": "surcharge zuschlag zuschlage",
    "summary": "summary breakdown analysis zusammenfassung ubersicht aufschlusselung recapitulatif resumen riepilogo "
    "overzicht specification",
    "tax": "tax vat mwst ust umsatzsteuer mehrwertsteuer tva iva btw gst sst steuer steuern taxe taxes impuesto imposta "
    "belasting hst pst",
    "term": "term laufzeit",
    "terms": "terms bedingungen conditions condiciones condizioni voorwaarden zahlungsbedingungen zahlungsziel",
    "time": "time uhrzeit zeit heure hora ora tijd",
    "title": "title titel titre titulo titolo",
    "total": "total totals summe gesamt totale totaal gesamtsumme suma jumlah tot ttl totaux",
    "type": "type art typ tipo",
    "unit": "unit einheit einzel unite unitaire unidad unitario unita eenheid stuks",
    "user": "user cashier kassierer caissier cajero cassiere kassa staff clerk bediener server",
    "value": "value wert valeur valor valore waarde",
    "website": "website web homepage internet url site",
    "weight": "weight gewicht poids peso",
    "year": "year jahr annee ano anno jaar",
}

#: phrases and compounds -> terms, where word by word would go wrong
PHRASES: Final[Mapping[str, str]] = {
    # totals
    "sub total": "subtotal",
    "total ht": "net total",
    "total hors taxe": "net total",
    "total hors taxes": "net total",
    "hors taxe": "net",
    "hors taxes": "net",
    "toutes taxes comprises": "gross",
    "base imponible": "net total",
    "imponible": "net total",
    "imponibile": "net total",
    "totale imponibile": "net total",
    "taxable amount": "net total",
    "taxable value": "net total",
    "tax basis": "net total",
    "summe netto": "net total",
    "rechnungssumme ohne ust": "net total",
    "gesamt netto": "net total",
    "nettobetrag": "net amount",
    "nettosumme": "net total",
    "nettowert": "net total",
    "total before tax": "net total",
    "before tax": "net",
    "without tax": "net",
    "ohne ust": "net",
    "ohne mwst": "net",
    "zzgl": "plus",
    "excl": "net",
    "excluding": "net",
    "exclusive": "net",
    "exclusief": "net",
    "excl gst": "net",
    "excl vat": "net",
    "excluding gst": "net",
    "excluding tax": "net",
    "excluding vat": "net",
    "exclusive of gst": "net",
    "excl btw": "net",
    "exclusief btw": "net",
    "sin iva": "net",
    "incl": "gross",
    "inclusive": "gross",
    "including": "gross",
    "inclusief": "gross",
    "incl gst": "gross",
    "inclusive gst": "gross",
    "inclusive of gst": "gross",
    "incl of gst": "gross",
    "including gst": "gross",
    "with gst": "gross",
    "incl vat": "gross",
    "incl tax": "gross",
    "including tax": "gross",
    "including vat": "gross",
    "incl btw": "gross",
    "inkl mwst": "gross",
    "inkl ust": "gross",
    "mit mwst": "gross",
    "iva incluido": "gross",
    "iva inclusa": "gross",
    "bruttosumme": "gross total",
    "bruttobetrag": "gross amount",
    "gesamtbetrag": "total amount",
    "gesamtsumme": "grand total",
    "gesamtpreis": "total amount",
    "endbetrag": "grand total",
    "endsumme": "grand total",
    "rechnungsbetrag": "invoice amount",
    "rechnungssumme": "invoice amount",
    "rechnungsendbetrag": "grand total",
    "zahlbetrag": "amount due",
    "zu zahlen": "amount due",
    "zu zahlender betrag": "amount due",
    "offener betrag": "amount due",
    "net a payer": "amount due",
    "a payer": "amount due",
    "total general": "grand total",
    "importe total": "total amount",
    "total a pagar": "amount due",
    "totale da pagare": "amount due",
    "totale documento": "grand total",
    "totale fattura": "invoice total",
    "te betalen": "amount due",
    "eindtotaal": "grand total",
    "nett total": "total",
    "net total": "net total",
    "netto total": "net total",
    "to pay": "amount due",
    "amount payable": "amount due",
    "total payable": "amount due",
    "balance due": "amount due",
    "amount owing": "amount due",
    "steuerbetrag": "tax amount",
    "mehrwertsteuerbetrag": "tax amount",
    "umsatzsteuerbetrag": "tax amount",
    "steuersatz": "tax rate",
    "sales tax": "tax",
    "service tax": "tax",
    "value added tax": "tax",
    "goods and services tax": "tax",
    "zzgl mwst": "tax",
    "zzgl ust": "tax",
    "tax invoice": "invoice",
    "unit price": "unit price",
    "einzelpreis": "unit price",
    "line total": "line total",
    # dates
    "due date": "due date",
    "payment due": "due date",
    "due on": "due date",
    "due by": "due date",
    "pay by": "due date",
    "payable by": "due date",
    "zahlbar bis": "due date",
    "zahlbar bis zum": "due date",
    "fallig am": "due date",
    "fallig bis": "due date",
    "falligkeit": "due date",
    "falligkeitsdatum": "due date",
    "falligkeitstag": "due date",
    "zahlungsziel": "due date",
    "zahlungstermin": "due date",
    "date d echeance": "due date",
    "date limite de paiement": "due date",
    "echeance": "due date",
    "fecha de vencimiento": "due date",
    "vencimiento": "due date",
    "data scadenza": "due date",
    "data di scadenza": "due date",
    "scadenza": "due date",
    "vervaldatum": "due date",
    "vervaldag": "due date",
    "te betalen voor": "due date",
    "uiterste betaaldatum": "due date",
    "leistungsdatum": "service date",
    "lieferdatum": "delivery date",
    "liefer und leistungsdatum": "delivery date",
    "rechnungsdatum": "invoice date",
    "belegdatum": "document date",
    "ausstellungsdatum": "issue date",
    "date of issue": "issue date",
    "billing date": "invoice date",
    "bill date": "invoice date",
    "billed on": "invoice date",
    "transaction date": "purchase date",
    "trans date": "purchase date",
    "purchase date": "purchase date",
    "business date": "purchase date",
    "effective date": "effective date",
    "first day": "start date",
    "last day": "end date",
    "valid until": "end date",
    "gultig bis": "end date",
    "dated as of": "date",
    # numbers
    "rechnungsnummer": "invoice number",
    "rechnungsnr": "invoice number",
    "rechnungs nr": "invoice number",
    "rechn nr": "invoice number",
    "re nr": "invoice number",
    "belegnummer": "document number",
    "belegnr": "document number",
    "beleg nr": "document number",
    "kundennummer": "buyer number",
    "kundennr": "buyer number",
    "kunden nr": "buyer number",
    "kd nr": "buyer number",
    "auftragsnummer": "order number",
    "auftragsnr": "order number",
    "bestellnummer": "order number",
    "bestellnr": "order number",
    "lieferscheinnummer": "delivery number",
    "lieferschein": "delivery number",
    "purchase order": "order",
    "steuernummer": "tax-number",
    "steuer nr": "tax-number",
    "st nr": "tax-number",
    "tax number": "tax-number",
    "tax no": "tax-number",
    "tax id": "tax-number",
    "gst no": "vat-id",
    "gst id": "vat-id",
    "gst id no": "vat-id",
    "gst reg no": "vat-id",
    "gst registration no": "vat-id",
    "gst tin": "vat-id",
    "vat number": "vat-id",
    "vat no": "vat-id",
    "vat id": "vat-id",
    "vat reg no": "vat-id",
    "vat registration number": "vat-id",
    "ust id": "vat-id",
    "ust id nr": "vat-id",
    "ust idnr": "vat-id",
    "ustid": "vat-id",
    "ustidnr": "vat-id",
    "umsatzsteuer identifikationsnummer": "vat-id",
    "umsatzsteuer id": "vat-id",
    "n tva": "vat-id",
    "numero de tva": "vat-id",
    "tva intracommunautaire": "vat-id",
    "nif": "vat-id",
    "cif": "vat-id",
    "partita iva": "vat-id",
    "p iva": "vat-id",
    "btw nummer": "vat-id",
    "btw nr": "vat-id",
    "siren": "registration number",
    "siret": "registration number",
    "kvk": "registration number",
    "rcs": "registration number",
    "handelsregisternummer": "registration number",
    "co reg no": "registration number",
    "reg no": "registration number",
    "roc no": "registration number",
    "account number": "account number",
    "kontonummer": "account number",
    "konto nr": "account number",
    "bank account": "account number",
    "bankleitzahl": "bank code",
    "swift": "bic",
    "bic": "bic",
    # parties
    "bill to": "buyer",
    "billed to": "buyer",
    "bill to address": "buyer",
    "billing address": "buyer address",
    "invoice to": "buyer",
    "invoiced to": "buyer",
    "sold to": "buyer",
    "charge to": "buyer",
    "rechnung an": "buyer",
    "rechnungsadresse": "buyer address",
    "rechnungsempfanger": "buyer",
    "rechnungsanschrift": "buyer address",
    "facture a": "buyer",
    "adresse de facturation": "buyer address",
    "adresse facturation": "buyer address",
    "facturar a": "buyer",
    "facturado a": "buyer",
    "intestatario": "buyer",
    "fattura a": "buyer",
    "fatturare a": "buyer",
    "spettabile": "buyer",
    "spett le": "buyer",
    "factuur aan": "buyer",
    "factuuradres": "buyer address",
    "factuur voor": "buyer",
    "aan": "buyer",
    "kaufer": "buyer",
    "ship to": "delivery address",
    "deliver to": "delivery address",
    "delivered to": "delivery address",
    "warenempfanger": "delivery address",
    "abweichender warenempfanger": "delivery address",
    "lieferadresse": "delivery address",
    "lieferanschrift": "delivery address",
    "adresse de livraison": "delivery address",
    "remit to": "seller address",
    "remit address": "seller address",
    "service provider": "seller",
    "rechnungssteller": "seller",
    "zahlungsempfanger": "payee",
    "abweichender zahlungsempfanger": "payee",
    "payee": "payee",
    # others
    "payment terms": "payment terms",
    "zahlungsbedingungen": "payment terms",
    "terms of payment": "payment terms",
    "zip code": "postcode",
    "postal code": "postcode",
    "code postal": "postcode",
    "codigo postal": "postcode",
}

#: words that carry no meaning in a label
FILLERS: Final = frozenset(
    "a an the of for to in on at your our this by and or & de la le les du des d l der die das den des dem und fur "
    "ihre ihr unsere unser vom el los las del y e il lo gli di da per van het en voor uw onze je with is as if any "
    # currencies: they stand between a label and its amount
    "rm eur euro euros usd gbp chf myr inr sgd aud cad rs".split()
)

#: terms that many labels share: they say little alone
GENERIC: Final = frozenset(
    "number date name amount total code reference address document value type term base id time title".split()
)

#: terms of labels that mean something else under the heading of a party: `Name` under `Buyer`
PARTY_TERMS: Final = frozenset(
    "name number id code reference address vat-id tax-number email phone fax street city postcode country contact "
    "registration website iban bic account company bank".split()
)

#: terms that say whose something is
SIDES: Final = frozenset({"seller", "buyer", "payee", "delivery"})

#: concept -> labels it is printed under, best first, each with how surely it means the concept
CONCEPTS: Final[Mapping[str, Mapping[str, float]]] = {
    "gross total": {
        "gross total": 1.0, "grand total": 1.0, "gross amount": 0.97, "invoice total": 0.97, "total due": 0.9,
        "total amount due": 0.95, "total amount gross": 1.0, "total gross due": 1.0, "total amount": 0.93,
        "invoice amount": 0.93, "gross": 0.8, "amount due": 0.85, "total": 0.88, "round total": 0.97,
        "gross total round": 1.0, "total sale": 0.9, "total sales": 0.85, "balance": 0.5, "amount": 0.55,
        "invoice gross": 0.9, "total to pay": 0.95, "total purchase": 0.85,
    },
    "net total": {
        "net total": 1.0, "subtotal": 0.95, "net amount": 0.95, "net": 0.8, "total net amount": 1.0,
        "net subtotal": 1.0, "net value": 0.9, "tax base": 0.8, "total before tax": 1.0, "net invoice amount": 0.95,
        "base": 0.6, "base amount": 0.7, "tax base amount": 0.8, "charges": 0.5,
    },
    "tax amount": {
        "tax amount": 1.0, "tax total": 1.0, "tax": 0.9, "total tax amount": 1.0, "plus tax": 0.95, "tax rate": 0.3,
    },
    "tax rate": {"tax rate": 1.0, "tax percent": 1.0},
    "discount": {"discount": 1.0, "discount amount": 1.0, "discount total": 1.0, "item discount": 0.9},
    "surcharge": {"surcharge": 1.0, "surcharge total": 1.0, "total amount surcharge": 1.0},
    "rounding": {"round": 1.0, "round amount": 0.95},
    "deposit": {"deposit": 1.0, "deposit amount": 1.0, "deposit paid": 1.0},
    "paid amount": {"paid": 1.0, "amount paid": 1.0, "cash": 0.95, "card": 0.9, "payment": 0.8, "total paid": 0.9},
    "change amount": {"change": 1.0, "change due": 1.0, "balance change": 0.9, "change amount": 1.0},
    "unit price": {"unit price": 1.0, "price": 0.9},
    "quantity": {"quantity": 1.0, "total quantity": 1.0, "total article": 0.9, "number article": 0.9},
    "line amount": {"line total": 1.0, "line amount": 1.0},
    "invoice number": {
        "invoice number": 1.0, "number invoice": 1.0, "document number": 0.85, "invoice": 0.75,
        "invoice reference": 0.8, "receipt number": 0.8, "credit number": 0.9, "invoice document number": 0.95,
        "invoice code": 0.8, "number": 0.45,
    },
    "order number": {"order number": 1.0, "order": 0.75, "order revision": 0.95, "order reference": 0.9, "purchase order number": 1.0},
    "contract number": {"contract number": 1.0, "contract": 0.7, "contract revision": 0.95, "contract reference": 0.9, "agreement number": 0.9},
    "buyer number": {"buyer number": 1.0, "buyer reference": 0.8, "buyer code": 0.9},
    "delivery number": {"delivery number": 1.0, "delivery": 0.6},
    "account number": {"account number": 1.0, "account": 0.7},
    "registration number": {"registration number": 1.0, "registered number": 0.9, "registration": 0.7},
    "reference": {"reference": 1.0, "reference number": 1.0},
    "estimate number": {"estimate number": 1.0, "estimate": 0.8},
    "vat id": {"vat-id": 1.0, "tax registration number": 0.9, "tax-number": 0.6},
    "tax number": {"tax-number": 1.0},
    "page number": {"page": 1.0, "page number": 1.0},
    "issue date": {
        "invoice date": 1.0, "issue date": 1.0, "date": 0.85, "document date": 0.95, "date invoice": 1.0,
        "receipt date": 1.0, "credit date": 0.95, "purchase date": 1.0, "date time": 0.9, "statement date": 0.9, "invoice": 0.5,
    },
    "due date": {"due date": 1.0, "payment date": 0.7, "due": 0.8, "payment due date": 1.0},
    "delivery date": {"delivery date": 1.0, "service date": 0.95, "delivery": 0.7},
    "order date": {"order date": 1.0, "purchase order date": 1.0},
    "print date": {"print date": 1.0, "print time": 0.9},
    "effective date": {"effective date": 1.0, "agreement date": 0.9, "contract date": 0.9},
    "start date": {"start date": 1.0, "start": 0.8},
    "end date": {"end date": 1.0, "end": 0.8},
    "alternate number": {"order alternate number": 1.0, "alternate number": 1.0},
    "flight": {
        "flight": 1.0, "flight date": 1.0, "flight period": 1.0, "order flight": 1.0, "contract date": 0.85,
        "contract period": 0.85, "schedule date": 0.8, "period": 0.65,
    },
    "period": {"period": 0.65, "service period": 0.6, "invoice period": 0.5},
    "seller name": {
        "seller": 1.0, "seller name": 1.0, "company name": 0.85, "shop name": 0.85, "seller company": 0.9,
        "company": 0.85, "shop": 0.85,
    },
    "agency": {"agency": 1.0, "agency name": 1.0},
    "advertiser": {"advertiser": 1.0, "advertiser name": 1.0},
    "buyer name": {"buyer": 1.0, "buyer name": 1.0, "buyer address": 0.9, "buyer company name": 1.0},
    "payee": {"payee": 1.0, "payee name": 1.0},
    "delivery address": {"delivery address": 1.0, "delivery": 0.7, "delivery name": 0.9},
    "contact": {"contact": 1.0, "contact name": 1.0},
    "currency": {"currency": 1.0, "currency code": 1.0},
    "payment terms": {"payment terms": 1.0, "terms": 0.9},
    "governing law": {"law": 1.0, "jurisdiction": 1.0},
    "duration": {"term": 1.0, "duration": 1.0},
}

#: endings of company names, folded, without points
LEGAL_FORMS: Final = frozenset(
    "s/b ltd limited llc llp lp inc incorporated corp corporation co company plc pllc pc gmbh ag kg ohg ug kgaa ev eg gbr se "
    "mbh sa sas sarl sarlu eurl snc scop sl slu sau srl spa sas snc bv nv vof cv bvba ab as asa oy oyj aps pte pty bhd "
    "berhad sdn enterprises holdings group partners sro doo kft zrt sp zoo".split()
)
#: words that say what a business does, folded
BUSINESS_WORDS: Final = frozenset(
    "restaurant restoran cafe kafe coffee bistro bakery bakeries baker kitchen seafood food foods mart market supermarket "
    "hypermarket minimarket pasar kedai syarikat perniagaan perusahaan shop store stores stationery hardware pharmacy "
    "farmasi apotheke pharmacie farmacia clinic klinik hospital hotel motel petrol station motors auto garage trading "
    "enterprise industries industrial services solutions systems technologies technology consulting logistics transport "
    "books book gift home deco furniture electrical electronics telecom media studio salon boutique fashion express "
    "wholesale retail supplies supply products papan bank versicherung versicherungsverein handel handwerk bau maschinenbau "
    "metallbau verein stiftung university college school church".split()
)
#: words of addresses, folded
ADDRESS_WORDS: Final = frozenset(
    "street st road rd avenue ave boulevard blvd lane ln drive dr way square sq highway hwy parkway pkwy court ct place "
    "floor suite ste unit apt building bldg block blok box po lot level plaza tower mall park centre center estate "
    "jalan jln lorong lrg persiaran lebuh lebuhraya taman tmn bandar kampung kg kawasan perindustrian industri seksyen "
    "section mukim bukit batu sungai desa medan pusat wisma menara kompleks komplek pasar lintang tingkat bangunan "
    "strasse str weg platz allee gasse ring ufer damm chaussee postfach rue route chemin impasse quai place bp cedex "
    "allee calle avenida avda plaza paseo carretera ctra camino via viale piazza corso largo vicolo straat laan plein "
    "kade gracht postbus north south east west".split()
)
#: countries as addresses end with them, folded
COUNTRIES: Final = frozenset(
    "deutschland germany allemagne alemania germania duitsland osterreich austria schweiz suisse svizzera switzerland france "
    "frankreich frankrijk francia espana spain spanien italia italy italien nederland netherlands niederlande belgium "
    "belgie belgique belgien luxembourg luxemburg ireland irland irlande england scotland wales portugal polska poland "
    "polen danmark denmark sverige sweden norge norway suomi finland usa canada australia india singapore malaysia china "
    "japan brazil mexico uk israel".split()
)
#: what a document calls itself: print that is neither a name nor an address
TITLES: Final = frozenset(
    "invoice receipt order contract credit statement estimate delivery page document tax copy original duplicate".split()
)

#: concepts by the kind of value they name; a label speaks against a value only with a concept of the value's kind
MONEY_CONCEPTS: Final = frozenset(
    {
        "gross total", "net total", "tax amount", "tax rate", "discount", "surcharge", "rounding", "deposit", "paid amount",
        "change amount", "unit price", "quantity", "line amount",
    }
)
DATE_CONCEPTS: Final = frozenset(
    {
        "issue date", "due date", "delivery date", "order date", "print date", "effective date", "start date", "end date",
        "flight", "period",
    }
)
ID_CONCEPTS: Final = frozenset(
    {
        "invoice number", "order number", "contract number", "buyer number", "delivery number", "account number",
        "registration number", "reference", "estimate number", "alternate number", "vat id", "tax number", "page number",
        "quantity",
    }
)
