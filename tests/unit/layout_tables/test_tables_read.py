from printed_tables import ITEMS, PrintedLine, rows_spec, window_of

from docproc.domain.issues import IssueCode
from docproc.domain.reading import Window
from docproc.domain.schema import FieldKind, FieldSpec, Shape
from docproc.readers.layout.tables import RowsReading, read_rows

HEADER: PrintedLine = (100, [(50, "Description"), (300, "Qty"), (360, "Unit price"), (460, "Amount")])


def row(top: float, description: str, quantity: str, price: str, total: str) -> PrintedLine:
    return top, [(50, description), (300, quantity), (360, price), (460, total)]


def read(window: Window, spec: FieldSpec = ITEMS, *, decimal_mark: str | None = ".") -> RowsReading:
    return read_rows(window, spec, decimal_mark=decimal_mark, day_first=True)


def test_rows_are_read_by_their_headers():
    found = read(
        window_of([HEADER, row(120, "Desk lamp", "2", "10.00", "20.00"), row(136, "Oak board", "1", "5.50", "5.50")])
    )
    assert found.rows == [
        {"description": "Desk lamp", "quantity": "2", "unit_price": "10.00", "line_total": "20.00"},
        {"description": "Oak board", "quantity": "1", "unit_price": "5.50", "line_total": "5.50"},
    ]


def test_every_cell_says_where_it_stands():
    hint = read(window_of([HEADER, row(120, "Desk lamp", "2", "10.00", "20.00")])).hints["[0].line_total"]
    assert hint.model is not None
    assert hint.model > 0.9
    (evidence,) = hint.evidence
    assert (evidence.page, evidence.text) == (1, "20.00")
    assert evidence.box == (460, 120, 485, 130)


def test_a_row_whose_figures_disagree_is_less_sure():
    found = read(
        window_of([HEADER, row(120, "Desk lamp", "2", "10.00", "20.00"), row(136, "Oak board", "3", "5.50", "5.50")])
    )
    sure, unsure = found.hints["[0].quantity"].model, found.hints["[1].quantity"].model
    assert sure is not None
    assert unsure is not None
    assert unsure < sure


def test_rows_end_at_the_totals():
    lines = [HEADER, row(120, "Desk lamp", "2", "10.00", "20.00"), (150, [(360, "Net total"), (460, "20.00 EUR")])]
    assert len(read(window_of([*lines, (166, [(360, "Tax 20%"), (460, "4.00 EUR")])])).rows) == 1


def test_carried_sums_are_no_rows_and_the_table_goes_on_under_a_repeated_header():
    first = [HEADER, row(120, "Desk lamp", "2", "10.00", "20.00"), (140, [(50, "Carried forward"), (460, "20.00")])]
    second = [
        (40, [(50, "Page 2 of 2")]),
        (100, HEADER[1]),
        (116, [(50, "Brought forward"), (460, "20.00")]),
        row(132, "Oak board", "1", "5.50", "5.50"),
    ]
    found = read(window_of(first, second))
    assert [cells["description"] for cells in found.rows] == ["Desk lamp", "Oak board"]
    assert found.hints["[1].description"].evidence[0].page == 2


def test_a_table_goes_on_over_a_page_without_a_header():
    first = [HEADER, *(row(120 + 16 * n, f"Part {n}", "2", "10.00", "20.00") for n in range(5))]
    second = [
        (30, [(50, "Castell Ltd"), (460, "Invoice 12")]),
        row(60, "Oak board", "1", "5.50", "5.50"),
        (90, [(360, "Total"), (460, "105.50")]),
        row(120, "Not a row", "1", "4.50", "5.50"),
    ]
    assert [cells["description"] for cells in read(window_of(first, second)).rows][-1] == "Oak board"


def test_wrapped_descriptions_are_joined_but_notes_after_a_space_are_not():
    lines = [
        HEADER,
        row(120, "Desk lamp with a", "2", "10.00", "20.00"),
        (131, [(50, "long arm")]),
        (150, [(50, "delivered in two boxes")]),
        row(180, "Oak board", "1", "5.50", "5.50"),
    ]
    assert [cells["description"] for cells in read(window_of(lines)).rows] == ["Desk lamp with a long arm", "Oak board"]


def test_text_that_stands_around_its_figures_stays_with_them():
    lines = [
        HEADER,
        (120, [(50, "Desk lamp")]),
        (131, [(50, "with a long"), (300, "2"), (360, "10.00"), (460, "20.00")]),
        (142, [(50, "arm")]),
        (165, [(50, "Oak board")]),
        (176, [(50, "two metres"), (300, "1"), (360, "5.50"), (460, "5.50")]),
        (187, [(50, "long")]),
    ]
    descriptions = [cells["description"] for cells in read(window_of(lines)).rows]
    assert descriptions == ["Desk lamp with a long arm", "Oak board two metres long"]


def test_figures_set_lower_than_the_first_line_belong_to_its_row():
    lines = [HEADER]
    for top, name in ((120, "Desk lamp"), (160, "Oak board")):
        lines += [(top, [(50, name), (300, "2"), (360, "10.00")]), (top + 8, [(460, "20.00")])]
    assert read(window_of(lines)).rows == [
        {"description": name, "quantity": "2", "unit_price": "10.00", "line_total": "20.00"}
        for name in ("Desk lamp", "Oak board")
    ]


def test_labels_that_wrap_are_read_as_one():
    header: list[PrintedLine] = [
        (94, [(455, "Price w/o")]),
        (100, [(50, "Description"), (300, "Quantity"), (360, "Unit Price")]),
        (106, [(470, "Tax")]),
    ]
    found = read(window_of([*header, row(130, "Desk lamp", "8 Unit(s)", "4.55 €", "36.40 €")]))
    assert found.rows == [{"description": "Desk lamp", "quantity": "8", "unit_price": "4.55", "line_total": "36.40"}]


def test_german_labels_units_and_decimal_commas():
    lines: list[PrintedLine] = [
        (100, [(50, "Pos."), (90, "Bezeichnung"), (300, "Menge"), (360, "Einzelpreis"), (460, "Gesamt")]),
        (120, [(50, "1"), (90, "Beratung"), (300, "3,00 Std"), (360, "1.095,50"), (460, "3.286,50")]),
    ]
    assert read(window_of(lines), decimal_mark=",").rows == [
        {"description": "Beratung", "quantity": "3.00", "unit_price": "1095.50", "line_total": "3286.50"}
    ]


def test_numbers_that_stand_beside_their_label_still_find_their_column():
    lines: list[PrintedLine] = [
        (100, [(150, "Description"), (300, "Quantity"), (380, "Price"), (470, "Total")]),
        (120, [(50, "Desk lamp"), (-299, "12"), (-450, "10.00"), (-540, "120.00")]),
        (136, [(50, "Oak board"), (-299, "1"), (-450, "5.50"), (-540, "5.50")]),
    ]
    assert [list(cells.values()) for cells in read(window_of(lines)).rows] == [
        ["Desk lamp", "12", "10.00", "120.00"],
        ["Oak board", "1", "5.50", "5.50"],
    ]


def test_a_quantity_printed_into_its_neighbour_is_cut_off_when_it_explains_the_total():
    lines: list[PrintedLine] = [
        (100, [(50, "Description"), (200, "SKU"), (260, "Qty"), (360, "Unit price"), (460, "Amount")]),
        (120, [(50, "Desk lamp"), (200, "DL-02"), (260, "2"), (360, "10.00"), (460, "20.00")]),
        (136, [(50, "Docking station"), (205, "DOC-USBC-0146"), (360, "199.99"), (460, "1199.94")]),
    ]
    found = read(window_of(lines))
    assert found.rows[1]["quantity"] == "6"
    assert found.hints["[1].quantity"].evidence[0].text == "6"


def test_the_total_without_tax_is_taken_when_the_schema_asks_for_it():
    net = FieldSpec(
        name="line_total", kind=FieldKind.MONEY, description="Total of the line (net where both are printed)"
    )
    gross = FieldSpec(name="line_total", kind=FieldKind.MONEY, description="Total of the line including tax")
    lines: list[PrintedLine] = [
        (100, [(50, "Article"), (250, "Qty"), (320, "Price"), (400, "Total excl. VAT"), (500, "Total incl. VAT")]),
        (120, [(50, "Desk lamp"), (250, "2"), (320, "10.00"), (400, "20.00"), (500, "24.00")]),
    ]
    for total, expected in ((net, "20.00"), (gross, "24.00")):
        name = FieldSpec(name="description")
        item = FieldSpec(name="row", shape=Shape.GROUP, children=(name, total))
        spec = FieldSpec(name="rows", shape=Shape.LIST, item=item)
        assert read(window_of(lines), spec).rows == [{"description": "Desk lamp", "line_total": expected}]


def test_any_schema_finds_its_columns_by_name():
    spec = rows_spec(
        channel=FieldKind.TEXT, start_date=FieldKind.DATE, end_date=FieldKind.DATE, spots=FieldKind.INTEGER
    )
    lines: list[PrintedLine] = [
        (100, [(50, "Line"), (90, "Ch"), (140, "Channel"), (220, "Start Date"), (300, "End Date"), (400, "Spots")]),
        (120, [(50, "1"), (90, "7"), (140, "KTAZ"), (220, "24/04/20"), (300, "27/04/20"), (400, "3")]),
    ]
    assert read(window_of(lines), spec).rows == [
        {"channel": "KTAZ", "start_date": "2020-04-24", "end_date": "2020-04-27", "spots": "3"}
    ]


def test_a_bank_statement_keeps_debit_and_credit_apart():
    spec = rows_spec(
        date=FieldKind.DATE, text=FieldKind.TEXT, debit=FieldKind.MONEY, credit=FieldKind.MONEY, balance=FieldKind.MONEY
    )
    lines: list[PrintedLine] = [
        (100, [(50, "Date"), (120, "Description"), (300, "Withdrawals"), (390, "Deposits"), (480, "Balance")]),
        (116, [(120, "Opening balance"), (-515, "100.00")]),
        (132, [(50, "2025-01-13"), (120, "Rent"), (-355, "60.00"), (-515, "40.00")]),
        (148, [(50, "2025-01-14"), (120, "Salary"), (-430, "1,000.00"), (-515, "1,040.00")]),
    ]
    assert read(window_of(lines), spec).rows == [
        {"date": "2025-01-13", "text": "Rent", "debit": "60.00", "credit": None, "balance": "40.00"},
        {"date": "2025-01-14", "text": "Salary", "debit": None, "credit": "1000.00", "balance": "1040.00"},
    ]


def test_an_ambiguous_date_is_reported_and_not_guessed():
    spec = rows_spec(date=FieldKind.DATE, description=FieldKind.TEXT, amount=FieldKind.MONEY)
    lines: list[PrintedLine] = [
        (100, [(50, "Date"), (120, "Description"), (400, "Amount")]),
        (120, [(50, "03/04/2025"), (120, "Rent"), (400, "60.00")]),
    ]
    found = read_rows(window_of(lines), spec, decimal_mark=".", day_first=None)
    assert found.rows == [{"date": None, "description": "Rent", "amount": "60.00"}]
    assert [(issue.code, issue.fields) for issue in found.issues] == [(IssueCode.AMBIGUOUS_DATE, ("[0].date",))]


def test_a_page_without_a_table_has_no_rows():
    assert (
        read(window_of([(100, [(50, "Dear Sir,")]), (120, [(50, "Total: 12.00"), (300, "Date: 2025-01-13")])])).rows
        == []
    )


def test_thousands_of_rows_are_read_in_seconds_not_minutes():
    pages = [[HEADER, *(row(120 + 12 * n, f"Part {n}", "2", "10.00", "20.00") for n in range(50))] for _ in range(40)]
    assert len(read(window_of(*pages)).rows) == 2000


def test_details_below_a_row_interrupt_a_table_without_ending_it():
    spec = rows_spec(line=FieldKind.INTEGER, description=FieldKind.TEXT, amount=FieldKind.MONEY)
    lines: list[PrintedLine] = [(100, [(50, "Line"), (100, "Description"), (-500, "Amount")])]
    for number in range(1, 4):
        top = 100 + 50 * number
        lines += [
            (top, [(50, str(number)), (100, f"Programme {number}"), (-500, f"{number}50.00")]),
            (top + 14, [(110, "Weekdays"), (200, "Quantity"), (280, "Unit price"), (380, "Description")]),
            (top + 28, [(110, "Mon"), (200, "3"), (280, "9.00"), (380, "Morning")]),
        ]
    found = read(window_of(lines), spec).rows
    assert [cells["description"] for cells in found] == ["Programme 1", "Programme 2", "Programme 3"]


def test_the_total_of_a_group_does_not_end_the_table():
    lines = [
        HEADER,
        row(120, "Desk lamp", "2", "10.00", "20.00"),
        (140, [(360, "Total A"), (460, "20.00")]),
        row(160, "Oak board", "3", "5.50", "16.50"),
        (180, [(360, "Total B"), (460, "16.50")]),
        (200, [(360, "Grand total"), (460, "36.50")]),
    ]
    assert [cells["description"] for cells in read(window_of(lines)).rows] == ["Desk lamp", "Oak board"]


def test_what_is_taken_off_between_rows_is_no_row():
    lines = [
        HEADER,
        row(120, "Desk lamp", "2", "10.00", "20.00"),
        (140, [(50, "less 10% discount"), (460, "-2.00")]),
        row(160, "Oak board", "3", "5.50", "16.50"),
    ]
    assert [cells["description"] for cells in read(window_of(lines)).rows] == ["Desk lamp", "Oak board"]


def test_labels_set_close_together_are_parted_by_the_words_they_are_known_by():
    lines: list[PrintedLine] = [
        (100, [(50, "Artikel"), (300, "Aantal"), (350, "Prijs per stuk"), (430, "BTW Prijs incl. BTW")]),
        (120, [(50, "Bureaustoel"), (300, "2"), (350, "99,99"), (430, "21%"), (460, "199,98")]),
    ]
    assert read(window_of(lines), decimal_mark=",").rows == [
        {"description": "Bureaustoel", "quantity": "2", "unit_price": "99.99", "line_total": "199.98"}
    ]


def test_a_compound_is_known_by_its_last_part():
    lines: list[PrintedLine] = [
        (100, [(50, "Warenkurzbezeichnung"), (250, "Liefermenge"), (350, "Verkaufspreis"), (460, "Endbetrag")]),
        (120, [(50, "Schrauben"), (250, "2"), (350, "10,00"), (460, "20,00")]),
    ]
    assert list(read(window_of(lines), decimal_mark=",").rows[0].values()) == ["Schrauben", "2", "10.00", "20.00"]


def test_only_the_name_is_taken_where_a_name_is_asked_for():
    lines = [
        HEADER,
        row(120, "Memory card with a", "1", "9.00", "9.00"),
        (131, [(50, "large case")]),
        (142, [(50, "Price with discount")]),
        row(170, "Oak board", "1", "5.50", "5.50"),
    ]
    name = FieldSpec(name="description", description="Name of the article")
    total = FieldSpec(name="line_total", kind=FieldKind.MONEY)
    item = FieldSpec(name="row", shape=Shape.GROUP, children=(name, total))
    asked = FieldSpec(name="rows", shape=Shape.LIST, item=item)
    assert read(window_of(lines), asked).rows[0]["description"] == "Memory card with a large case"
    assert read(window_of(lines)).rows[0]["description"] == "Memory card with a large case Price with discount"


def test_columns_that_the_header_names_wrongly_are_corrected_by_arithmetic():
    lines: list[PrintedLine] = [
        (100, [(50, "Description"), (250, "Number"), (330, "Qty"), (400, "Price"), (480, "Amount")]),
        *(
            (
                120 + 16 * n,
                [(50, f"Part {n}"), (250, f"{n + 2}"), (330, "7"), (400, "3.00"), (480, f"{3 * (n + 2)}.00")],
            )
            for n in range(3)
        ),
    ]
    assert [cells["quantity"] for cells in read(window_of(lines)).rows] == ["2", "3", "4"]


STATEMENT = rows_spec(date=FieldKind.DATE, description=FieldKind.TEXT, amount=FieldKind.MONEY, balance=FieldKind.MONEY)


def test_debit_and_credit_make_one_signed_amount_where_the_schema_has_one():
    lines: list[PrintedLine] = [
        (100, [(50, "Date"), (120, "Description"), (300, "Withdrawals"), (390, "Deposits"), (480, "Balance")]),
        (132, [(50, "2025-01-13"), (120, "Rent"), (-355, "60.00"), (-515, "40.00")]),
        (148, [(50, "2025-01-14"), (120, "Salary"), (-430, "1,000.00"), (-515, "1,040.00")]),
    ]
    assert [cells["amount"] for cells in read(window_of(lines), STATEMENT).rows] == ["-60.00", "1000.00"]


def test_running_balances_tell_the_sign_of_an_amount():
    lines: list[PrintedLine] = [
        (100, [(50, "Datum"), (120, "Buchungstext"), (-400, "Betrag"), (-515, "Saldo")]),
        (116, [(50, "13.01.2025"), (120, "Gehalt"), (-400, "1.000,00 H"), (-515, "1.100,00")]),
        (132, [(50, "14.01.2025"), (120, "Miete"), (-400, "600,00 S"), (-515, "500,00")]),
        (148, [(50, "15.01.2025"), (120, "Strom"), (-400, "60,00 S"), (-515, "440,00")]),
    ]
    found = read(window_of(lines), STATEMENT, decimal_mark=",")
    assert [cells["amount"] for cells in found.rows] == ["1000.00", "-600.00", "-60.00"]
    assert found.hints["[1].amount"].model == found.hints["[1].balance"].model


def test_what_is_counted_stays_with_its_quantity_and_becomes_the_unit():
    spec = rows_spec(
        description=FieldKind.TEXT,
        quantity=FieldKind.NUMBER,
        unit=FieldKind.TEXT,
        unit_price=FieldKind.MONEY,
        line_total=FieldKind.MONEY,
    )
    lines: list[PrintedLine] = [
        (100, [(50, "Description"), (-330, "Qty"), (-420, "Unit price"), (-510, "Amount")]),
        (120, [(50, "Cover design"), (-330, "6 titles"), (-420, "10.00"), (-510, "60.00")]),
        (136, [(50, "Courier"), (-330, "1"), (-420, "5.50"), (-510, "5.50")]),
    ]
    found = read(window_of(lines), spec).rows
    assert [(cells["description"], cells["quantity"], cells["unit"]) for cells in found] == [
        ("Cover design", "6", "titles"),
        ("Courier", "1", None),
    ]


def test_a_table_of_articles_is_no_table_of_taxes():
    spec = rows_spec(tax_rate=FieldKind.PERCENT, taxable_amount=FieldKind.MONEY, tax_amount=FieldKind.MONEY)
    assert read(window_of([HEADER, row(120, "Desk lamp", "2", "10.00", "20.00")]), spec).rows == []
    taxes: list[PrintedLine] = [
        (100, [(50, "VAT rate"), (200, "Taxable amount"), (350, "VAT amount")]),
        (120, [(50, "20%"), (200, "100.00"), (350, "20.00")]),
    ]
    assert read(window_of(taxes), spec).rows == [{"tax_rate": "20", "taxable_amount": "100.00", "tax_amount": "20.00"}]


def test_a_table_without_figures_is_read_by_its_first_column():
    spec = rows_spec(name=FieldKind.TEXT, role=FieldKind.TEXT, email=FieldKind.EMAIL)
    lines: list[PrintedLine] = [
        (100, [(50, "Name"), (200, "Role"), (350, "E-mail")]),
        (120, [(50, "Ada Byron"), (200, "Chair of the"), (350, "ada@example.org")]),
        (131, [(200, "committee")]),
        (150, [(50, "Alan Mathison"), (200, "Member"), (350, "alan@example.org")]),
        (300, [(50, "Signed in London and elsewhere")]),
    ]
    assert read(window_of(lines), spec).rows == [
        {"name": "Ada Byron", "role": "Chair of the committee", "email": "ada@example.org"},
        {"name": "Alan Mathison", "role": "Member", "email": "alan@example.org"},
    ]
