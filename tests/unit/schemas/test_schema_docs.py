"""The examples of docs/schemas.md do what they say."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from docproc.domain.schema import FieldKind, MergeRule
from schemas import Verdict, check_json_schema
from schemas.annotations import FieldAnnotation, SchemaAnnotation
from schemas.classes import compile_class

DOCS = (Path(__file__).parents[3] / "docs" / "schemas.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", examples("json"))
def test_every_json_example_is_usable_without_remarks(text):
    checked = check_json_schema(text)
    assert checked.usable
    assert not list(checked.of(Verdict.IGNORED, Verdict.LEFT_OUT, Verdict.REFUSED))


def test_the_statement_example_is_named_and_ordered_by_its_annotation():
    schema = check_json_schema(examples("json")[1]).schema
    assert schema is not None
    assert (schema.label, schema.day_first) == ("statement@3", True)
    assert [spec.merge for spec in schema.fields] == [MergeRule.FIRST, MergeRule.LAST, MergeRule.BEST]


def run_example(text: str, class_name: str) -> type:
    module = ModuleType("documented")
    sys.modules["documented"] = module
    try:
        exec(text, module.__dict__)  # noqa: S102 our own documentation
    finally:
        del sys.modules["documented"]
    found = module.__dict__[class_name]
    assert isinstance(found, type)
    return found


def test_the_delivery_note_example_has_the_fields_and_kinds_it_names():
    schema = compile_class(run_example(examples("python")[0], "DeliveryNote"))
    assert schema.label == "delivery_note@2"
    kinds = {path: spec.kind for path, spec in schema.leaves()}
    assert kinds["freight"] is FieldKind.MONEY
    assert kinds["delivery_date"] is FieldKind.DATE
    assert kinds["positions[].quantity"] is FieldKind.NUMBER
    assert schema.fields[1].day_first is True


def test_the_lease_example_runs_its_own_rule():
    schema = compile_class(run_example(examples("python")[1], "Lease"))
    assert schema.check_rules({"price": "1000", "deposit": "100"}).checks == {"price": 1.0, "deposit": 1.0}
    assert [issue.fields for issue in schema.check_rules({"price": "1000", "deposit": "90"}).issues] == [
        ("price", "deposit")
    ]


@pytest.mark.parametrize(
    "word",
    [*FieldAnnotation.model_fields, *SchemaAnnotation.model_fields, *FieldKind, *MergeRule, *Verdict],
)
def test_every_word_of_the_namespace_is_documented(word):
    assert f"`{word}`" in DOCS
