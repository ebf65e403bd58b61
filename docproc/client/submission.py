"""What is wanted of some documents, as the fields and files of a form. Knows no connection."""

import hashlib
import json
import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, TypedDict
from uuid import uuid4

#: name of the field, then name, stream and media type of a file
FormFile: TypeAlias = tuple[str, tuple[str, BinaryIO, str]]
#: a field that is none has text alone
FormPart: TypeAlias = FormFile | tuple[str, tuple[None, str]]
#: a path, or a path and what the document is called
FileToSend: TypeAlias = Path | str | tuple[Path | str, str]
#: told how many bytes went out since it was told last
OnSent: TypeAlias = Callable[[int], None]


class DocumentAsk(TypedDict, total=False):
    """One document: `file` (the name of one that is sent along), `upload_id` or `url`."""

    file: str
    upload_id: str
    url: str
    name: str
    external_id: str
    metadata: Mapping[str, Any]


class Options(TypedDict, total=False):
    """What can be said besides the schema; what is left out is as the server has it."""

    #: with schema `auto`: names of schemas to choose from
    candidates: Sequence[str]
    reader: str
    #: higher comes first, -100 to 100
    priority: int
    #: `1-3,7`: only these pages of each document
    pages: str
    #: of encrypted documents; the server keeps it sealed, or in memory alone
    password: str
    date_order: Literal["dmy", "mdy", "ymd"]
    #: take what an earlier job read of the same bytes in the same way
    reuse: bool
    external_id: str
    metadata: Mapping[str, Any]
    documents: Sequence[DocumentAsk]
    #: told when the job has ended, and signed with the secret, of 16 to 255 characters; both or none
    callback: str
    callback_secret: str


def new_key() -> str:
    """An Idempotency-Key: a submission that is sent again with it is the same job."""
    return uuid4().hex


def form_fields(schema: str | Mapping[str, Any], options: Options) -> dict[str, str]:
    """Each field of the form as text."""
    wanted: dict[str, Any] = {"schema": schema, **options}
    if "candidates" in wanted:
        wanted["candidates"] = ",".join(wanted["candidates"])
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in wanted.items()}


def named(files: Sequence[FileToSend]) -> list[tuple[Path, str]]:
    """Each file with the name that the server is told."""
    return [(Path(file[0]), file[1]) if isinstance(file, tuple) else (Path(file), Path(file).name) for file in files]


@contextmanager
def opened(files: Sequence[tuple[Path, str]], *, on_sent: OnSent | None = None) -> Iterator[list[FormFile]]:
    """The files, open for one attempt; what a failed attempt sent in vain is taken back from `on_sent`.

    Raises OSError.
    """
    with ExitStack() as stack:
        streams = [stack.enter_context(_Counted(path, on_sent)) for path, _ in files]
        try:
            yield [
                ("files", (name, stream, _media_type(path)))
                for (path, name), stream in zip(files, streams, strict=True)
            ]
        except BaseException:
            for stream in streams:
                stream.take_back()
            raise


@contextmanager
def opened_alone(path: Path, *, on_sent: OnSent | None = None) -> Iterator[BinaryIO]:
    """One file, open for one attempt, as in `opened`. Raises OSError."""
    with _Counted(path, on_sent) as stream:
        try:
            yield stream
        except BaseException:
            stream.take_back()
            raise


def sha256_of(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _media_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


class _Counted(FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, on_sent: OnSent | None) -> None:
        super().__init__(path)
        self._tell_sent = on_sent or (lambda _: None)
        self._sent = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        self._sent += len(data)
        self._tell_sent(len(data))
        return data

    def take_back(self) -> None:
        self._tell_sent(-self._sent)
        self._sent = 0
