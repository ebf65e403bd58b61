"""Where the documents of a submission lie: files of the form, uploads in the store, URLs. Knows no job."""

from collections.abc import Sequence

from docproc.api.asks import DocumentAsk
from docproc.api.incoming import MAX_FILES, IncomingFile
from docproc.domain.errors import UsageError
from docproc.services.submit import SubmittedFile

_LONGEST_NAME = 500


def placed(asked: Sequence[DocumentAsk], sent: Sequence[IncomingFile]) -> list[SubmittedFile]:
    """All documents in order: the files of the form, then what was asked for besides.

    Raises UsageError when there is none, or one that was told of is not there.
    """
    told: dict[str, list[DocumentAsk]] = {}
    for ask in asked:
        if ask.file is not None:
            told.setdefault(ask.file, []).append(ask)
    files = [_of_form(place, file, told) for place, file in enumerate(sent)]
    unsent = [name for name, asks in told.items() if asks]
    if unsent:
        raise UsageError(f"documents: no file of the form is called {unsent[0]!r}")
    if not files:
        raise UsageError("there is no document: send one or more `files`, or name uploads or URLs in `documents`")
    if len(files) > MAX_FILES:
        raise UsageError(f"a request has at most {MAX_FILES} documents: send several")
    return files


def _of_form(place: int, file: IncomingFile, told: dict[str, list[DocumentAsk]]) -> SubmittedFile:
    asks = told.get(file.name)
    ask = asks.pop(0) if asks else DocumentAsk(file=file.name[:1000])
    name = (ask.name or file.name)[-_LONGEST_NAME:]
    return SubmittedFile(
        path=file.path,
        name=name,
        external_id=ask.external_id,
        metadata=ask.metadata,
        known_as=f"sent/{place}",
    )
