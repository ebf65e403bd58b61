"""The media type of a document, told by its first and last bytes; never by its name, and without decoding it."""

import re
from collections.abc import Callable

from docproc.domain.document import MediaType
from docproc.domain.errors import EmptyError, UnsupportedError
from docproc.intake.xml_root import invoice_root, looks_like_markup
from docproc.intake.zip_names import is_zip, names_in, zipped_kind

#: the end of every message that says what a file is instead
WHAT_IS_READ = "docproc reads PDF, images, XML invoices, and ZIP archives and mails of those"
#: how much of a file's start and end `sniff` wants to see
HEAD_BYTES = 64 * 1024
TAIL_BYTES = 2048

#: readers accept junk before the header, within the first kilobyte
_PDF_HEADER_WINDOW = 1024
_OBJECT = re.compile(rb"\b\d{1,10}\s+\d{1,5}\s+obj\b")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_MAGIC: tuple[tuple[bytes, MediaType], ...] = (
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"II*\x00", MediaType.TIFF),
    (b"MM\x00*", MediaType.TIFF),
    (b"II+\x00", MediaType.TIFF),  # BigTIFF
    (b"MM\x00+", MediaType.TIFF),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
)

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.doc, .xls, .msg): convert it to PDF"),
    (b"{\\rtf", "an RTF file: convert it to PDF"),
    (b"8BPS", "a Photoshop file: export it as PDF or PNG"),
    (b"%!PS", "a PostScript file: convert it to PDF"),
    (b"AT&TFORM", "a DjVu file: convert it to PDF"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image: convert it to PNG or PDF"),
    (b"\xff\x0a", "a JPEG XL image: convert it to PNG or PDF"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image: convert it to PNG or PDF"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it"),
    (b"BZh", "a bzip2 archive: unpack it"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x78\x9f\x3e\x22", "an Outlook winmail.dat: ask the sender to send the mail as HTML or plain text"),
)

_MAIL = re.compile(rb"\A(?:[A-Za-z][A-Za-z0-9-]{1,40}:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,}")
_MAIL_FIELDS = re.compile(
    rb"^(?:received|from|to|subject|message-id|mime-version|return-path):", re.IGNORECASE | re.MULTILINE
)
#: the line before each mail of a mailbox: From, an address, a time
_MAILBOX = re.compile(rb"\AFrom \S+ [^\r\n]*\d\d:\d\d")
#: a DER sequence that begins with the name of signed, enveloped or enciphered data
_CMS = re.compile(rb"\A\x30.{1,6}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x01-\x06]", re.DOTALL)


def sniff(head: bytes, tail: bytes = b"") -> MediaType:
    """`head` and `tail` are the first HEAD_BYTES and the last TAIL_BYTES of the file.

    Raises EmptyError, or UnsupportedError with what the file is instead and what to do about it.
    """
    if not head:
        raise EmptyError
    for tell in _TELLERS:
        media_type = tell(head, tail)
        if media_type is not None:
            return media_type
    raise UnsupportedError(f"the file is {_foreign(head)}; {WHAT_IS_READ}")


def _image(head: bytes, _tail: bytes) -> MediaType | None:
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return MediaType.BMP
    return _iso_media(head)


def _iso_media(head: bytes) -> MediaType | None:
    """HEIC and AVIF share a container; its brands tell them apart."""
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, size, 4)}
    if brands & _AVIF_BRANDS:  # before HEIF: an AVIF file names mif1 as well
        return MediaType.AVIF
    return MediaType.HEIC if brands & _HEIF_BRANDS else None


def _pdf(head: bytes, _tail: bytes) -> MediaType | None:
    return MediaType.PDF if b"%PDF-" in head[:_PDF_HEADER_WINDOW] else None


def _headerless_pdf(head: bytes, tail: bytes) -> MediaType | None:
    """A PDF whose header is lost is still told by its objects and its end."""
    ends = any(mark in tail or mark in head for mark in (b"%%EOF", b"trailer", b"startxref"))
    return MediaType.PDF if ends and _OBJECT.search(head) else None


def _xml(head: bytes, _tail: bytes) -> MediaType | None:
    return MediaType.XML if invoice_root(head) else None


def _zip(head: bytes, _tail: bytes) -> MediaType | None:
    return MediaType.ZIP if is_zip(head) and not zipped_kind(names_in(head)) else None


def _mail(head: bytes, _tail: bytes) -> MediaType | None:
    fields = _MAIL.match(head)
    return MediaType.MAIL if fields and len(_MAIL_FIELDS.findall(fields[0])) > 1 else None


#: what may hold a PDF comes before what looks for one in the first kilobyte
_TELLERS: tuple[Callable[[bytes, bytes], MediaType | None], ...] = (_image, _zip, _mail, _pdf, _xml, _headerless_pdf)


def _foreign(head: bytes) -> str:
    """What an unsupported file is, in words for a person."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return what
    if is_zip(head):
        return zipped_kind(names_in(head))
    if _CMS.match(head):
        return "a signed or encrypted message (S/MIME): save what is in it"
    if head[4:8] == b"ftyp":
        return "a video or audio file"
    return looks_like_markup(head) or _foreign_text(head)


def _foreign_text(head: bytes) -> str:
    if b"\x00" in head[:4096]:
        return "of an unknown type"
    if _MAILBOX.match(head):
        return "a mailbox of several mails: save each as a file of its own"
    try:
        text = head[:4096].decode("utf-8")
    except UnicodeDecodeError as exc:
        if exc.start < min(len(head), 4096) - 4:  # else: a character cut at the end of the window
            return "of an unknown type"
        text = ""
    if text.lstrip()[:1] in {"{", "["}:
        return "a JSON or text file"
    return "a plain text file: print it to PDF"
