"""Archives and mails unpacked in a parsing child: honest ones whole, hostile ones to a code."""

import zipfile
from dataclasses import replace
from email.message import EmailMessage

import pytest
from doubles.containers import Unpacking, attach, mail, outcomes, pdf, zipped
from doubles.encrypted_zip import encrypted, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docproc.domain.document import MediaType
from docproc.domain.errors import (
    CorruptError,
    DocumentError,
    EmptyError,
    TimedOutError,
    TooLargeError,
    UnsupportedError,
)
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.pipeline.ports import SourceDocument

pytestmark = pytest.mark.integration


@pytest.fixture
def unpacking(pool, tmp_path):
    return Unpacking(pool, tmp_path)


def test_an_archive_is_its_files_with_their_paths(unpacking):
    one, two = pdf("one"), pdf("two")
    found = unpacking(zipped({"a/one.pdf": one, "b/": b"", "b/c/two.pdf": two, "__MACOSX/._x": b"x"}), name="in.zip")

    assert outcomes(found) == {"a/one.pdf": "application/pdf", "b/c/two.pdf": "application/pdf"}
    assert [unpacking.bytes_of(member) for member in found.values()] == [one, two]
    place = found["b/c/two.pdf"].original.container
    assert (place.file, place.member, len(place.sha256)) == ("in.zip", "b/c/two.pdf", 64)


def test_a_mail_is_its_body_and_its_attachments(unpacking, source, tmp_path):
    bill = pdf("Invoice R-1")
    message = attach(mail("Total due: 45.00 EUR"), "Rechnung für März.pdf", bill)
    found = unpacking(message.as_bytes(), name="mail.eml")

    assert outcomes(found) == {"body.html": "text/html", "attachments/Rechnung für März.pdf": "application/pdf"}
    assert unpacking.bytes_of(found["attachments/Rechnung für März.pdf"]) == bill
    path = tmp_path / "body"
    path.write_bytes(unpacking.bytes_of(found["body.html"]))
    with source.open_pages(SourceDocument(path=path, media_type=MediaType.HTML)) as pages:
        (page,) = pages
    words = [word.text for word in page.words]
    assert words[:4] == ["From:", "Jörg", "Müller", "<joerg@seller.example>"]
    assert words[-4:] == ["Total", "due:", "45.00", "EUR"]
    assert (page.width, page.height) == (595, 842)
    assert all(0 <= word.left < word.right <= 595 and 0 <= word.top < word.bottom <= 842 for word in page.words)


@pytest.mark.parametrize("columns", [3, 20])
def test_a_table_is_on_its_page_however_wide_it_is(source, tmp_path, columns):
    cells = "".join(f"<td>Column{number:05}</td>" for number in range(columns))
    path = tmp_path / "body"
    path.write_text(f"<html><body><table><tr>{cells}</tr></table></body></html>")
    with source.open_pages(SourceDocument(path=path, media_type=MediaType.HTML)) as pages:
        (page,) = pages
    assert [word.text for word in page.words] == [f"Column{number:05}" for number in range(columns)]
    assert all(word.right <= page.width for word in page.words)
    assert (page.width > 595) == (columns > 3)


def test_of_two_ways_to_say_the_same_the_richer_one_is_shown(unpacking):
    message = mail("plain text")
    message.add_alternative("<p>rich text</p><img src='cid:logo'>", subtype="html")
    _, rich = message.iter_parts()
    assert isinstance(rich, EmailMessage)
    rich.add_related(b"\x89PNG\r\n\x1a\n", "image", "png", cid="<logo>")
    attach(message, "a.pdf", pdf("a"))
    found = unpacking(message.as_bytes())

    assert outcomes(found) == {"body.html": "text/html", "attachments/a.pdf": "application/pdf"}
    body = unpacking.bytes_of(found["body.html"])
    assert (b"rich text" in body, b"plain text" in body, b"data:image/png" in body) == (True, False, True)


def test_an_image_that_the_body_does_not_show_is_a_document(unpacking):
    message = mail("text")
    message.add_attachment(
        b"\x89PNG\r\n\x1a\n", "image", "png", cid="<scan>", filename="scan.png", disposition="inline"
    )
    assert outcomes(unpacking(message.as_bytes())) == {"body.html": "text/html", "attachments/scan.png": "image/png"}


def test_a_body_without_a_word_is_left_out_when_there_are_attachments(unpacking):
    assert outcomes(unpacking(attach(mail("\n"), "scan.pdf", pdf("scan")).as_bytes())) == {
        "attachments/scan.pdf": "application/pdf"
    }
    assert outcomes(unpacking(mail("\n").as_bytes())) == {"body.html": "text/html"}


def test_a_signature_is_no_document(unpacking):
    signed = (
        b"From: a@b.example\nTo: c@d.example\nSubject: x\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="s"\n\n'
        b"--s\nContent-Type: text/plain\n\nTotal 45.00\n"
        b'--s\nContent-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\n'
        b'Content-Disposition: attachment; filename="smime.p7s"\n\nMIIB\n--s--\n'
    )
    found = unpacking(signed)
    assert outcomes(found) == {"body.html": "text/html"}
    assert b"Total 45.00" in unpacking.bytes_of(found["body.html"])


def test_what_is_not_read_is_a_failed_document_and_the_rest_goes_on(unpacking):
    link = zipfile.ZipInfo("link.pdf")
    link.external_attr = 0o120777 << 16
    word = zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<d/>"})
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [
        ("empty.pdf", b""),
        (link, b"/etc/passwd"),
        ("letter.docx", word),
        ("note.txt", b"hello"),
        ("a", pdf("a")),
    ]
    found = unpacking(zipped(members))
    assert outcomes(found) == {
        "empty.pdf": "empty",
        "link.pdf": "unsupported",
        "letter.docx": "unsupported",
        "note.txt": "unsupported",
        "a": "application/pdf",
    }
    assert "a link" in found["link.pdf"].error.message
    assert "a Word file" in found["letter.docx"].error.message


def test_outlooks_winmail_is_refused_by_its_name_and_by_its_bytes(unpacking):
    tnef = b"\x78\x9f\x3e\x22" + b"\x00" * 50
    found = unpacking(attach(mail(), "winmail.dat", tnef, "application/ms-tnef").as_bytes())
    assert "winmail.dat" in found["attachments/winmail.dat"].error.message


def test_hostile_names_lead_nowhere_and_equal_ones_are_numbered(unpacking):
    names = [
        "../../etc/a.pdf",
        "/abs/b.pdf",
        "C:\\x\\c.pdf",
        "d.pdf",
        "d.pdf",
        "D.pdf",
        "e\x00f.pdf",
        "x" * 3000 + ".pdf",
    ]
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped([(name, pdf(name[:9])) for name in names])
    found = list(unpacking(content))
    assert found[:7] == ["etc/a.pdf", "abs/b.pdf", "x/c.pdf", "d.pdf", "d (2).pdf", "D.pdf", "e"]
    assert found[7] == "x" * 251 + ".pdf"


def test_names_in_the_letters_of_dos_are_read(unpacking):
    raw = zipped({"Rechnung_aa.pdf": pdf("a")}).replace(b"Rechnung_aa", "Rechnung_ü".encode())
    assert list(unpacking(raw)) == ["Rechnung_ü.pdf"]
    raw = zipped({"Rechnung_a.pdf": pdf("a")}).replace(b"Rechnung_a", b"Rechnung_\x81")
    assert list(unpacking(raw)) == ["Rechnung_ü.pdf"]


def test_containers_in_containers_keep_their_path(unpacking):
    inner = attach(mail("inner", subject="inner"), "bill.pdf", pdf("bill"))
    outer = mail("outer")
    outer.add_attachment(inner)
    attach(outer, "all.zip", zipped({"a/b.pdf": pdf("b"), "mail.eml": inner.as_bytes()}), "application/zip")
    found = unpacking(outer.as_bytes())
    assert list(found) == [
        "body.html",
        "attachments/1.eml/body.html",
        "attachments/1.eml/attachments/bill.pdf",
        "attachments/all.zip/a/b.pdf",
        "attachments/all.zip/mail.eml/body.html",
        "attachments/all.zip/mail.eml/attachments/bill.pdf",
    ]
    assert set(outcomes(found).values()) == {"text/html", "application/pdf"}


def test_a_container_that_lies_too_deep_is_a_failed_document(unpacking):
    content = zipped({"a.pdf": pdf("a")})
    for level in range(4):
        content = zipped({f"{level}.zip": content})
    assert outcomes(unpacking(content)) == {"3.zip/2.zip/1.zip": "too_large"}
    assert outcomes(unpacking(content, limits=Limits(max_nesting=5))) == {
        "3.zip/2.zip/1.zip/0.zip/a.pdf": "application/pdf"
    }


def test_a_broken_container_in_a_container_is_one_failed_document(unpacking):
    good = zipped({"a.pdf": pdf("a")})
    found = unpacking(zipped({"broken.zip": good[:-30], "empty.zip": zipped({}), "good.zip": good}))
    assert outcomes(found) == {"broken.zip": "corrupt", "empty.zip": "empty", "good.zip/a.pdf": "application/pdf"}


def test_a_container_of_nothing_is_an_error(unpacking):
    with pytest.raises(EmptyError):
        unpacking(zipped({}))
    with pytest.raises(EmptyError):
        unpacking(zipped({"__MACOSX/._a.pdf": b"x", "folder/": b""}))


def test_an_encrypted_archive_opens_with_its_password_alone(unpacking):
    bill = pdf("bill")
    content = encrypted("bill.pdf", bill, b"secret")
    assert outcomes(unpacking(content)) == {"bill.pdf": "password_required"}
    assert outcomes(unpacking(content, passwords=("wrong", "other"))) == {"bill.pdf": "password_required"}
    found = unpacking(content, passwords=("wrong", "secret"))
    assert unpacking.bytes_of(found["bill.pdf"]) == bill


def test_an_archive_in_aes_says_so(unpacking):
    raw = bytearray(stored("a.pdf", pdf("a")))
    for mark, flags, method in ((b"PK\x03\x04", 6, 8), (b"PK\x01\x02", 8, 10)):
        header = raw.index(mark)
        raw[header + flags] |= 1
        raw[header + method] = 99
    found = unpacking(bytes(raw), passwords=("secret",))
    assert outcomes(found) == {"a.pdf": "unsupported"}
    assert "AES" in found["a.pdf"].error.message


def test_a_bomb_is_stopped_by_its_ratio(unpacking):
    content = zipped({f"{number}.bin": b"\0" * (40 << 20) for number in range(3)})
    assert len(content) < 200_000
    with pytest.raises(TooLargeError, match="unpacks to more than 67,108,864 bytes"):
        unpacking(content)


def test_a_container_may_unpack_to_no_more_than_its_limits(unpacking):
    content = zipped({f"{number}.pdf": pdf(str(number)) for number in range(5)})
    with pytest.raises(TooLargeError, match="more than 4 files"):
        unpacking(content, limits=Limits(max_members=4))
    with pytest.raises(TooLargeError, match="more than 3,000 bytes"):
        unpacking(content, limits=Limits(max_unpacked_bytes=3000))
    nested = zipped({"a.zip": content, "b.zip": content})
    with pytest.raises(TooLargeError, match="more than 9 files"):
        unpacking(nested, limits=Limits(max_members=9))


def test_a_member_that_is_too_large_is_refused_alone(unpacking):
    found = unpacking(zipped({"big": b"%PDF-" + b"x" * 3_000_000, "a": pdf("a")}), limits=Limits(max_bytes=2_000_000))
    assert outcomes(found) == {"big": "too_large", "a": "application/pdf"}


def test_a_member_with_another_checksum_is_refused_alone(unpacking):
    raw = bytearray(zipped({"a.pdf": pdf("a"), "b.pdf": pdf("b")}))
    at = raw.index(b"PK\x01\x02")
    raw[at + 16] ^= 0xFF
    assert outcomes(unpacking(bytes(raw))) == {"a.pdf": "corrupt", "b.pdf": "application/pdf"}


def test_an_archive_that_contains_itself_ends(unpacking):
    # Every level is the same archive again: what matters is that the depth and not the luck ends it.
    content = zipped({"a.zip": b""})
    for _ in range(20):
        content = zipped({"a.zip": content})
    assert list(outcomes(unpacking(content)).values()) == ["too_large"]


def test_a_mail_with_boundaries_that_never_come_is_read_as_far_as_it_goes(unpacking):
    cut = attach(mail("Total 45.00"), "a.pdf", pdf("a")).as_bytes()
    found = unpacking(cut[: cut.index(b"filename=") + 300])
    assert outcomes(found)["body.html"] == "text/html"
    headless = b'From: a@b.example\nTo: c@d.example\nContent-Type: multipart/mixed; boundary="x"\n\nTotal 45.00\n'
    found = unpacking(headless)
    assert len(found) == 1


def test_parts_nested_without_end_are_too_much(unpacking):
    levels = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(300))
    with pytest.raises((TooLargeError, CorruptError)):
        unpacking(b"From: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\n" + levels + b"\nx")


def test_headers_beyond_measure_are_cut(unpacking):
    message = b"From: a@b.example\nTo: c@d.example\nSubject: " + b"x" * 5_000_000 + b"\n\nTotal 45.00\n"
    with pytest.raises(UnsupportedError):  # of the headers that a mail is told by, the third never ends
        unpacking(b"X-Spam: " + b"x" * 200_000 + b"\n" + message)
    found = unpacking(message)
    assert len(unpacking.bytes_of(found["body.html"])) < 10_000


def test_a_child_that_takes_too_long_is_stopped(tmp_path):
    with ChildPool(size=1, limits=replace(Limits(), seconds_to_unpack=0.0)) as pool, pytest.raises(TimedOutError):
        Unpacking(pool, tmp_path)(zipped({"a.pdf": pdf("a")}))


MAIL = attach(attach(mail("Total 45.00"), "a.pdf", pdf("a")), "b.zip", zipped({"c.pdf": pdf("c")})).as_bytes()
ZIP = zipped({"a.pdf": pdf("a"), "b/mail.eml": MAIL, "c.zip": zipped({"d.png": b"\x89PNG\r\n\x1a\n"})})


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from([0, 1, 4, 200]), st.binary(max_size=40)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=EDITS, whole=st.sampled_from([MAIL, ZIP]))
def test_a_damaged_container_comes_to_codes_and_kills_no_child(unpacking, edits, whole):
    raw = bytearray(whole)
    for place, length, inserted in edits:
        at = int(place * len(raw))
        raw[at : at + length] = inserted
    assert not codes(unpacking, bytes(raw)) & {"crashed", "timeout", "internal"}


def codes(unpacking, raw):
    try:
        return set(outcomes(unpacking(raw)).values())
    except DocumentError as error:
        return {error.code.value}
