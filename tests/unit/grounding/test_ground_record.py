"""Grounding of whole records on small printed pages."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.extraction import field_leaves, record_of
from docproc.domain.geometry import Box
from docproc.domain.page import FormField, FormFieldKind, PageContent, TextSource, Word
from docproc.domain.reading import FieldHint, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape
from docproc.grounding import ground_record

LETTER = 5.0


def page(*prints, number=1, source=TextSource.TEXT_LAYER, confidence=1.0, form_fields=()):
    """A page of (left, top, text); every print is a line."""
    words = []
    for line, (left, top, text) in enumerate(prints):
        start = left
        for word in text.split():
            right = start + LETTER * len(word)
            words.append(Word(word, start, top, right, top + 10, line, confidence))
            start = right + LETTER
    return PageContent(
        number=number, width=600, height=800, rotation=0, source=source, words=tuple(words), form_fields=form_fields
    )


def schema(*fields, day_first=None):
    return ExtractionSchema(
        name="test",
        version=1,
        fields=fields,
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
        day_first=day_first,
    )


def leaf(name, kind=FieldKind.TEXT, **options):
    return FieldSpec(name=name, kind=kind, **options)


def table(name, *columns):
    row = FieldSpec(name="row", shape=Shape.GROUP, children=columns)
    return FieldSpec(name=name, shape=Shape.LIST, item=row)


def ground(record, *fields, pages, hints=None, day_first=None):
    return ground_record(record, schema(*fields), window=Window(pages=pages, day_first=day_first), hints=hints or {})


def one(value, kind, *prints, **options):
    """The field value of a single leaf."""
    day_first = options.pop("day_first", None)
    return ground({"x": value}, leaf("x", kind, **options), pages=[page(*prints)], day_first=day_first)["x"]


@pytest.mark.parametrize(
    ("kind", "value", "print_", "text", "match"),
    [
        (FieldKind.MONEY, "1234.50", "Summe: 1.234,50 €", "1.234,50", MatchKind.NORMALISED),
        (FieldKind.MONEY, "1234.50", "Total $1,234.50", "1,234.50", MatchKind.NORMALISED),
        (FieldKind.MONEY, "12.50", "Total RM12.50", "12.50", MatchKind.EXACT),
        (FieldKind.MONEY, "53.60", "Subtotal RM53. 60", "53. 60", MatchKind.NORMALISED),
        (FieldKind.MONEY, "-5.00", "Discount 5.00", "5.00", MatchKind.INFERRED),
        (FieldKind.NUMBER, "1.234", "Gewicht 1,234 kg", "1,234", MatchKind.NORMALISED),
        (FieldKind.INTEGER, 12345, "Pages 12 345", "12 345", MatchKind.NORMALISED),
        (FieldKind.PERCENT, "0.19", "MwSt 19 %", "19", MatchKind.INFERRED),
        (FieldKind.DATE, "2018-03-02", "Datum: 2. März 2018", "2. März 2018", MatchKind.NORMALISED),
        (FieldKind.DATE, "2018-03-02", "on 2018-03-02.", "2018-03-02", MatchKind.EXACT),
        (FieldKind.DATE, "02/03/2018", "Date 02/03/2018", "02/03/2018", MatchKind.EXACT),
        (FieldKind.CURRENCY, "EUR", "Total 5,00 €", "€", MatchKind.INFERRED),
        (FieldKind.CURRENCY, "EUR", "Total 5,00 EUR", "EUR", MatchKind.EXACT),
        (FieldKind.ID, "INV-123", "Invoice No:INV-123.", "INV-123.", MatchKind.EXACT),
        (FieldKind.IBAN, "DE89370400440532013000", "IBAN DE89 3704 0044 0532 0130 00 BIC",
         "DE89 3704 0044 0532 0130 00", MatchKind.NORMALISED),
        (FieldKind.PHONE, "+4930123456", "Tel. +49 (0)30 123456", "+49 (0)30 123456", MatchKind.NORMALISED),
        (FieldKind.URL, "https://example.org/", "see www.example.org for", "www.example.org", MatchKind.NORMALISED),
        (FieldKind.EMAIL, "a@example.org", "mail: A@example.org", "A@example.org", MatchKind.NORMALISED),
        (FieldKind.TEXT, "Straße 5", "in der Strasse 5, Bonn", "Strasse 5", MatchKind.NORMALISED),
        (FieldKind.TEXT, "Acme Trading Company", "by Acme Tradng Company Ltd", "Acme Tradng Company", MatchKind.FUZZY),
        (FieldKind.TEXT, "2 years", "for a period of two years from", "two years", MatchKind.INFERRED),
        (FieldKind.TEXT, "-", "a - b", "-", MatchKind.EXACT),
        (FieldKind.TEXT, "2018-03-02", "am 2.3.2018", "2.3.2018", MatchKind.NORMALISED),
        (FieldKind.ENUM, "on hold", "Status ON-HOLD", "ON-HOLD", MatchKind.NORMALISED),
    ],
)  # fmt: skip
def test_a_value_is_found_as_it_is_printed(kind, value, print_, text, match):
    found = one(value, kind, (50, 100, print_))
    assert [(part.text, part.match) for part in found.evidence] == [(text, match)]
    assert found.parts.match > 0.7


@pytest.mark.parametrize(
    ("kind", "value", "print_"),
    [
        (FieldKind.MONEY, "12.50", "Total 112.50 and 12.505"),
        (FieldKind.DATE, "2018-03-02", "2018-03-21"),
        (FieldKind.TEXT, "Acme", "Beta"),
        (FieldKind.TEXT, "Suite 1000 Main Street", "Suite 2000 Main Street"),
        (FieldKind.ID, "INV-1234", "INV-1235"),
        (FieldKind.ID, "123", "41239"),
        (FieldKind.BOOLEAN, True, "yes"),
        (FieldKind.CURRENCY, "EUR", "USD"),
        (FieldKind.ENUM, "gone", "none"),
        (FieldKind.TEXT, "term", ""),
    ],
)
def test_what_is_not_printed_is_said_to_be_ungrounded(kind, value, print_):
    found = one(value, kind, (50, 100, print_))
    assert found.evidence == ()
    assert found.parts.match == 0.0


def test_the_box_is_that_of_the_printed_part_of_a_word():
    found = one("12.50", FieldKind.MONEY, (50, 100, "RM12.50"))
    assert found.evidence[0].box == Box(60, 100, 85, 110)


def test_the_order_of_a_date_that_is_known_is_kept_to():
    assert one("2018-04-03", FieldKind.DATE, (50, 100, "03/04/2018")).evidence
    assert one("2018-04-03", FieldKind.DATE, (50, 100, "03/04/2018"), day_first=True).evidence
    assert not one("2018-04-03", FieldKind.DATE, (50, 100, "03/04/2018"), day_first=False).evidence


def test_a_date_may_break_across_two_lines():
    found = one("1996-05-15", FieldKind.DATE, (50, 100, "made as of the 15th"), (50, 112, "day of May, 1996, by A"))
    assert [part.text for part in found.evidence] == ["15th day of May, 1996"]


def test_a_wrapped_text_is_found_in_its_column_and_gets_one_box():
    found = one(
        "Acme Incorporated, 5 Long Road, Springfield",
        FieldKind.TEXT,
        (50, 100, "Acme Incorporated"), (300, 100, "Invoice 5"),
        (50, 112, "5 Long Road"), (300, 112, "Date 1 May 2020"),
        (50, 124, "Springfield"), (300, 124, "Page 1"),
    )  # fmt: skip
    assert [part.text for part in found.evidence] == ["Acme Incorporated 5 Long Road Springfield"]
    assert found.evidence[0].box == Box(50, 100, 135, 134)


def test_a_text_that_is_printed_in_another_order_is_found_in_pieces():
    found = one(
        "5 Long Road, 12345 Springfield", FieldKind.TEXT, (50, 100, "12345 Springfield"), (50, 112, "5 Long Road")
    )
    assert found.evidence[0].match is MatchKind.FUZZY


def test_a_text_that_goes_on_over_a_page_has_evidence_on_both():
    pages = [page((50, 700, "terms apply to")), page((50, 50, "all our goods"), number=2)]
    found = ground({"x": "terms apply to all our goods"}, leaf("x"), pages=pages)["x"]
    assert [(part.page, part.text) for part in found.evidence] == [(1, "terms apply to"), (2, "all our goods")]


def test_a_label_to_the_left_or_above_tells_equal_values_apart():
    pages = [page(
        (50, 100, "Net amount"), (200, 100, "100.00"),
        (50, 120, "Total due"), (200, 120, "100.00"),
        (400, 100, "Paid"), (400, 112, "100.00"),
    )]  # fmt: skip
    fields = [leaf("total_due", FieldKind.MONEY), leaf("net", FieldKind.MONEY, aliases=("Net amount",)),
              leaf("paid", FieldKind.MONEY)]  # fmt: skip
    found = ground({"total_due": "100.00", "net": "100.00", "paid": "100.00"}, *fields, pages=pages)
    assert {name: (value.evidence[0].box.left, value.evidence[0].box.top) for name, value in found.items()} == {
        "total_due": (200, 120), "net": (200, 100), "paid": (400, 112),
    }  # fmt: skip


def test_the_parts_of_a_group_stand_together():
    pages = [page(
        (50, 100, "Acme GmbH"), (50, 112, "Berlin"),
        (300, 100, "Beta SA"), (300, 112, "Berlin"),
    )]  # fmt: skip
    group = FieldSpec(name="buyer", shape=Shape.GROUP, children=(leaf("name"), leaf("city")))
    found = ground({"buyer": {"name": "Beta SA", "city": "Berlin"}}, group, pages=pages)
    assert found["buyer"]["city"].evidence[0].box.left == 300


def test_a_short_value_that_is_printed_everywhere_needs_a_label():
    prints = [(50, 100 + 12 * row, "1 of 1") for row in range(4)]
    assert not one(1, FieldKind.INTEGER, *prints).evidence
    found = one(1, FieldKind.INTEGER, *prints, (50, 300, "Copies 1"), title="Copies")
    assert found.evidence[0].box.top == 300


def test_yes_and_no_are_evidence_only_beside_their_label():
    found = one(True, FieldKind.BOOLEAN, (50, 100, "Insured: Yes"), (50, 200, "Damaged: No"), title="Insured")
    assert [(part.text, part.match) for part in found.evidence] == [("Yes", MatchKind.INFERRED)]


def test_rows_of_a_table_are_found_in_their_printed_rows():
    rows = [("Bolt", "1", "5.00", "5.00"), ("Nut", "1", "2.00", "2.00"), ("Bolt", "2", "5.00", "10.00")]
    prints = [
        (left, 100 + 14 * row, text)
        for row, cells in enumerate(rows)
        for left, text in zip((50, 200, 300, 400), cells, strict=True)
    ]
    kinds = {"name": FieldKind.TEXT, "count": FieldKind.INTEGER, "price": FieldKind.MONEY, "sum": FieldKind.MONEY}
    columns = [leaf(name, kind) for name, kind in kinds.items()]
    record = {"rows": [dict(zip(kinds, cells, strict=True)) for cells in rows]}
    found = ground(record, table("rows", *columns), pages=[page((50, 50, "1 page"), *prints)])
    assert [
        [(cell.evidence[0].box.left, cell.evidence[0].box.top) for cell in row.values()] for row in found["rows"]
    ] == [[(left, 100 + 14 * row) for left in (50, 200, 300, 400)] for row in range(3)]


def test_a_row_that_breaks_the_order_is_found_all_the_same():
    prints = [(50, 100 + 14 * row, name) for row, name in enumerate(("alpha", "beta", "gamma"))]
    record = {"rows": [{"name": "gamma"}, {"name": "alpha"}, {"name": "beta"}]}
    found = ground(record, table("rows", leaf("name")), pages=[page(*prints)])
    assert [row["name"].evidence[0].box.top for row in found["rows"]] == [128, 100, 114]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(("bolt", "nut", "gear")), st.integers(1, 3), st.sampled_from(("1.00", "2.50"))),
        min_size=1,
        max_size=30,
    )
)
def test_every_cell_of_any_table_stands_in_its_own_printed_row(rows):
    prints, record = [], []
    for number, (name, count, price) in enumerate(rows):
        total = str(Decimal(price) * count)
        top = 60 + 12 * number
        prints += [(50, top, f"P{number:03} {name}"), (200, top, str(count)), (300, top, price), (400, top, total)]
        record.append({"text": f"P{number:03} {name}", "count": str(count), "price": price, "total": total})
    columns = [leaf("text"), *(leaf(name, FieldKind.MONEY) for name in ("count", "price", "total"))]
    found = ground({"rows": record}, table("rows", *columns), pages=[page(*prints)])
    for number, row in enumerate(found["rows"]):
        assert {cell.evidence[0].box.top for cell in row.values()} == {60 + 12 * number}
        assert [row[name].evidence[0].box.left for name in ("text", "count")] == [50, 200]


def test_a_plain_list_is_found_in_order():
    pages = [page((50, 100, "red blue"), (50, 120, "red green"))]
    spec = FieldSpec(name="colours", shape=Shape.LIST, item=leaf("colour"))
    found = ground({"colours": ["blue", "red", "green"]}, spec, pages=pages)
    assert [(v.evidence[0].text, v.evidence[0].box.top) for v in found["colours"]] == [
        ("blue", 100), ("red", 120), ("green", 120),
    ]  # fmt: skip


def test_a_form_field_is_evidence_at_its_own_box():
    fields = (
        FormField(name="member", label="Member", kind=FormFieldKind.CHECKBOX, value="true", box=Box(10, 10, 20, 20)),
        FormField(name="news", label="News", kind=FormFieldKind.CHECKBOX, value="true", box=Box(10, 40, 20, 50)),
        FormField(name="due", label="", kind=FormFieldKind.TEXT, value="3/2/2018", box=Box(50, 10, 90, 20)),
    )
    pages = [page((50, 100, "words"), form_fields=fields)]
    specs = [leaf("news", FieldKind.BOOLEAN), leaf("due", FieldKind.DATE)]
    found = ground({"news": True, "due": "2018-02-03"}, *specs, pages=pages, day_first=True)
    assert found["news"].evidence == (Evidence(page=1, box=Box(10, 40, 20, 50), text="true", match=MatchKind.EXACT),)
    assert [part.text for part in found["due"].evidence] == ["3/2/2018"]


def test_the_readers_evidence_is_kept_when_the_print_there_agrees():
    pages = [page((50, 100, "Total 5.00"), (50, 200, "Again 5.00"))]
    kept = Evidence(page=1, box=Box(75, 195, 105, 215), text="5.00", match=MatchKind.EXACT)
    hint = FieldHint(model=0.9, evidence=(kept,))
    found = ground({"total": "5.00"}, leaf("total", FieldKind.MONEY), pages=pages, hints={"total": hint})["total"]
    assert found.evidence == (kept,)
    assert (found.parts.model, found.parts.match) == (0.9, 1.0)


@pytest.mark.parametrize("page_number", [1, 2])
def test_the_readers_evidence_is_dropped_when_something_else_stands_there(page_number):
    pages = [page((50, 100, "Total 5.00"), (50, 200, "Again 7.00"))]
    wrong = Evidence(page=page_number, box=Box(75, 195, 105, 215), text="5.00", match=MatchKind.EXACT)
    hints = {"total": FieldHint(evidence=(wrong,))}
    found = ground({"total": "5.00"}, leaf("total", FieldKind.MONEY), pages=pages, hints=hints)["total"]
    assert [part.box.top for part in found.evidence] == [100]


def test_the_lowest_score_of_the_recogniser_is_a_part_of_its_own():
    pages = [page((50, 100, "Acme Corp"), source=TextSource.OCR, confidence=0.83)]
    assert ground({"x": "Acme Corp"}, leaf("x"), pages=pages)["x"].parts.ocr == 0.83
    assert one("Acme Corp", FieldKind.TEXT, (50, 100, "Acme Corp")).parts.ocr is None


def test_a_near_match_of_a_code_is_believed_of_ocr_only():
    pages = [page((50, 100, "No. INV-12B4"), source=TextSource.OCR, confidence=0.8)]
    found = ground({"x": "INV-1284"}, leaf("x", FieldKind.ID), pages=pages)["x"]
    assert found.evidence[0].match is MatchKind.FUZZY


def test_the_readers_evidence_may_be_a_form_field_or_an_inference():
    field = FormField(name="sum", label="", kind=FormFieldKind.TEXT, value="5,00", box=Box(10, 10, 50, 20))
    pages = [page((50, 100, "Total 5,00 \u20ac"), (50, 200, "Acme Tradlng"), form_fields=(field,))]
    hints = {
        "sum": FieldHint(evidence=(Evidence(page=1, box=field.box, text="5,00", match=MatchKind.EXACT),)),
        "currency": FieldHint(
            evidence=(Evidence(page=1, box=Box(105, 98, 115, 112), text="\u20ac", match=MatchKind.INFERRED),)
        ),
        "seller": FieldHint(
            evidence=(Evidence(page=1, box=Box(45, 195, 120, 215), text="Acme Tradlng", match=MatchKind.FUZZY),)
        ),
    }
    specs = [leaf("sum", FieldKind.MONEY), leaf("currency", FieldKind.CURRENCY), leaf("seller")]
    record = {"sum": "5.00", "currency": "EUR", "seller": "Acme Trading"}
    found = ground(record, *specs, pages=pages, hints=hints)
    assert {name: value.evidence for name, value in found.items()} == {
        name: hint.evidence for name, hint in hints.items()
    }
    assert found["sum"].parts.match == 1.0
    assert 0.85 <= found["seller"].parts.match < 1.0


def test_a_word_without_area_is_inside_the_box_around_it():
    flat = PageContent(
        number=1, width=600, height=800, rotation=0, source=TextSource.TEXT_LAYER,
        words=(Word("Acme", 50, 100, 70, 100, 0),),
    )  # fmt: skip
    kept = Evidence(page=1, box=Box(45, 95, 75, 105), text="Acme", match=MatchKind.EXACT)
    assert ground({"x": "Acme"}, leaf("x"), pages=[flat], hints={"x": FieldHint(evidence=(kept,))})["x"].evidence


def test_a_label_glued_to_its_value_is_a_label():
    pages = [page((50, 100, "Net:7.00"), (50, 112, "Gross:7.00"), (50, 124, "Paid:7.00"))]
    found = ground({"gross": "7.00"}, leaf("gross", FieldKind.MONEY), pages=pages)
    assert found["gross"].evidence[0].box.top == 112


def test_a_heading_is_evidence_for_the_rows_below_but_a_far_number_is_not():
    pages = [page(
        (50, 40, "12 May 2020"),
        *[(50, 100 + 14 * row, f"item {name}") for row, name in enumerate(("alpha", "beta", "gamma", "delta", "iota"))],
        (50, 400, "Page 3"),
    )]  # fmt: skip
    rows = [{"text": "item delta", "day": "2020-05-12", "count": "3"}, {"text": "item iota", "day": None, "count": "4"}]
    columns = [leaf("text"), leaf("day", FieldKind.DATE), leaf("count", FieldKind.NUMBER)]
    found = ground({"rows": rows}, table("rows", *columns), pages=pages)
    assert [part.text for part in found["rows"][0]["day"].evidence] == ["12 May 2020"]
    assert found["rows"][0]["count"].evidence == ()


def test_a_table_in_form_fields_is_found_there():
    fields = tuple(
        FormField(name=f"qty{row}", label="", kind=FormFieldKind.TEXT, value=str(row), box=Box(10, 10 * row, 20, 10))
        for row in (7, 8)
    )
    found = ground(
        {"rows": [{"qty": "7"}, {"qty": "8"}]}, table("rows", leaf("qty", FieldKind.NUMBER)),
        pages=[page(form_fields=fields)],
    )  # fmt: skip
    assert [row["qty"].evidence[0].box.top for row in found["rows"]] == [70, 80]


def test_pieces_that_stand_far_apart_are_not_one_value():
    prints = [(50, 20, "5 Long Road"), (50, 700, "12345 Springfield")]
    assert not one("12345 Springfield, 5 Long Road", FieldKind.TEXT, *prints).evidence


def test_a_misread_piece_of_an_address_is_found_all_the_same():
    pages = [page((50, 100, "Kg. Dusun Nancing"), (50, 300, "x"), (50, 112, "Lot 204"), source=TextSource.OCR)]
    found = ground({"x": "Lot 204, Kg. Dusun Nanding"}, leaf("x"), pages=pages)["x"]
    assert [part.match for part in found.evidence] == [MatchKind.FUZZY]


def test_two_columns_on_one_line_are_two_texts():
    found = one("Acme Corporation Springfield", FieldKind.TEXT, (50, 100, "Acme Corporation"), (50, 112, "Springfield"))
    assert found.evidence
    words = (
        *page((50, 100, "Acme Corporation")).words,
        *page((300, 100, "Ship to")).words,
        *(word._replace(line=1) for word in page((50, 112, "Springfield")).words),
    )
    wide = PageContent(number=1, width=600, height=800, rotation=0, source=TextSource.TEXT_LAYER, words=words)
    assert ground({"x": "Acme Corporation Springfield"}, leaf("x"), pages=[wide])["x"].evidence


def test_a_part_of_a_word_that_runs_upwards_keeps_the_words_box():
    upright = PageContent(
        number=1, width=600, height=800, rotation=0, source=TextSource.TEXT_LAYER,
        words=(Word("RM12.50", 50, 100, 60, 140, 0),),
    )  # fmt: skip
    found = ground({"x": "12.50"}, leaf("x", FieldKind.MONEY), pages=[upright])["x"]
    assert (found.evidence[0].text, found.evidence[0].box) == ("12.50", Box(50, 100, 60, 140))


def test_a_null_has_no_evidence_and_a_document_without_pages_no_match():
    found = ground({"x": None, "y": "5"}, leaf("x"), leaf("y"), pages=[], hints={"x": FieldHint(model=0.7)})
    assert (found["x"].evidence, found["x"].confidence) == ((), 0.7)
    assert (found["y"].evidence, found["y"].parts.match, found["y"].confidence) == ((), None, None)


def test_the_tree_has_the_shape_of_the_record_also_where_the_schema_is_silent():
    record = {"a": "x", "b": {"c": None, "d": ["1", "2"]}, "e": [{"f": "g", "h": {"i": True}}], "j": []}
    found = ground(record, leaf("a"), pages=[page((50, 100, "x 1 2 g"))])
    assert record_of(found) == record
    assert [path for path, _ in field_leaves(found)] == ["a", "b.c", "b.d[0]", "b.d[1]", "e[0].f", "e[0].h.i"]
