"""What a ZIP archive is by the names in it: a container of documents, or one Office file. Unpacks nothing."""

import struct
from collections.abc import Iterable, Iterator

_LOCAL = b"PK\x03\x04"
_EMPTY = b"PK\x05\x06"
_SPANNED = b"PK\x07\x08"
#: of a local header: flags, packed size, length of the name, length of the extra field
_FIELDS = struct.Struct("<6xH10xI4xHH")
#: the sizes stand behind the bytes and not before them
_SIZES_FOLLOW = 0x08
_NO_SIZE = 0xFFFFFFFF
#: stored as the first member of OpenDocument files and books: what follows says which
_MIMETYPE = "mimetype"

_PARTS: tuple[tuple[str, str], ...] = (
    ("word/", "a Word file: convert it to PDF"),
    ("xl/", "an Excel file: convert it to PDF"),
    ("ppt/", "a PowerPoint file: convert it to PDF"),
    ("visio/", "a Visio file: convert it to PDF"),
    ("FixedDocSeq.fdseq", "an XPS file: convert it to PDF"),
    ("FixedDocumentSequence.fdseq", "an XPS file: convert it to PDF"),
)
#: no archive of documents holds a member of this name: it lists the parts of a package
_PACKAGE = "[Content_Types].xml"
_OFFICE = "an Office file: convert it to PDF"
_PROGRAM = "META-INF/MANIFEST.MF"


def is_zip(head: bytes) -> bool:
    return head.startswith((_LOCAL, _EMPTY, _SPANNED))


def zipped_kind(names: Iterable[str]) -> str:
    """What the file is that uses ZIP as its wrapping, for a person; empty for an archive of documents."""
    names = list(names)
    if names and names[0] == _MIMETYPE:
        return "an OpenDocument file or an EPUB book: convert it to PDF"
    if _PACKAGE in names:
        return next((what for part, what in _PARTS if any(name.startswith(part) for name in names)), _OFFICE)
    return "a Java program" if _PROGRAM in names else ""


def names_in(head: bytes) -> Iterator[str]:
    """Names of members whose local header lies in `head`, the first bytes of the archive.

    Goes from header to header, so that an archive in the archive does not speak for it.
    """
    at = head.find(_LOCAL)
    while at >= 0 and at + 30 <= len(head):
        flags, packed, name_length, extra_length = _FIELDS.unpack_from(head, at)
        begins = at + 30
        yield head[begins : begins + name_length].decode("utf-8", "replace")
        behind = begins + name_length + extra_length
        unknown = flags & _SIZES_FOLLOW or packed == _NO_SIZE
        if unknown:
            at = head.find(_LOCAL, behind)
        else:
            at = behind + packed if head.startswith(_LOCAL, behind + packed) else -1
