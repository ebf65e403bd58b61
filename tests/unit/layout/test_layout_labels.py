import pytest
from typeset import group, leaf

from docproc.domain.schema import FieldKind
from docproc.readers.layout.fields import field_labels, plan_fields
from docproc.readers.layout.labels import best_concept, own_fit, rival_fit, spoken_name, terms_of

INVOICE_NUMBER = frozenset({"invoice", "number"})


@pytest.mark.parametrize(
    "printed",
    [
        "Invoice No.",
        "INVOICE #",
        "Rechnungsnummer:",
        "Rechnungs-Nr.",
        "N° de facture",
        "Número de factura",
        "Numero fattura",
        "Factuurnummer",
        "INVOICENO",
        "lnvoice Number",
    ],
)
def test_a_label_means_the_same_terms_in_every_language_and_misread(printed):
    assert frozenset(terms_of(printed)) == INVOICE_NUMBER


@pytest.mark.parametrize(
    ("printed", "concept"),
    [
        ("Fällig am", "due date"),
        ("Date d'échéance", "due date"),
        ("Zwischensumme", "net total"),
        ("Total TTC", "gross total"),
        ("Base imponible", "net total"),
        ("Vervaldatum", "due date"),
        ("Kundennummer", "buyer number"),
        ("Facturé à", "buyer name"),
    ],
)
def test_phrases_name_concepts(printed, concept):
    assert best_concept(frozenset(terms_of(printed)))[0] == concept


@pytest.mark.parametrize(
    ("name", "spoken"),
    [("invoice_number", "invoice number"), ("invoiceNumber", "invoice Number"), ("VATId", "VAT Id")],
)
def test_names_are_spoken_as_words(name, spoken):
    assert spoken_name(name) == spoken


def test_a_field_fits_its_own_label_better_than_a_neighbour():
    labels = field_labels(leaf("invoice_number", FieldKind.ID))
    assert own_fit(labels, INVOICE_NUMBER) > 0.9
    customer = frozenset(terms_of("Customer no."))
    assert rival_fit(labels, customer) > own_fit(labels, customer)


def test_a_description_names_several_labels():
    labels = field_labels(
        leaf("contract_num", FieldKind.ID, description="Contract, order or invoice number of the station")
    )
    assert own_fit(labels, INVOICE_NUMBER) >= 0.8
    assert own_fit(labels, frozenset({"order", "number"})) >= 0.8


def test_aliases_are_labels_whatever_their_language():
    labels = field_labels(leaf("policy", aliases=("Versicherungsschein", "Polizze")))
    assert own_fit(labels, frozenset(terms_of("Polizze"))) == 1.0


def test_the_ends_of_a_period_stand_under_the_label_of_the_whole():
    labels = field_labels(leaf("flight_from", FieldKind.DATE))
    assert own_fit(labels, frozenset(terms_of("Flight Dates"))) > 0.9


def test_a_label_goes_to_the_field_that_names_it_most_exactly():
    plans = {
        plan.path: plan
        for plan in plan_fields((leaf("total_gross", FieldKind.MONEY), leaf("amount_due", FieldKind.MONEY)))
    }
    due, total = frozenset(terms_of("Amount due")), frozenset(terms_of("Grand total"))
    assert own_fit(plans["amount_due"].labels, due) > own_fit(plans["total_gross"].labels, due)
    assert own_fit(plans["total_gross"].labels, total) > own_fit(plans["amount_due"].labels, total)


def test_fields_of_a_group_are_read_with_its_name():
    (plan,) = plan_fields((group("buyer", leaf("vat_id", FieldKind.VAT_ID)),))
    assert plan.path == "buyer.vat_id"
    with_side, without = frozenset({"buyer", "vat-id"}), frozenset({"vat-id"})
    assert own_fit(plan.labels, with_side) > own_fit(plan.labels, without)
