"""Where the documents of a submission lie: files of the form, uploads in the store, URLs. Knows no job."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from docproc.api.asks import DocumentAsk
from docproc.api.incoming import MAX_FILES, IncomingFile
from docproc.api.wiring import Face
from docproc.domain.errors import BlobMissingError, UsageError
from docproc.services.submit import SubmittedFile
from docproc.services.uploads import open_upload

_LONGEST_NAME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Where documents come to lie while they are submitted."""

    face: Face
    tenant: str
    folder: Path
    #: keeps what was opened until the submission is recorded
    opened: ExitStack


def placed(asked: Sequence[DocumentAsk], sent: Sequence[IncomingFile], arrivals: Arrivals) -> list[SubmittedFile]:
    """All documents in order: the files of the form, then what was asked for besides.

    Raises UsageError when there is none, or one that was told of is not there; TooLargeError.
    """
    told: dict[str, list[DocumentAsk]] = {}
    for ask in asked:
        if ask.file is not None:
            told.setdefault(ask.file, []).append(ask)
    files = [_of_form(place, file, told) for place, file in enumerate(sent)]
    unsent = [name for name, asks in told.items() if asks]
    if unsent:
        raise UsageError(f"documents: no file of the form is called {unsent[0]!r}")
    elsewhere = [ask for ask in asked if ask.file is None]
    if not files and not elsewhere:
        raise UsageError("there is no document: send one or more `files`, or name uploads or URLs in `documents`")
    if len(files) + len(elsewhere) > MAX_FILES:
        raise UsageError(f"a request has at most {MAX_FILES} documents: send several")
    return [*files, *(_from_elsewhere(place, ask, arrivals) for place, ask in enumerate(elsewhere))]


def _of_form(place: int, file: IncomingFile, told: dict[str, list[DocumentAsk]]) -> SubmittedFile:
    asks = told.get(file.name)
    ask = asks.pop(0) if asks else None
    return _submitted(file.path, ask, name=file.name, known_as=f"sent/{place}")


def _from_elsewhere(place: int, ask: DocumentAsk, arrivals: Arrivals) -> SubmittedFile:
    if ask.upload_id is not None:
        return _submitted(
            _uploaded(ask.upload_id, arrivals), ask, name=f"{ask.upload_id[:12]}", known_as=f"upload/{place}"
        )
    path = arrivals.folder / f"url-{place}"
    _fetch(ask.url or "", path, arrivals)
    return _submitted(path, ask, name=_name_of(ask.url or ""), known_as=f"url/{place}")


def _submitted(path: Path, ask: DocumentAsk | None, *, name: str, known_as: str) -> SubmittedFile:
    if ask is None:
        return SubmittedFile(path=path, name=name[-_LONGEST_NAME:], known_as=known_as)
    called = (ask.name or name)[-_LONGEST_NAME:]
    return SubmittedFile(path=path, name=called, external_id=ask.external_id, metadata=ask.metadata, known_as=known_as)


def _uploaded(upload_id: str, arrivals: Arrivals) -> Path:
    desk = arrivals.face.desk
    try:
        return arrivals.opened.enter_context(open_upload(desk.stores.blobs, arrivals.tenant, upload_id))
    except BlobMissingError as exc:
        raise UsageError("documents: there is no such upload: ask for one with POST /v1/uploads") from exc


def _fetch(url: str, path: Path, arrivals: Arrivals) -> None:
    from docproc.sinks.fetching import fetch  # noqa: PLC0415

    settings = arrivals.face.desk.settings
    fetch(url, path, max_bytes=settings.max_bytes, inside=settings.source_hosts)


def _name_of(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name or "document"
