from typeset import Line, leaf, read, rows, schema_of, strings, value, window_of

from docproc.domain.evidence import MatchKind
from docproc.domain.schema import FieldKind
from docproc.readers.layout.reader import LayoutReader


def test_an_option_is_chosen_by_the_heading_that_shows_it():
    field = leaf("document_type", FieldKind.ENUM, options=("Amendment", "Dissemination Report"))
    lines = [
        "DISSEMINATI0N REPORT",
        "",
        "An amendment to this statement must be filed when the facts change for any reason.",
    ]
    assert value(lines, field) == "Dissemination Report"


def test_an_option_is_recognised_in_another_language():
    field = leaf("type", FieldKind.ENUM, options=("invoice", "credit_note"))
    assert value(["RECHNUNG", "Nr. 12"], field) == "invoice"


def test_no_option_on_the_page_is_null():
    assert value(["Hello there"], leaf("type", FieldKind.ENUM, options=("invoice", "order"))) is None


def test_the_currency_is_what_most_amounts_carry():
    lines: list[Line] = [[(50, "Price"), (300, "€ 12.00")], [(50, "Total"), (300, "EUR 24.00")], "Card fee $ 1.00"]
    reading = read(lines, leaf("currency", FieldKind.CURRENCY))
    assert reading.record["currency"] == "EUR"


def test_a_currency_sign_implies_its_code():
    reading = read([[(50, "Total"), (300, "€ 24.00")]], leaf("currency", FieldKind.CURRENCY))
    assert reading.hints["currency"].evidence[0].match is MatchKind.INFERRED


def test_yes_and_no_are_read_beside_their_label():
    field = leaf("reverse_charge", FieldKind.BOOLEAN)
    assert value([[(50, "Reverse charge:"), (300, "yes")]], field) is True
    assert value([[(50, "Reverse charge:"), (300, "No")]], field) is False


def test_a_ticked_box_stands_before_its_label():
    assert value(["☒ Reverse charge"], leaf("reverse_charge", FieldKind.BOOLEAN)) is True


def test_a_set_holds_each_value_once():
    lines = ["Mail anna@example.com", "or bob@example.com", "again anna@example.com"]
    assert value(lines, strings("emails", FieldKind.EMAIL)) == ["anna@example.com", "bob@example.com"]


def test_labels_and_values_become_pairs():
    field = rows("pairs", leaf("key"), leaf("value"))
    lines: list[Line] = [[(50, "Policy:"), (300, "P-77")], "Holder: Jane Doe"]
    assert value(lines, field) == [{"key": "Policy", "value": "P-77"}, {"key": "Holder", "value": "Jane Doe"}]


def test_the_text_of_every_page_can_be_asked_for():
    field = rows("pages", leaf("number", FieldKind.INTEGER, json_number=True), leaf("text"))
    reading = LayoutReader().read(window_of(["one", "two"], ["three"]), schema_of(field))
    assert reading.record["pages"] == [{"number": 1, "text": "one\ntwo"}, {"number": 2, "text": "three"}]
