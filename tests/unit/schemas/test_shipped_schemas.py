"""The schemas that come with docproc keep what the documentation promises of them."""

import re

import jsonschema
import pytest

from docproc.domain.schema import FieldKind
from schemas import load_schema, names
from schemas.patterns import is_anchored

NAMES = ["invoice", "receipt", "purchase_order", "bank_statement", "contract", "key_value", "text", "qa"]


def test_the_registry_lists_them_in_order():
    assert [entry.label for entry in names()] == [f"{name}@1" for name in NAMES]
    assert all(entry.title and entry.description for entry in names())


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_titled_and_described(name):
    for path, spec in load_schema(name).leaves():
        if not path.endswith("[]"):
            assert spec.title, path
            assert spec.description, path


@pytest.mark.parametrize("name", NAMES)
def test_every_value_may_be_null_and_every_text_is_bounded(name):
    for path, spec in load_schema(name).leaves():
        assert spec.nullable or path.endswith("[]"), path
        assert spec.kind is FieldKind.INTEGER or spec.max_length, path


@pytest.mark.parametrize("name", NAMES)
def test_the_constraint_form_is_closed_bounded_and_anchored(name):
    form = load_schema(name).json_schema
    jsonschema.Draft202012Validator.check_schema(form)
    pending = [form]
    while pending:
        place = pending.pop()
        if place.get("type") == "object":
            assert place["additionalProperties"] is False
            assert place["required"] == list(place["properties"])
        assert place.get("type") != "array" or "maxItems" in place
        assert "pattern" not in place or is_anchored(place["pattern"])
        assert not {"$ref", "oneOf", "not", "uniqueItems"} & place.keys()
        pending.extend(place.get("properties", {}).values())
        pending.extend([place["items"]] if "items" in place else [])


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_record_is_of_the_right_shape(name):
    schema = load_schema(name)
    assert schema.check_shape({spec.name: None for spec in schema.fields}) == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_label_is_written_twice_for_a_field_or_holds_a_separator(name):
    for path, spec in load_schema(name).leaves():
        assert len(set(spec.aliases)) == len(spec.aliases), path
        assert all(re.fullmatch(r"\S[^|]*\S", label) for label in spec.aliases), path


def test_the_invoice_has_labels_in_six_languages():
    aliases = {spec.name: spec.aliases for spec in load_schema("invoice").fields}
    for label in (
        "Invoice no.",
        "Rechnungsnummer",
        "Numéro de facture",
        "Número de factura",
        "Numero fattura",
        "Factuurnummer",
    ):
        assert label in aliases["invoice_number"]


def test_the_invoice_has_the_flat_names_that_others_use():
    wanted = (
        "invoice_number issue_date due_date seller_name buyer_name currency total_net total_tax total_gross line_items"
    )
    assert set(wanted.split()) <= {spec.name for spec in load_schema("invoice").fields}
