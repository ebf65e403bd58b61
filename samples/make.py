"""Makes the sample documents and their truth; the same bytes on every run with the same libraries.

Usage: python samples/make.py [FOLDER]     (default: the folder of this file)
"""

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bills
import camera
import papers
import receipts
import statement
import truth
from designs import Look, draw_atelier, draw_letter, draw_studio
from einvoices import embed_facturx, ubl_xml
from paper import hex_colour, new_document, pdf_bytes
from PIL import Image

HERE = Path(__file__).parent

STUDIO = Look(language="en", accent=hex_colour("#1f4e5f"), tint=hex_colour("#dcebee"))
WORKSHOP = Look(language="de", accent=hex_colour("#7a4a21"), tint=hex_colour("#efe3d3"))
ATELIER = Look(language="fr", accent=hex_colour("#7b2d43"), tint=hex_colour("#fdf8ef"))
NORTHERN = Look(language="de", accent=hex_colour("#2d3a8c"), tint=hex_colour("#e4e7f8"))
VIOLET = Look(language="es", accent=hex_colour("#6a3d9a"), tint=hex_colour("#eee4f6"))
INKJET = Look(language="de", accent=hex_colour("#222222"), tint=hex_colour("#e6e6e6"))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file and what should be found in it."""

    #: folder and name below documents/
    place: str
    content: bytes
    fields: truth.Fields


def samples() -> Iterator[Sample]:
    """Every sample."""
    yield from _invoices()
    yield from _receipts()
    yield Sample(
        place="statements/harbour-hill-may.pdf",
        content=pdf_bytes(statement.draw_statement()),
        fields=truth.of_statement(),
    )
    yield Sample(place="forms/claim-form.pdf", content=papers.form_bytes(), fields=truth.of_form())
    yield Sample(place="orders/seeblick-order.pdf", content=papers.order_bytes(), fields=truth.of_order())
    yield Sample(place="contracts/brightwater-nda.pdf", content=papers.nda_bytes(), fields=truth.of_contract())


def _invoices() -> Iterator[Sample]:
    for name, draw, bill, look in (
        ("brightwater-english", draw_studio, bills.STUDIO_BILL, STUDIO),
        ("lindner-german", draw_letter, bills.WORKSHOP_BILL, WORKSHOP),
        ("mirabelle-french", draw_atelier, bills.ATELIER_BILL, ATELIER),
    ):
        document = new_document(f"{look.labels['title']} {bill.number}", bill.seller.name)
        draw(document, bill, look)
        yield Sample(place=f"invoices/{name}.pdf", content=pdf_bytes(document), fields=truth.of_invoice(bill))
    yield _facturx()
    yield Sample(
        place="invoices/fjordlys-ubl.xml",
        content=ubl_xml(bills.ENERGY_BILL).encode(),
        fields=truth.of_invoice(bills.ENERGY_BILL, unit_codes=True),
    )
    yield _transparent()
    yield _scan()


def _facturx() -> Sample:
    bill = bills.CLOUD_BILL
    document = new_document(f"Rechnung {bill.number}", bill.seller.name)
    draw_studio(document, bill, NORTHERN)
    embed_facturx(document, bill)
    return Sample(
        place="invoices/nordlicht-facturx.pdf",
        content=pdf_bytes(document),
        fields=truth.of_invoice(bill, unit_codes=True),
    )


def _transparent() -> Sample:
    bill = bills.FREELANCE_BILL
    document = new_document(f"Factura {bill.number}", bill.seller.name)
    draw_letter(document, bill, VIOLET)
    page = camera.drawn(document, dpi=150, transparent=True)
    return Sample(
        place="invoices/vega-transparent.png",
        content=_encoded(page, "PNG", optimize=True, dpi=(150, 150)),
        fields=truth.of_invoice(bill),
    )


def _scan() -> Sample:
    bill = bills.ELECTRIC_BILL
    document = new_document(f"Rechnung {bill.number}", bill.seller.name)
    draw_letter(document, bill, INKJET)
    first, second = (camera.drawn(document, page_index=index, dpi=150) for index in range(2))
    first = camera.stamped(first, ("EINGEGANGEN", "21. Feb. 2025"), at=(345, 300), seed=3)
    pages = [camera.scanned(first, degrees=0.7, seed=20), camera.scanned(second, degrees=-0.5, seed=21)]
    tiff = {"save_all": True, "append_images": pages[1:], "compression": "jpeg", "quality": 60, "dpi": (150, 150)}
    return Sample(
        place="invoices/steinbach-scan.tif",
        content=_encoded(pages[0], "TIFF", **tiff),
        fields=truth.of_invoice(bill),
    )


def _receipts() -> Iterator[Sample]:
    larder = camera.photographed(
        camera.drawn(receipts.draw_receipt(receipts.LARDER), dpi=230),
        ((262, 96), (905, 70), (985, 1508), (170, 1470)),
        size=(1150, 1600),
        table=(118, 82, 54),
        seed=7,
    )
    yield Sample(
        place="receipts/green-larder.jpg",
        content=_encoded(larder, "JPEG", quality=82),
        fields=truth.of_receipt(receipts.LARDER),
    )
    aurora = camera.photographed(
        camera.drawn(receipts.draw_receipt(receipts.AURORA), dpi=230),
        ((250, 150), (930, 205), (880, 1390), (150, 1310)),
        size=(1100, 1500),
        table=(86, 98, 104),
        seed=11,
    )
    yield Sample(
        place="receipts/bar-aurora.webp",
        content=_encoded(aurora, "WEBP", quality=78),
        fields=truth.of_receipt(receipts.AURORA),
    )


def _encoded(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def main() -> int:
    """Write every sample and its truth below the folder given, or beside this file."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for sample in samples():
        document = out / "documents" / sample.place
        known = out / "truth" / f"{sample.place}.json"
        document.parent.mkdir(parents=True, exist_ok=True)
        known.parent.mkdir(parents=True, exist_ok=True)
        document.write_bytes(sample.content)
        fields = {"file": document.name, "fields": sample.fields}
        known.write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{len(sample.content):>8}  {sample.place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
