"""What the sample invoices say. Every company and person is invented; the check digits are right."""

from datetime import date

from trade import Bill, Company, position

BRIGHTWATER = Company(
    name="Brightwater Studio Ltd",
    street="14 Quayside Yard",
    postcode="BS1 4QA",
    city="Bristol",
    country="GB",
    vat_id="GB123456782",
    iban="GB29NWBK60161331926819",
    bic="NWBKGB2L",
    phone="+44 117 496 0142",
    email="accounts@brightwater.example.com",
)
LINDNER = Company(
    name="Holzmanufaktur Lindner GmbH",
    street="Am Sägewerk 7",
    postcode="79100",
    city="Freiburg",
    country="DE",
    vat_id="DE123456788",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
    phone="+49 761 5550 120",
    email="post@holz-lindner.example.com",
)
MIRABELLE = Company(
    name="Atelier Mirabelle SARL",
    street="23, quai des Tanneurs",
    postcode="67000",
    city="Strasbourg",
    country="FR",
    vat_id="FR11123456782",
    iban="FR1420041010050500013M02606",
    bic="PSSTFRPPXXX",
    phone="+33 3 88 55 01 47",
    email="bonjour@mirabelle.example.com",
)
NORDLICHT = Company(
    name="Nordlicht Cloud GmbH",
    street="Speicherstraße 22",
    postcode="24103",
    city="Kiel",
    country="DE",
    vat_id="DE271831412",
    iban="DE75512108001245126199",
    bic="SOLADEST600",
    phone="+49 431 5550 90",
    email="billing@nordlicht.example.com",
)
VEGA = Company(
    name="Marisol Vega Traducciones",
    street="Calle del Olivo 18, 2º B",
    postcode="41004",
    city="Sevilla",
    country="ES",
    vat_id="ES12345678Z",
    iban="ES9121000418450200051332",
    bic="CAIXESBBXXX",
    phone="+34 955 550 118",
    email="hola@vega.example.com",
)
STEINBACH = Company(
    name="Elektro Steinbach e.K.",
    street="Industriestraße 41",
    postcode="34123",
    city="Kassel",
    country="DE",
    vat_id="DE314159262",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    phone="+49 561 5550 33",
    email="buero@steinbach.example.com",
)
FJORD = Company(
    name="Fjordlys Energi AS",
    street="Bryggen 9",
    postcode="5003",
    city="Bergen",
    country="NO",
    vat_id="NO123456785MVA",
    iban="NO9386011117947",
    bic="DNBANOKKXXX",
    phone="+47 55 55 01 20",
    email="faktura@fjordlys.example.com",
)

STUDIO_BILL = Bill(
    number="BW-2025-0187",
    issued=date(2025, 4, 28),
    due=date(2025, 5, 28),
    currency="GBP",
    seller=BRIGHTWATER,
    buyer=Company(name="Larkfield Books Ltd", street="3 Abbey Green", postcode="BA1 1NW", city="Bath", country="GB"),
    order_number="LB-40311",
    positions=(
        position("Cover design, autumn list", "6", "titles", "420.00", "20"),
        position("Typesetting, 312 pages", "312", "pages", "3.85", "20"),
        position("Map illustrations, full page", "4", "plates", "165.00", "20"),
        position("Proof corrections, second round", "7.5", "hours", "58.00", "20", code="HUR"),
        position("Printed proofs by courier", "1", "parcel", "18.40", "20"),
    ),
    note="Thank you for printing beautiful books with us.",
)

WORKSHOP_BILL = Bill(
    number="RE-2025-1043",
    issued=date(2025, 5, 14),
    due=date(2025, 6, 13),
    delivered=date(2025, 5, 9),
    currency="EUR",
    seller=LINDNER,
    buyer=Company(name="Café Morgenrot GmbH", street="Lindenallee 52", postcode="10115", city="Berlin", country="DE"),
    order_number="B-7721",
    positions=(
        position("Tresen aus Eiche massiv, geölt, 3,40 m", "1", "Stk.", "4280.00", "19"),
        position("Hocker „Amsel“, Buche, Sitzhöhe 65 cm", "12", "Stk.", "149.50", "19"),
        position("Wandregal, Esche, 120 x 28 cm", "4", "Stk.", "186.00", "19"),
        position("Montage vor Ort, zwei Personen", "9.5", "Std.", "64.00", "19", code="HUR"),
        position("Fachbuch „Holz pflegen“", "2", "Stk.", "24.90", "7"),
    ),
    note="Bitte überweisen Sie den Betrag ohne Abzug bis zum 13.06.2025.",
)

ATELIER_BILL = Bill(
    number="F2025-0312",
    issued=date(2025, 3, 6),
    due=date(2025, 4, 5),
    currency="EUR",
    seller=MIRABELLE,
    buyer=Company(
        name="Hôtel des Deux Ponts", street="8, rue de la Lanterne", postcode="69001", city="Lyon", country="FR"
    ),
    positions=(
        position("Service de table en grès, 24 couverts", "2", "lot", "1380.00", "20"),
        position("Vases émaillés, bleu nuit", "15", "pièce", "46.50", "20"),
        position("Lampes de chevet, porcelaine", "18", "pièce", "92.00", "20"),
        position("Livre d'atelier, édition reliée", "10", "pièce", "31.00", "5.5"),
        position("Emballage et livraison", "1", "forfait", "145.00", "20"),
    ),
    note="Règlement à 30 jours par virement. Aucun escompte pour paiement anticipé.",
)

CLOUD_BILL = Bill(
    number="NC-250600419",
    issued=date(2025, 6, 2),
    due=date(2025, 6, 16),
    delivered=date(2025, 5, 31),
    currency="EUR",
    seller=NORDLICHT,
    buyer=Company(name="Praxis Dr. Hagedorn", street="Marktplatz 5", postcode="23552", city="Lübeck", country="DE"),
    order_number="PH-2025-08",
    positions=(
        position("Serverbetrieb „Polaris M“, Mai 2025", "3", "Mon.", "89.00", "19", code="MON"),
        position("Datensicherung, 2 TB verschlüsselt", "1", "Mon.", "34.50", "19", code="MON"),
        position("Umzug der Terminverwaltung", "6.25", "Std.", "112.00", "19", code="HUR"),
        position("Zertifikat, ein Jahr", "1", "Stk.", "79.00", "19"),
    ),
    note="Diese Rechnung trägt ihre Daten als Factur-X (EN 16931) in sich.",
)

FREELANCE_BILL = Bill(
    number="2025/061",
    issued=date(2025, 5, 22),
    due=date(2025, 6, 21),
    currency="EUR",
    seller=VEGA,
    buyer=Company(
        name="Bodegas Tres Encinas S.L.", street="Camino Real 4", postcode="26001", city="Logroño", country="ES"
    ),
    positions=(
        position("Traducción de catálogo, inglés", "8400", "palabras", "0.09", "21"),
        position("Revisión de etiquetas, francés", "36", "etiquetas", "4.50", "21"),
        position("Interpretación en feria, media jornada", "1", "servicio", "280.00", "21"),
    ),
    note="Forma de pago: transferencia bancaria a 30 días.",
)

ELECTRIC_BILL = Bill(
    number="250338",
    issued=date(2025, 2, 19),
    due=date(2025, 3, 5),
    delivered=date(2025, 2, 14),
    currency="EUR",
    seller=STEINBACH,
    buyer=Company(name="Wohnbau Fuldatal eG", street="Heckenweg 16", postcode="34233", city="Fuldatal", country="DE"),
    order_number="WF-1187",
    positions=(
        position("Zählerschrank 5-polig, 2 Felder", "2", "Stk.", "612.00", "19"),
        position("Leitungsschutzschalter B16", "48", "Stk.", "6.85", "19"),
        position("Fehlerstromschutzschalter 40 A / 30 mA", "12", "Stk.", "48.90", "19"),
        position("Mantelleitung NYM-J 3x1,5 mm²", "420", "m", "0.92", "19", code="MTR"),
        position("Mantelleitung NYM-J 5x2,5 mm²", "160", "m", "2.64", "19", code="MTR"),
        position("Erdkabel NYY-J 5x10 mm²", "35", "m", "11.40", "19", code="MTR"),
        position("Schalterdose unterputz, winddicht", "96", "Stk.", "1.15", "19"),
        position("Steckdose, reinweiß", "72", "Stk.", "5.60", "19"),
        position("Wechselschalter, reinweiß", "28", "Stk.", "6.90", "19"),
        position("Rauchwarnmelder, 10 Jahre", "16", "Stk.", "27.50", "19"),
        position("Außenleuchte mit Bewegungsmelder", "4", "Stk.", "84.00", "19"),
        position("Türsprechanlage, 4 Teilnehmer", "1", "Stk.", "738.00", "19"),
        position("Netzwerkdose Cat. 6A, 2-fach", "20", "Stk.", "14.30", "19"),
        position("Verlegekabel Cat. 7", "300", "m", "0.88", "19", code="MTR"),
        position("Potentialausgleichsschiene", "2", "Stk.", "19.80", "19"),
        position("Schlitze fräsen und schließen", "18", "Std.", "54.00", "19", code="HUR"),
        position("Installation, Meister", "26.5", "Std.", "68.00", "19", code="HUR"),
        position("Installation, Geselle", "41", "Std.", "56.50", "19", code="HUR"),
        position("Messprotokoll nach DIN VDE 0100-600", "4", "Stk.", "95.00", "19"),
        position("Anfahrt", "6", "Stk.", "29.00", "19"),
    ),
    note="Zahlbar innerhalb von 14 Tagen ohne Abzug.",
)

ENERGY_BILL = Bill(
    number="FL-90217",
    issued=date(2025, 6, 30),
    due=date(2025, 7, 14),
    currency="NOK",
    seller=FJORD,
    buyer=Company(name="Havn Bokhandel AS", street="Strandgaten 40", postcode="5013", city="Bergen", country="NO"),
    order_number="HB-556",
    positions=(
        position("Fornybar strøm, juni", "1240", "kWh", "0.84", "25", code="KWH"),
        position("Nettleie, fastledd", "1", "måned", "415.00", "25", code="MON"),
        position("Smartmåler, leie", "2", "stk", "49.00", "25"),
    ),
)
