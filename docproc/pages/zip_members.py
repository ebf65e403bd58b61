"""The members of a ZIP archive, one by one; runs in a child process only, writes nothing, knows no job."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from docproc.domain.errors import CorruptError, PasswordRequiredError, TooLargeError, UnsupportedError
from docproc.intake import Limits
from docproc.intake.member_names import is_leftover
from docproc.intake.zip_names import zipped_kind
from docproc.pages.container import PIECE_BYTES, Member

_IS_ENCRYPTED = 0x1
_IS_UTF8 = 0x800
_AES = 99
#: what zipfile and its decompressors raise on damaged archives
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
)


@contextmanager
def zip_errors() -> Iterator[None]:
    """What zipfile raises as ours; their text is dropped, it quotes the archive."""
    try:
        yield
    except NotImplementedError as exc:
        raise UnsupportedError("the archive uses a way to compress that docproc does not know: pack it again") from exc
    except _DAMAGED as exc:
        raise CorruptError("the archive is damaged") from exc


class ZipMembers:
    """An open archive."""

    def __init__(self, path: Path, *, passwords: Sequence[str], limits: Limits) -> None:
        with zip_errors():
            self._archive = zipfile.ZipFile(path)
        self._passwords = [word.encode() for word in passwords]
        entries = self._archive.infolist()
        kind = zipped_kind(entry.filename for entry in entries)
        if kind:
            raise UnsupportedError(f"the file is {kind}")
        self._entries = [entry for entry in entries if not entry.is_dir() and not is_leftover(_name(entry))]
        if len(self._entries) > limits.max_members:
            raise TooLargeError(f"the archive holds more than {limits.max_members:,} files")

    def __iter__(self) -> Iterator[Member]:
        for entry in self._entries:
            yield Member(name=_name(entry), pieces=self._pieces(entry))

    def _pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsupportedError("the archive holds a link here and no file")
        with zip_errors():
            stream, piece = self._begun(entry)
            while piece:
                yield piece
                piece = stream.read(PIECE_BYTES)

    def _begun(self, entry: zipfile.ZipInfo) -> tuple[IO[bytes], bytes]:
        """The stream of a member and its first piece."""
        if not entry.flag_bits & _IS_ENCRYPTED:
            stream = self._archive.open(entry)
            return stream, stream.read(PIECE_BYTES)
        if entry.compress_type == _AES:
            raise UnsupportedError("the archive is encrypted with AES, which docproc does not open: unpack it")
        for password in self._passwords:
            try:
                stream = self._archive.open(entry, pwd=password)
                # One wrong password in 256 passes the test of the format; what it decrypts is damaged.
                return stream, stream.read(PIECE_BYTES)
            except (RuntimeError, *_DAMAGED):
                continue
        raise PasswordRequiredError


def _name(entry: zipfile.ZipInfo) -> str:
    """The name; packers that say nothing of the encoding mostly write UTF-8, else that of DOS."""
    if entry.flag_bits & _IS_UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename
