"""A file that intake accepted into documents with their bytes: itself, or all that it contains. Writes no row."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from docproc.domain.errors import DocumentError, UnsupportedError
from docproc.domain.failure import Phase
from docproc.domain.ids import new_id
from docproc.services.names import readable
from docproc.services.originals import container_type, keep, keep_again
from docproc.services.ports import BlobStore
from docproc.services.records import NewDocument, Original
from docproc.services.unpack import Member, Unpacker, Wrapping, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLabel:
    """What the documents of a file are given."""

    #: path relative to the argument given
    name: str
    external_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: by which it is known within the job; None: by its path
    known_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How the files of one job are taken in."""

    tenant: str
    blobs: BlobStore
    #: copy files too; what is in containers is copied always, for it lies nowhere else
    keeps_originals: bool
    #: None: a container is refused
    unpacker: Unpacker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """A file, and its documents before they have rows."""

    original: Original
    label: FileLabel
    documents: Sequence[NewDocument]

    @property
    def rows(self) -> Sequence[NewDocument]:
        """The documents as they are recorded: known by their path, unless they lie elsewhere each time."""
        known_as, lay_at = self.label.known_as, self.original.path
        if known_as is None:
            return self.documents
        return [
            # what was in a container keeps its path in there
            replace(each, original=replace(each.original, path=known_as + each.original.path.removeprefix(lay_at)))
            for each in self.documents
        ]


def take_in(original: Original, label: FileLabel, taking: Taking) -> TakenIn:
    """One document, or those of a container. Raises DocumentError."""
    if container_type(original) is not None:
        documents = [_document(label, member) for member in _members(original, label, taking)]
    else:
        kept = keep(original, tenant=taking.tenant, blobs=taking.blobs) if taking.keeps_originals else original
        documents = [_document(label, Member(file=readable(label.name), original=kept))]
    return TakenIn(original=original, label=label, documents=documents)


def refuse(original: Original, label: FileLabel, error: DocumentError) -> TakenIn:
    """A file that intake refused is a failed document, never a lost one."""
    refused = _document(label, Member(file=readable(label.name), original=original, error=error))
    return TakenIn(original=original, label=label, documents=[refused])


def take_in_again(taken: TakenIn, taking: Taking) -> None:
    """Copy once more what another job's deletion took between `take_in` and the rows that speak for it."""
    if container_type(taken.original) is None:
        for document in taken.documents:
            keep_again(document.original, tenant=taking.tenant, blobs=taking.blobs)
        return
    keys = [document.original.blob_key for document in taken.documents]
    if any(key is not None and taking.blobs.size(key) is None for key in keys):
        with suppress(DocumentError):  # what is missing when the document is prepared is said there
            take_in(taken.original, taken.label, taking)


def _members(original: Original, label: FileLabel, taking: Taking) -> Sequence[Member]:
    if taking.unpacker is None:
        raise UnsupportedError("the file holds documents and is none itself: unpack it")
    wrapping = Wrapping(original=original, file=readable(label.name), tenant=taking.tenant)
    return unpack(wrapping, taking.unpacker, blobs=taking.blobs)


def _document(label: FileLabel, member: Member) -> NewDocument:
    return NewDocument(
        id=new_id(),
        file=member.file,
        original=member.original,
        failure=None if member.error is None else member.error.failure(Phase.INTAKE),
        external_id=label.external_id,
        metadata=label.metadata,
    )
