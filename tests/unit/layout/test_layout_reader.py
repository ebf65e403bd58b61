import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typeset import group, leaf, page_of, read, rows, schema_of, window_of

from docproc.domain.geometry import Box
from docproc.domain.page import FormField, FormFieldKind, PageContent, TextSource, Word
from docproc.domain.reading import Window
from docproc.domain.schema import FieldKind
from docproc.readers.layout.explain import explain
from docproc.readers.layout.reader import LayoutReader

NUMBER = leaf("invoice_number", FieldKind.ID)
TOTAL = leaf("total_gross", FieldKind.MONEY)
LINES = [[(50, "Invoice number"), (300, "A-4711")], [(50, "Grand total"), (300, "1.234,50 €")]]


def test_it_is_a_reader():
    reader = LayoutReader()
    assert (reader.name, reader.version) == ("layout", "2")


def test_a_reading_says_where_each_value_stands_and_how_sure_it_is():
    hint = read(LINES, TOTAL).hints["total_gross"]
    (place,) = hint.evidence
    assert (place.page, place.text) == (1, "1.234,50")
    assert place.box.left == 300
    assert hint.model is not None
    assert 0.5 < hint.model < 1


def test_the_record_has_the_shape_of_the_schema_when_nothing_is_found():
    reading = LayoutReader().read(
        Window(pages=(), page_count=0),
        schema_of(NUMBER, group("seller", leaf("name")), rows("items", leaf("description"))),
    )
    assert reading.record == {"invoice_number": None, "seller": {"name": None}, "items": []}


def test_a_page_printed_sideways_is_read_and_its_boxes_stay_in_place():
    straight = page_of(LINES)
    words = tuple(Word(w.text, w.top, 842 - w.right, w.bottom, 842 - w.left, w.line) for w in straight.words)
    page = PageContent(number=1, width=842, height=842, rotation=0, source=TextSource.TEXT_LAYER, words=words)
    reading = LayoutReader().read(Window(pages=[page], page_count=1), schema_of(NUMBER))
    assert reading.record == {"invoice_number": "A-4711"}
    number = next(word for word in words if word.text == "A-4711")
    assert reading.hints["invoice_number"].evidence[0].box == number.box


def test_totals_on_the_last_page_are_found():
    reading = LayoutReader().read(window_of([LINES[0], "see next page"], [LINES[1]]), schema_of(NUMBER, TOTAL))
    assert reading.record == {"invoice_number": "A-4711", "total_gross": "1234.50"}
    assert reading.hints["total_gross"].evidence[0].page == 2


LETTERS = "aZ0 19.,:/-#€$%(“№ßéİ漢\u200b\u0000"
words = st.builds(
    lambda text, left, top, width, height, line: Word(text, left, top, left + width, top + height, line),
    st.one_of(
        st.text(LETTERS, max_size=12), st.sampled_from(["Total", "Invoice", "12.50", "03/04/2025", "GmbH", "EUR"])
    ),
    st.floats(-50, 700),
    st.floats(-50, 900),
    st.floats(0, 200),
    st.floats(0, 60),
    st.integers(0, 5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(words, max_size=40))
def test_no_page_is_too_strange_to_be_read(found):
    page = PageContent(number=1, width=595, height=842, rotation=0, source=TextSource.OCR, words=tuple(found))
    fields = (
        NUMBER,
        TOTAL,
        leaf("issue_date", FieldKind.DATE),
        leaf("seller_name"),
        leaf("address"),
        leaf("iban", FieldKind.IBAN),
        leaf("currency", FieldKind.CURRENCY),
        leaf("kind", FieldKind.ENUM, options=("invoice", "order")),
    )
    reading = LayoutReader().read(Window(pages=[page], page_count=1), schema_of(*fields))
    assert set(reading.record) == {field.name for field in fields}
    assert all(0 <= (hint.model or 0) <= 1 for hint in reading.hints.values())


@pytest.mark.parametrize("text", ["A1" * 3000, "1," * 3000, "(" * 3000, "DE" + "1 " * 2000, "between A, " * 500])
def test_a_hostile_word_costs_little_time(text):
    started = time.process_time()
    read([text], NUMBER, TOTAL, leaf("seller_name"), leaf("address"), leaf("vat_id", FieldKind.VAT_ID))
    assert time.process_time() - started < 5


def form_field(name: str, value: str, *, kind: FormFieldKind = FormFieldKind.TEXT, label: str = "") -> FormField:
    return FormField(name=name, label=label, kind=kind, value=value, box=Box(100, 100, 200, 112))


def test_form_fields_give_exact_values_by_name_or_label():
    page = page_of(
        ["Application"],
        form_fields=(
            form_field("topmost[0].InvoiceNumber[0]", "77/2024"),
            form_field("f2", "12.05.2024", label="Rechnungsdatum"),
            form_field("f3", "true", kind=FormFieldKind.CHECKBOX, label="Reverse charge"),
        ),
    )
    schema = schema_of(
        NUMBER, leaf("issue_date", FieldKind.DATE), leaf("reverse_charge", FieldKind.BOOLEAN), day_first=True
    )
    reading = LayoutReader().read(Window(pages=[page], page_count=1), schema)
    assert reading.record == {"invoice_number": "77/2024", "issue_date": "2024-05-12", "reverse_charge": True}
    assert reading.hints["invoice_number"].evidence[0].box == Box(100, 100, 200, 112)


def test_a_value_is_explained_by_its_candidates():
    window = window_of([*LINES, [(50, "Order number"), (300, "B-99")]])
    explained = explain(window, schema_of(NUMBER), "invoice_number")
    best = explained[0]
    assert (best.value, best.chosen) == ("A-4711", True)
    assert best.parts["label"] > 4
    assert any("Invoice number" in label for label in best.labels)
    rival = next(entry for entry in explained if entry.value == "B-99")
    assert rival.score < best.score
    assert not rival.chosen


def test_an_unknown_field_has_nothing_to_explain():
    assert explain(window_of(LINES), schema_of(NUMBER), "nothing") == []


class _Enough(Exception):  # noqa: N818 not an error: the work is no longer wanted
    """What a checkpoint raises."""


def test_a_reading_can_be_left_before_each_page_and_each_field():
    schema = schema_of(NUMBER, TOTAL, rows("items", leaf("description"), leaf("amount", FieldKind.MONEY)))
    window = window_of(LINES)
    called = []
    LayoutReader().read(replace(window, checkpoint=lambda: called.append(True)), schema)
    # before each page: upright, rows, tables; before each field: its candidates, its list; before the sums
    assert len(called) >= 3 + 5 + 1

    for moment in range(len(called)):
        left = iter(range(moment))

        def checkpoint(left=left):
            if next(left, None) is None:
                raise _Enough

        with pytest.raises(_Enough):
            LayoutReader().read(replace(window, checkpoint=checkpoint), schema)
