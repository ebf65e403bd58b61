"""Label words of business documents in six languages: which print means which term; data only, no matching.

English, German, French, Spanish, Italian and Dutch; all in folded form (lower case, no accents), so that OCR, capitals
and missing accents make no difference. `phrases` holds what only several words mean, `concepts` what the terms name.
"""

from collections.abc import Mapping
from typing import Final

from docproc.readers.layout.lexicon import word_set

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
    "carried": "ubertrag uebertrag vortrag riporto",
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
    "page": "page pages seite seiten pagina blatt",
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
    "tax": "tax vat mwst ust umsatzsteuer mehrwertsteuer tva iva btw gst sst steuer steuern taxe taxes impuesto "
    "imposta "
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

#: words that carry no meaning in a label
FILLERS: Final = word_set(
    "a an the of for to in on at your our this by and or & de la le les du des d l der die das den des dem und fur "
    "ihre ihr unsere unser vom davon darin enthaltene dont cui waarvan el los las del y e il lo gli di da per van het en voor uw onze je with is as if any "
    # currencies: they stand between a label and its amount
    "rm eur euro euros usd gbp chf myr inr sgd aud cad rs"
)

#: terms that many labels share: they say little alone
GENERIC: Final = word_set(
    "number date name amount total code reference address document value type term base id time title"
)

#: terms of labels that mean something else under the heading of a party: `Name` under `Buyer`
PARTY_TERMS: Final = word_set(
    "name number id code reference address vat-id tax-number email phone fax street city postcode country contact "
    "registration website iban bic account company bank"
)

#: terms that say whose something is
SIDES: Final = frozenset({"seller", "buyer", "payee", "delivery"})

#: what a document calls itself: print that is neither a name nor an address
TITLES: Final = word_set(
    "invoice receipt order contract credit statement estimate delivery page document tax copy original duplicate"
)
