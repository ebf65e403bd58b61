"""Drafts come from what a reader found and from what the page prints, and survive disagreement."""

import json
from collections.abc import Sequence

import pytest
from decoding_doubles import compact, invoice_schema, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from docproc.decoding.cursor import Place, RecordCursor
from docproc.decoding.drafts import RecordDrafter
from docproc.decoding.drafts.page_print import PagePrint
from docproc.decoding.guidance import Grammar
from docproc.decoding.profile import decoding_form
from docproc.domain.page import PageContent, TextSource, Word
from docproc.domain.schema import JsonValue, Record

SCHEMA = invoice_schema()
DRAFT: Record = {
    "number": "RE-2024-0815",
    "date": "2024-03-01",
    "seller": "Muster & Söhne GmbH",
    "total": "1234.50",
    "paid": None,
    "rows": [
        {"description": "Beratung", "quantity": "2", "amount": "617.25"},
        {"description": "Anfahrt", "quantity": "1", "amount": "30.00"},
        {"description": "Bericht", "quantity": "3", "amount": "90.00"},
    ],
}


def page_of(lines: Sequence[str]) -> PagePrint:
    """A page with these lines; two spaces part columns."""
    words = []
    for number, line in enumerate(lines):
        left = 50.0
        for column in line.split("  "):
            for text in column.split():
                words.append(Word(text, left, 20.0 * number, left + 6.0 * len(text), 20.0 * number + 10, number))
                left += 6.0 * len(text) + 3
            left += 60
    page = PageContent(number=1, width=600, height=800, rotation=0, source=TextSource.TEXT_LAYER, words=tuple(words))
    return PagePrint([page])


PAGE = page_of(
    [
        "Beispiel & Partner AG  Rechnung",
        "Rechnungsnummer  A-77/2024",
        "Rechnungsdatum  15. April 2024",
        "Leistung  Menge  Betrag",
        "Wartung der Anlage  1,5  1.250,00",
        "Ersatzteile  3  99,90",
        "Gesamtbetrag  1.349,90 EUR",
    ]
)


def proposal(answer: str, *, draft: Record | None = DRAFT, page: PagePrint = PAGE) -> str:
    """The whole answer as the drafter sees it."""
    drafter = RecordDrafter(SCHEMA.fields, page, draft=draft)
    return answer + drafter.propose(answer.encode()).decode()


def test_before_a_word_is_said_the_draft_is_the_other_readers_record() -> None:
    assert proposal("") == compact(DRAFT)


@pytest.mark.parametrize("length", range(1, len(compact(DRAFT)), 7))
def test_while_the_answer_agrees_the_draft_is_its_rest(length: int) -> None:
    assert proposal(compact(DRAFT)[:length]) == compact(DRAFT)


def test_behind_a_value_that_differs_the_draft_goes_on_with_the_next() -> None:
    said = '{"number":"X-1"'
    assert proposal(said) == compact(DRAFT | {"number": "X-1"})


def test_a_number_that_differs_is_completed_from_the_page() -> None:
    assert proposal('{"number":"A-').startswith('{"number":"A-77/2024",')


def test_a_date_that_differs_is_offered_as_the_answer_writes_dates() -> None:
    assert '"date":"2024-04-15",' in proposal('{"number":"X","date":"2024-04')


def test_an_amount_that_differs_is_offered_as_the_answer_writes_amounts() -> None:
    assert '"total":"1349.90",' in proposal('{"number":"X","date":null,"seller":null,"total":"13')


def test_a_text_that_differs_is_completed_up_to_the_end_of_its_print() -> None:
    assert '"seller":"Beispiel & Partner AG",' in proposal('{"number":"X","date":null,"seller":"Beis')


def test_a_row_that_the_draft_lacks_does_not_shift_the_others() -> None:
    begun = compact(DRAFT)[: compact(DRAFT).index('"rows"')]
    said = (
        begun
        + '"rows":[{"description":"Beratung","quantity":"2","amount":"617.25"},'
        + '{"description":"Neu","quantity":"9","amount":"1.00"}'
    )
    assert json.loads(proposal(said))["rows"][2:] == DRAFT["rows"][1:]  # type: ignore[index]


def test_a_row_that_the_answer_leaves_out_is_left_out() -> None:
    begun = compact(DRAFT)[: compact(DRAFT).index('"rows"')]
    said = begun + '"rows":[{"description":"Beratung","quantity":"2","amount":"617.25"},{"description":"Bericht"'
    assert json.loads(proposal(said))["rows"][1:] == DRAFT["rows"][2:]  # type: ignore[index]


def test_rows_with_much_the_same_names_are_told_apart_by_what_else_they_say() -> None:
    rows: list[JsonValue] = [
        {"description": f"Article {100 + index} of kind {index}", "quantity": str(index), "amount": f"{index * 7}.50"}
        for index in range(1, 13)
    ]
    kept = [row for index, row in enumerate(rows) if index % 3]
    whole = compact(DRAFT | {"rows": rows})
    drafter = RecordDrafter(SCHEMA.fields, PAGE, draft=DRAFT | {"rows": kept})
    for index, row in enumerate(rows[:-1]):
        end = whole.index(compact(row)) + len(compact(row))
        following = rows[index + 2 :] if (index + 1) % 3 == 0 else rows[index + 1 :]
        drafted = json.loads(whole[:end] + drafter.propose(whole[:end].encode()).decode())["rows"][index + 1 :]
        assert drafted == [row for row in following if row in kept]


def test_without_a_draft_fields_are_null_and_lists_empty() -> None:
    assert json.loads(proposal("", draft=None)) == {**dict.fromkeys(DRAFT), "rows": []}


def test_columns_of_a_row_are_found_beside_each_other() -> None:
    begun = '{"number":null,"date":null,"seller":null,"total":null,"paid":null,"rows":['
    said = begun + '{"description":"Ersatzteile","quantity":"3","amount":"9'
    assert '"amount":"99.90"' in proposal(said, draft=None)


def test_an_unfinished_character_or_escape_ends_the_draft() -> None:
    drafter = RecordDrafter(SCHEMA.fields, PAGE, draft=DRAFT)
    assert drafter.propose(b'{"number":"\xc3') == b""
    assert drafter.propose(b'{"number":"a\\') == b""


TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(("description", "quantity", "amount"), TEXTS)), max_size=4)
RECORDS = st.fixed_dictionaries(
    {**dict.fromkeys(("number", "date", "seller", "total"), TEXTS), "paid": st.none() | st.booleans(), "rows": ROWS}
)


def in_order(record: Record) -> Record:
    """The record with its keys in the schema's order."""
    rows = record["rows"]
    assert isinstance(rows, list)
    ordered = [{name: row[name] for name in ("description", "quantity", "amount")} for row in rows]  # type: ignore[index,call-overload]
    return {**{name: record[name] for name in DRAFT}, "rows": ordered}  # type: ignore[dict-item]


@settings(max_examples=60, deadline=None)
@given(draft=RECORDS, said=RECORDS, share=st.floats(0, 1))
def test_answer_and_draft_together_are_always_a_record_or_end_inside_a_value(
    draft: Record, said: Record, share: float
) -> None:
    whole = compact(in_order(said)).encode()
    drafter = RecordDrafter(SCHEMA.fields, PAGE, draft=draft)
    answer = whole[: int(share * len(whole))]
    ahead = drafter.propose(answer)
    cursor = RecordCursor()
    cursor.feed(answer)
    if ahead or cursor.place not in {Place.TEXT, Place.SCALAR, Place.END}:
        record = json.loads(answer + ahead)
        assert compact(record) == compact(in_order(record))


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=50), st.sampled_from([b"", b"{", b'{"rows":[', b'{"number":"x","date"', b"[[", b'{"rows":[[{'])
)
def test_no_answer_however_strange_troubles_the_drafter(text: bytes, begun: bytes) -> None:
    drafter = RecordDrafter(SCHEMA.fields, PAGE, draft=DRAFT)
    assert isinstance(drafter.propose(begun + text), bytes)


def test_what_is_drafted_goes_through_the_constraint() -> None:
    constraint, words = Grammar(decoding_form(SCHEMA), vocabulary()).start(), vocabulary()
    for token in words.encode(proposal('{"number":"A-').encode()):
        constraint.advance(token)
    assert constraint.is_complete
