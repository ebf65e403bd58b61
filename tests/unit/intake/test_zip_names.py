"""A ZIP archive of documents told from the files that use ZIP as their wrapping."""

import io
import zipfile

import pytest

from docproc.domain.document import MediaType
from docproc.domain.errors import UnsupportedError
from docproc.intake import HEAD_BYTES, TAIL_BYTES, sniff


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, seekable: bool = True) -> bytes:
    target = io.BytesIO()
    if not seekable:  # then sizes follow the bytes
        target.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(target, "w", method) as writer:
        for name, content in members:
            writer.writestr(name, content)
    return target.getvalue()


WORD = (("[Content_Types].xml", b"<Types/>"), ("_rels/.rels", b"<r/>"), ("word/document.xml", b"<d/>"))


def told(content: bytes) -> MediaType:
    return sniff(content[:HEAD_BYTES], content[-TAIL_BYTES:])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("seekable", [True, False])
def test_an_archive_of_documents_is_a_container(method, seekable):
    members = (("a.pdf", b"%PDF-1.7 " + b"x" * 300), ("keyword/b.png", b"\x89PNG\r\n\x1a\n"))
    assert told(archive(*members, method=method, seekable=seekable)) is MediaType.ZIP


def test_an_archive_of_nothing_is_a_container_too():
    assert told(archive()) is MediaType.ZIP


@pytest.mark.parametrize("seekable", [True, False])
@pytest.mark.parametrize(
    ("members", "hint"),
    [
        (WORD, "a Word file: convert it to PDF"),
        ((*WORD[:2], ("xl/workbook.xml", b"<w/>")), "an Excel file"),
        ((*WORD[:2], ("ppt/presentation.xml", b"<p/>")), "a PowerPoint file"),
        ((*WORD[:1], ("FixedDocSeq.fdseq", b"<f/>")), "an XPS file"),
        (WORD[:1], "an Office file"),
        ((("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<c/>")), "an OpenDocument file"),
        ((("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0"), ("A.class", b"\xca\xfe")), "a Java program"),
    ],
)
def test_a_file_that_uses_zip_as_its_wrapping_is_refused_by_its_kind(members, hint, seekable):
    with pytest.raises(UnsupportedError, match=hint):
        told(archive(*members, seekable=seekable))


def test_a_word_file_stored_in_an_archive_does_not_speak_for_the_archive():
    content = archive(("letter.docx", archive(*WORD)), ("a.pdf", b"%PDF-1.7"), method=zipfile.ZIP_STORED)
    assert told(content) is MediaType.ZIP


def test_a_header_that_is_cut_is_a_container_whose_opening_will_tell():
    assert sniff(b"PK\x03\x04\x14\x00") is MediaType.ZIP
