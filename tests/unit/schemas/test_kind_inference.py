"""What a field holds, told from its name, type, format and description."""

import pytest

from docproc.domain.schema import FieldKind
from schemas.kinds import kind_by_words, kind_of, words_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("invoice_date", "date"),
        ("dateOfIssue", "date"),
        ("date_stamped", "date"),
        ("Rechnungsdatum", "date"),
        ("factuurnummer", "id"),
        ("totaalbedrag", "money"),
        ("dob", "date"),
        ("total", "money"),
        ("gross_amount", "money"),
        ("unitPrice", "money"),
        ("amount_due", "money"),
        ("sales_tax", "money"),
        ("invoice_number", "id"),
        ("contract_num", "id"),
        ("customerId", "id"),
        ("po_reference", "id"),
        ("account_no", "id"),
        ("currency", "currency"),
        ("currency_code", "currency"),
        ("iban", "iban"),
        ("seller_vat_id", "vat_id"),
        ("vat_number", "vat_id"),
        ("vat_rate", "percent"),
        ("discount_percent", "percent"),
        ("e_mail", "email"),
        ("contact_email", "email"),
        ("phone_number", "phone"),
        ("website", "url"),
        ("quantity", "number"),
        ("net_weight", "number"),
        ("number_of_pages", "number"),
        ("seller_name", "text"),
        ("payment_terms", "text"),
        ("invoice_address", "text"),
        ("tax_description", "text"),
        ("currency_name", "text"),
        ("email_address", "email"),
        ("x", "text"),
    ],
)
def test_a_name_tells_the_kind(name, kind):
    assert kind_by_words(name) == kind


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("Date of the purchase", "date"),
        ("Number of the filing", "id"),
        ("Total amount to pay, with tax", "money"),
        ("Name of the person who set the date", "text"),
        ("A long sentence that mentions a date somewhere in it", "text"),
    ],
)
def test_a_description_is_asked_when_the_name_says_nothing(description, kind):
    assert kind_by_words("field7", description) == kind


@pytest.mark.parametrize(
    ("name", "types", "keywords", "kind"),
    [
        ("x", {"boolean"}, {}, "boolean"),
        ("x", {"integer"}, {}, "integer"),
        ("x", {"number"}, {}, "number"),
        ("price", {"number"}, {}, "money"),
        ("rate", {"number"}, {}, "percent"),
        ("invoice_number", {"number"}, {}, "number"),
        ("x", {"string"}, {"format": "date"}, "date"),
        ("x", {"string"}, {"format": "email"}, "email"),
        ("x", {"string"}, {"format": "uri"}, "url"),
        ("x", {"string", "number"}, {}, "number"),
        ("date", {"string"}, {"pattern": r"^\d\d/\d\d/\d{4}$"}, "text"),
        ("date", {"string"}, {"pattern": r"^\d{4}-\d\d-\d\d$"}, "date"),
    ],
)
def test_type_and_format_come_before_the_name(name, types, keywords, kind):
    assert kind_of(name, keywords, types=types) == kind


def test_texts_to_choose_from_are_an_enum():
    assert kind_of("date", {}, types={"string"}, values=["a", "b"]) is FieldKind.ENUM


def test_names_fall_into_words_in_every_spelling():
    assert (
        words_of("invoiceNumber") == words_of("invoice_number") == words_of("Invoice-Number") == ["invoice", "number"]
    )
    assert words_of("VATRate") == ["vat", "rate"]
