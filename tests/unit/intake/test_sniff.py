"""What a file's first bytes tell."""

import pytest

from docproc.domain.document import MediaType
from docproc.domain.errors import EmptyError, UnsupportedError
from docproc.intake import sniff

UBL = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CII = '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">'


def ftyp(major: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(others)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n", MediaType.PDF),
        (b"\0" * 1000 + b"%PDF-1.4", MediaType.PDF),
        (b"\x89PNG\r\n\x1a\n\0\0", MediaType.PNG),
        (b"\xff\xd8\xff\xe0", MediaType.JPEG),
        (b"II*\0\x08\0\0\0", MediaType.TIFF),
        (b"MM\0+\0\x08", MediaType.TIFF),
        (b"GIF89a", MediaType.GIF),
        (b"RIFF\x10\0\0\0WEBPVP8 ", MediaType.WEBP),
        (b"BM" + b"\0" * 12 + (40).to_bytes(4, "little"), MediaType.BMP),
        (ftyp(b"heic", b"mif1"), MediaType.HEIC),
        (ftyp(b"mif1", b"heic"), MediaType.HEIC),
        (ftyp(b"mif1", b"avif"), MediaType.AVIF),
        (ftyp(b"avif", b"mif1"), MediaType.AVIF),
    ],
)
def test_a_type_is_told_by_its_magic_bytes(head, media_type):
    assert sniff(head) is media_type


@pytest.mark.parametrize(
    "text",
    [
        CII,
        f"<?xml version='1.0'?>\n<!-- made by hand -->\n{CII}",
        '<CrossIndustryDocument xmlns="urn:ferd:CrossIndustryDocument:invoice:1p0">',
        f'<Invoice xmlns="{UBL}">',
        f'<?xml version="1.0"?><ubl:CreditNote\n xmlns:ubl="{UBL.replace("Invoice", "CreditNote")}">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_xml_invoice_is_told_by_its_root_in_every_encoding(text, encoding):
    assert sniff(text.encode(encoding)) is MediaType.XML


def test_a_pdf_without_a_header_is_told_by_its_objects():
    assert sniff(b"1 0 obj\n<</Type/Catalog>>\nendobj\n", b"trailer<</Root 1 0 R>>\n%%EOF") is MediaType.PDF


def test_numbers_that_look_like_objects_are_not_a_pdf():
    with pytest.raises(UnsupportedError):
        sniff(b"we sold 1 0 obj\n")


def test_an_empty_file_is_empty():
    with pytest.raises(EmptyError):
        sniff(b"")


@pytest.mark.parametrize(
    ("head", "hint"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office file"),
        (
            b"From a@b.example Mon Mar 17 10:00:00 2025\nFrom: a@b.example\nTo: c@d.example\n\nhello",
            "mailbox of several",
        ),
        (b"\x78\x9f\x3e\x22\x01\x00\x01", "Outlook winmail.dat"),
        (bytes.fromhex("308006092a864886f70d010703a080"), "signed or encrypted message"),
        (bytes.fromhex("3082010006092a864886f70d010702a082"), "signed or encrypted message"),
        (b"<!doctype html><title>x</title>", "web page: print it to PDF"),
        (b"<html><body>", "web page"),
        (b"<?xml version='1.0'?><note/>", "XML file, but not an invoice"),
        (b"<Invoice><number>1</number></Invoice>", "XML file, but not an invoice"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
        (b"Dear Sir or Madam,\n", "plain text"),
        ("grüße".encode(), "plain text"),
        (b'{"a": 1}', "JSON"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"\x07\x00\x99\xfe" * 10, "unknown type"),
        (ftyp(b"isom"), "video"),
    ],
)
def test_what_is_not_read_is_named_with_a_hint(head, hint):
    with pytest.raises(UnsupportedError, match=hint):
        sniff(head)


@pytest.mark.parametrize(
    "head",
    [
        b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\nhello",
        b"Received: by x;\n\tMon\nMessage-ID: <1>\nX-Y: z\n\n%PDF-1.7",
        b"Subject: " + b"x" * 50_000 + b"\nMIME-Version: 1.0\n\n",
    ],
)
def test_a_mail_is_told_by_its_headers(head):
    assert sniff(head) is MediaType.MAIL


@pytest.mark.parametrize("head", [b"Date: today\nName: x\n\n", b"Dear Sir\nFrom: a\nTo: b\n", b"To: a\n\nFrom: b\n"])
def test_a_text_with_colons_is_no_mail(head):
    with pytest.raises(UnsupportedError, match="plain text"):
        sniff(head)


def test_a_huge_comment_before_the_root_ends_quickly():
    with pytest.raises(UnsupportedError):
        sniff(b"<?xml version='1.0'?><!--" + b"-" * 60_000)
