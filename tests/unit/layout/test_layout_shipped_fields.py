from typeset import leaf, read, strings, value

from docproc.domain.schema import FieldKind

AGREEMENT = [
    "This Agreement is made on 10 February 2025 between Brightwater Studio Ltd, 14 Quayside Yard,",
    "Bristol BS1 4QA, United Kingdom, and Polar Compass Games AS, Storgata 8, 9008 Tromso, Norway.",
    "",
    "Governing law",
    "This Agreement is governed by the law of England and Wales. The courts of Bristol decide disputes.",
]


def test_parties_are_named_without_the_addresses_behind_them():
    parties = read(AGREEMENT, strings("parties")).record["parties"]
    assert parties == ["Brightwater Studio Ltd", "Polar Compass Games AS"]


def test_a_field_for_courts_is_not_given_the_law():
    law, courts = leaf("governing_law"), leaf("jurisdiction", description="Courts that decide disputes")
    assert read(AGREEMENT, law, courts).record == {
        "governing_law": "England and Wales",
        "jurisdiction": "courts of Bristol",
    }


def test_a_time_of_day_is_found_beside_the_date():
    time = leaf("purchase_time")
    assert value([[(50, "Receipt 004718"), (300, "17/05/2025 11:42")], "Ratio 3:15:99"], time) == "11:42"
    assert value(["Opening hours 9 to 17", "Total 3.15"], time) is None


def test_a_code_of_letters_alone_is_that_of_a_bank_behind_its_name():
    bic = leaf("bic", FieldKind.ID)
    assert value([[(50, "IBAN DE89 3704 0044 0532 0130 00"), (350, "BIC COBADEFFXXX")]], bic) == "COBADEFFXXX"
    assert value(["COBADEFF IS NO CODE HERE"], bic) is None


def test_a_name_with_the_word_that_the_field_asks_for_is_preferred():
    lines: list[str | list[tuple[float, str]]] = [
        "Harbour & Hill Bank",
        "",
        [(50, "Account holder"), (300, "Larkfield Books Ltd")],
    ]
    assert value(lines, leaf("bank_name", description="Name of the bank")) == "Harbour & Hill Bank"


def test_a_shop_called_bar_does_not_say_how_was_paid():
    method = leaf("payment_method", aliases=("Payment", "Bar", "Paid by"))
    assert value(["BAR AURORA", "Caffetteria e gelateria", "Via dei Mille 12"], method) is None
    assert value([[(50, "Paid by"), (300, "direct debit")]], method) is not None


def test_the_date_of_signing_is_that_of_the_signature_block():
    signed = leaf("signature_date", FieldKind.DATE)
    block = ["Signed by the parties:", "Brightwater Studio Ltd", "Date: 12 February 2025"]
    assert value([*AGREEMENT, "", *block], signed) == "2025-02-12"
    assert value(AGREEMENT, signed) is None


def test_a_column_of_movements_does_not_date_the_statement():
    issued = leaf("statement_date", FieldKind.DATE, aliases=("Date",))
    rows = [[(50, f"0{day}/05/2025"), (200, "Card takings"), (450, "12.00")] for day in range(1, 8)]
    lines = [[(50, "Date"), (200, "Details"), (450, "Paid in")], *rows]
    assert value(lines, issued, day_first=True) is None
    assert value([[(300, "Date"), (400, "31/05/2025")], "", *lines], issued, day_first=True) == "2025-05-31"
