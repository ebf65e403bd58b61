"""A multipart body onto the disk as it arrives: memory does not grow with files. Knows no job."""

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from docproc.domain.errors import StorageError, TooLargeError, UsageError

#: written at a time
_WRITE_BYTES = 1 << 20
#: of all fields that are no files, together
_MAX_FIELDS_BYTES = 10 << 20
MAX_FILES = 1000
#: no request takes so long
_LEFT_BEHIND_S = 24 * 3600.0
_MAX_FIELDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """A file that was sent, on the disk."""

    path: Path
    #: as whoever sent it calls it
    name: str
    #: of the form
    field: str


@dataclass(slots=True, kw_only=True)
class IncomingForm:
    """What was sent: fields as they were written, and files."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[IncomingFile] = field(default_factory=list)


@asynccontextmanager
async def incoming_folder(place: Path) -> AsyncIterator[Path]:
    """A folder of one request, which goes with it."""
    folder = place / secrets.token_hex(12)
    try:
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True)
    except OSError as exc:
        raise StorageError(f"folder {place}: {exc.strerror}") from exc
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def forget_old(place: Path) -> None:
    """Remove what requests left behind whose process died."""
    before = time.time() - _LEFT_BEHIND_S
    for folder in place.glob("*"):
        with suppress(OSError):  # another process was faster
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder)


async def receive_form(
    chunks: AsyncIterable[bytes], content_type: str, *, folder: Path, max_bytes: int
) -> IncomingForm:
    """Raises UsageError for what is no such form, TooLargeError for a file beyond `max_bytes`."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UsageError("the body is multipart/form-data with a boundary, or application/json")
    parts = _Parts(folder, max_bytes=max_bytes)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            if parts.pending_bytes >= _WRITE_BYTES:
                await asyncio.to_thread(parts.flush)
        parser.finalize()
        await asyncio.to_thread(parts.flush)
    except (MultipartParseError, UnicodeDecodeError) as exc:
        raise UsageError("the body is no whole multipart/form-data") from exc
    except OSError as exc:
        raise StorageError(f"folder {folder.parent}: {exc.strerror}") from exc
    finally:
        parts.close()
    if not parts.finished:
        raise UsageError("the body ends before its last boundary")
    return parts.form


async def receive_bytes(chunks: AsyncIterable[bytes], path: Path, *, max_bytes: int) -> Path:
    """A body as it is, as a new file. Raises TooLargeError."""
    pending, pending_bytes, written = [], 0, 0
    try:
        with path.open("xb") as stream:
            async for chunk in chunks:
                pending.append(chunk)
                pending_bytes += len(chunk)
                written += len(chunk)
                if written > max_bytes:
                    raise TooLargeError(f"the file is larger than the limit of {max_bytes:,} bytes")
                if pending_bytes >= _WRITE_BYTES:
                    await asyncio.to_thread(stream.writelines, pending)
                    pending, pending_bytes = [], 0
            await asyncio.to_thread(stream.writelines, pending)
    except OSError as exc:
        raise StorageError(f"folder {path.parent.parent}: {exc.strerror}") from exc
    return path


class _Parts:
    """Takes what the parser finds; bytes of files are kept until `flush` writes them, outside the event loop."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.form = IncomingForm()
        self.finished = False
        self.pending_bytes = 0
        self._folder = folder
        self._max_bytes = max_bytes
        self._pending: list[tuple[BinaryIO, bytes]] = []
        self._open: list[BinaryIO] = []
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._field = ""
        self._stream: BinaryIO | None = None
        self._text = bytearray()
        self._file_bytes = self._field_bytes = 0

    def begin(self) -> None:
        self._headers, self._stream, self._file_bytes = {}, None, 0
        self._text = bytearray()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise UsageError("a part of the form has no name")
        self._field = options[b"name"].decode()
        if b"filename" not in options:
            if len(self.form.fields) >= _MAX_FIELDS:
                raise UsageError(f"a form has at most {_MAX_FIELDS} fields")
            return
        if len(self.form.files) >= MAX_FILES:
            raise UsageError(f"a request has at most {MAX_FILES} files: send several")
        path = self._folder / str(len(self.form.files))
        self._stream = path.open("xb")
        self._open.append(self._stream)
        name = options[b"filename"].decode("utf-8", "surrogateescape") or path.name
        self.form.files.append(IncomingFile(path=path, name=name, field=self._field))

    def data(self, data: bytes, start: int, end: int) -> None:
        size = end - start
        if self._stream is None:
            self._field_bytes += size
            if self._field_bytes > _MAX_FIELDS_BYTES:
                raise TooLargeError(f"the fields of a form have at most {_MAX_FIELDS_BYTES:,} bytes")
            self._text.extend(data[start:end])
            return
        self._file_bytes += size
        if self._file_bytes > self._max_bytes:
            raise TooLargeError(f"a file is larger than the limit of {self._max_bytes:,} bytes")
        self._pending.append((self._stream, data[start:end]))
        self.pending_bytes += size

    def end(self) -> None:
        if self._stream is None:
            self.form.fields[self._field] = self._text.decode()

    def finish(self) -> None:
        self.finished = True

    def flush(self) -> None:
        """Write what is kept, and close every file but the one that is still arriving."""
        for stream, data in self._pending:
            stream.write(data)
        self._pending, self.pending_bytes = [], 0
        for stream in self._open:
            if stream is not self._stream:
                stream.close()
        self._open = [stream for stream in self._open if not stream.closed]

    def close(self) -> None:
        for stream in self._open:
            stream.close()
