"""What should be answered for a page: schema order, what is not known, several pages."""

import json
from typing import Any

import pytest
from doubles.documents import text_page

from docproc.domain.schema import ExtractionSchema
from docproc.training.targets import Target, page_targets, whole_target
from docproc.training.truth import TruthError
from schemas.json_schema import compile_json_schema

FIELDS: dict[str, Any] = {
    "number": {"type": ["string", "null"]},
    "total": {"type": ["string", "null"], "x-kind": "money"},
    "copies": {"type": ["integer", "null"]},
    "parties": {"type": "array", "items": {"type": "string"}},
    "lines": {
        "type": "array",
        "items": {"type": "object", "properties": {"what": {"type": "string"}, "price": {"type": "string"}}},
    },
    "seller": {"type": "object", "properties": {"city": {"type": ["string", "null"]}}},
}


def schema_of(*names: str) -> ExtractionSchema:
    properties = {name: FIELDS[name] for name in names}
    return compile_json_schema({"title": "letter", "type": "object", "properties": properties}, stem="letter")


def unlearnt(target: Target) -> list[str]:
    return [target.text[begin:end] for begin, end in target.unlearnt]


def records(targets: list[Target]) -> list[Any]:
    return [json.loads(target.text) for target in targets]


def test_the_answer_is_one_compact_line_in_the_order_of_the_schema() -> None:
    target = whole_target({"total": "9.00", "number": "A-1"}, schema_of("number", "total"))
    assert target == Target(text='{"number":"A-1","total":"9.00"}')


def test_null_is_learnt_and_what_the_truth_leaves_out_is_not() -> None:
    target = whole_target({"number": None}, schema_of("number", "total", "lines"))
    assert target.text == '{"number":null,"total":null,"lines":[]}'
    assert target.unlearnt == ((23, 27), (36, 38))


def test_a_group_that_is_not_known_is_not_learnt() -> None:
    target = whole_target({"number": "7"}, schema_of("number", "seller"))
    assert (target.text, unlearnt(target)) == ('{"number":"7","seller":null}', ["null"])


def test_a_value_has_the_type_that_the_schema_has() -> None:
    target = whole_target({"number": 12, "copies": "3"}, schema_of("number", "copies"))
    assert json.loads(target.text) == {"number": "12", "copies": 3}


def test_a_word_where_the_schema_has_a_number_is_refused_without_being_told() -> None:
    with pytest.raises(TruthError, match="copies: the schema has a number here") as refused:
        whole_target({"copies": "secret"}, schema_of("copies"))
    assert "secret" not in refused.value.message


def test_letters_are_written_as_they_are_and_composed() -> None:
    assert whole_target({"number": "Cafe\u0301"}, schema_of("number")).text == '{"number":"Café"}'


def test_the_first_of_equally_right_values_is_answered() -> None:
    assert json.loads(whole_target({"number": {"any": ["A", "B"]}}, schema_of("number")).text) == {"number": "A"}


def test_of_equally_right_values_the_printed_one_is_answered() -> None:
    (target,) = page_targets(
        {"number": {"any": ["Acme Ltd", "Globex Inc"]}}, schema_of("number"), [text_page(1, "to Globex Inc of Ohio")]
    )
    assert json.loads(target.text) == {"number": "Globex Inc"}


def test_a_row_that_may_be_left_out_is_answered_without_saying_so() -> None:
    target = whole_target({"lines": [{"what": "tea", "price": "1.00", "_optional": True}]}, schema_of("lines"))
    assert json.loads(target.text) == {"lines": [{"what": "tea", "price": "1.00"}]}


def test_each_page_answers_what_is_printed_on_it() -> None:
    pages = [text_page(1, "letter number AB-4711"), text_page(2, "nothing here"), text_page(3, "total 99.50")]
    targets = page_targets({"number": "AB-4711", "total": "99.50"}, schema_of("number", "total"), pages)
    assert records(targets) == [
        {"number": "AB-4711", "total": None},
        {"number": None, "total": None},
        {"number": None, "total": "99.50"},
    ]
    assert [target.unlearnt for target in targets] == [(), (), ()]


def test_what_is_printed_on_no_page_of_several_is_learnt_on_none() -> None:
    pages = [text_page(1, "letter"), text_page(2, "more")]
    targets = page_targets({"number": "AB-4711", "total": None}, schema_of("number", "total"), pages)
    assert [(target.text, unlearnt(target)) for target in targets] == [
        ('{"number":null,"total":null}', ["null"]),
        ('{"number":null,"total":null}', ["null"]),
    ]


def test_a_row_is_answered_whole_on_the_page_of_its_values() -> None:
    pages = [text_page(1, "tea 1.25 milk"), text_page(2, "bread 3.75")]
    lines = [{"what": "tea", "price": "1.25"}, {"what": "milk", "price": "2.22"}, {"what": "bread", "price": "3.75"}]
    targets = page_targets({"lines": lines}, schema_of("lines"), pages)
    assert records(targets) == [{"lines": lines[:2]}, {"lines": lines[2:]}]


def test_an_entry_of_a_list_is_answered_on_every_page_that_prints_it() -> None:
    pages = [text_page(1, "Qiagen and Digene"), text_page(2, "signed Digene")]
    targets = page_targets({"parties": ["Qiagen", "Digene"]}, schema_of("parties"), pages)
    assert records(targets) == [{"parties": ["Qiagen", "Digene"]}, {"parties": ["Digene"]}]
