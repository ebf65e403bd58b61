"""The samples are what they say: made by the script, right in every sum and check digit, and readable."""

# PyMuPDF has types for half of what it offers
# mypy: disable-error-code="no-untyped-call"

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image
from stdnum import iban
from stdnum.eu import vat

pytestmark = pytest.mark.integration
SAMPLES = Path(__file__).parents[3] / "samples"
DOCUMENTS = sorted(path for path in (SAMPLES / "documents").rglob("*") if path.is_file())
PDFS = [path for path in DOCUMENTS if path.suffix == ".pdf"]
MAX_BYTES = 2_500_000


def truth_of(document: Path) -> dict[str, Any]:
    place = document.relative_to(SAMPLES / "documents")
    known: dict[str, Any] = json.loads((SAMPLES / "truth" / f"{place}.json").read_text("utf-8"))
    assert known["file"] == document.name
    fields: dict[str, Any] = known["fields"]
    return fields


def name_of(document: Path) -> str:
    return document.name


def leaves(tree: object) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from ((name, branch),) if isinstance(branch, str) else leaves(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from leaves(branch)


def test_the_script_makes_what_is_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SAMPLES / "make.py", tmp_path], check=True, capture_output=True)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    committed = {
        path.relative_to(SAMPLES)
        for folder in ("documents", "truth")
        for path in (SAMPLES / folder).rglob("*")
        if path.is_file()
    }
    assert made == committed
    # pixels and compressed streams differ between versions of the libraries; words, truth and XML do not
    for place in made:
        if place.suffix in {".json", ".xml"}:
            assert (tmp_path / place).read_text("utf-8") == (SAMPLES / place).read_text("utf-8"), place
        if place.suffix == ".pdf":
            assert text_of(tmp_path / place) == text_of(SAMPLES / place), place


def text_of(path: Path) -> str:
    with pymupdf.open(path) as document:
        return " ".join(" ".join(page.get_text().split()) for page in document)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in DOCUMENTS) < MAX_BYTES


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_sums_and_check_digits_are_right(document: Path) -> None:
    truth = truth_of(document)
    if "total_net" in truth:
        tax = Decimal(truth["total_gross"]) - Decimal(truth["total_net"])
        assert Decimal(truth.get("total_tax", tax)) == tax
        assert sum(Decimal(line["line_total"]) for line in truth["line_items"]) == Decimal(truth["total_net"])
    if "opening_balance" in truth:
        moved = sum(Decimal(entry["amount"]) for entry in truth["transactions"])
        assert Decimal(truth["opening_balance"]) + moved == Decimal(truth["closing_balance"])
    if truth.get("iban"):
        assert iban.is_valid(truth["iban"])
    if truth.get("seller_vat_id", "GB").startswith(("DE", "FR", "ES")):
        assert vat.is_valid(truth["seller_vat_id"])


@pytest.mark.parametrize("document", [path for path in PDFS if path.parent.name != "forms"], ids=name_of)
def test_what_the_truth_says_is_printed(document: Path) -> None:
    printed = "".join(mark for mark in text_of(document).casefold() if mark.isalnum())
    judged = [(name, value) for name, value in leaves(truth_of(document)) if name.endswith(("name", "number", "iban"))]
    amounts = [(name, value) for name, value in leaves(truth_of(document)) if name.startswith(("total_", "line_total"))]
    for name, value in [*judged, *amounts]:
        assert "".join(mark for mark in value.casefold() if mark.isalnum()) in printed, name


def test_each_kind_of_file_is_there() -> None:
    assert {path.suffix for path in DOCUMENTS} == {".pdf", ".png", ".tif", ".xml", ".jpg", ".webp"}
    with Image.open(SAMPLES / "documents/invoices/steinbach-scan.tif") as scan:
        assert getattr(scan, "n_frames", 1) == 2
    with Image.open(SAMPLES / "documents/invoices/vega-transparent.png") as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((5, 5)) == (0, 0, 0, 0)
    with pymupdf.open(SAMPLES / "documents/forms/claim-form.pdf") as form:
        values = {widget.field_label: widget.field_value for page in form for widget in page.widgets()}
    assert values["Last name"] == "Okonkwo-Berg"
    assert (values["Water"], values["Fire"]) == ("Yes", "Off")


def extract(document: Path, schema: object, folder: Path) -> dict[str, Any]:
    out = folder / "out.jsonl"
    docproc = Path(sys.executable).parent / "docproc"
    environment = {"DOCPROC_DATA_DIR": str(folder / "data"), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    command = [docproc, "extract", document, "--schema", schema, "--out", out]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment, cwd=folder)
    extraction: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return extraction


def test_a_filled_form_is_read_to_the_letter_under_a_schema_of_ones_own(tmp_path: Path) -> None:
    form = SAMPLES / "documents/forms/claim-form.pdf"
    extraction = extract(form, SAMPLES / "schemas/claim_form.json", tmp_path)
    assert extraction["record"] == truth_of(form)


@pytest.mark.parametrize("name", ["nordlicht-facturx.pdf", "fjordlys-ubl.xml"])
def test_an_electronic_invoice_is_read_to_the_letter(tmp_path: Path, name: str) -> None:
    document = SAMPLES / "documents/invoices" / name
    extraction = extract(document, "invoice", tmp_path)
    record = extraction["record"]
    assert extraction["reader"] == "einvoice"
    assert extraction["status"] == "succeeded"
    for field, value in truth_of(document).items():
        if field != "line_items":
            assert record[field] == value, field
    for line, known in zip(record["line_items"], truth_of(document)["line_items"], strict=True):
        assert (line["description"], line["unit"]) == (known["description"], known["unit"])
        for field in ("quantity", "unit_price", "line_total"):
            assert Decimal(line[field]) == Decimal(known[field])
