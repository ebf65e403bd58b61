"""Archives and mails made on the spot, honest and hostile ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

import pymupdf

from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.unpack import ChildContainers
from docproc.services.originals import look_at
from docproc.services.unpack import Member, Unpacker, Wrapping, unpack
from doubles.blobs import MemoryBlobStore


def pdf(text: str) -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((72, 100), text)
    content: bytes = document.tobytes()
    document.close()
    return content


def zipped(members: Mapping[str, bytes] | Sequence[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """An archive; a sequence may name a member twice."""
    pairs = members.items() if isinstance(members, Mapping) else members
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return target.getvalue()


def mail(text: str = "See the attachment.", *, subject: str = "Invoice R-1") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Jörg Müller <joerg@seller.example>"
    message["To"] = "accounts@buyer.example"
    message["Date"] = "Mon, 17 Mar 2025 10:00:00 +0100"
    message["Subject"] = subject
    message.set_content(text)
    return message


def attach(message: EmailMessage, name: str, content: bytes, media_type: str = "application/pdf") -> EmailMessage:
    maintype, subtype = media_type.split("/")
    message.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return message


class Unpacking:
    """Unpacks files as a submission does, into blobs in memory."""

    def __init__(self, pool: ChildPool, folder: Path) -> None:
        self.blobs = MemoryBlobStore()
        self._pool = pool
        self._folder = folder

    def __call__(
        self, content: bytes, *, name: str = "c", limits: Limits | None = None, passwords: Sequence[str] = ()
    ) -> dict[str, Member]:
        path = self._folder / name
        path.write_bytes(content)
        original = look_at(path, lambda each: accept(each, Limits()))
        unpacker = Unpacker(containers=ChildContainers(self._pool, passwords=passwords), limits=limits or Limits())
        wrapping = Wrapping(original=original, file=name, tenant="local")
        members = unpack(wrapping, unpacker, blobs=self.blobs)
        found = {member.file.removeprefix(f"{name}/"): member for member in members}
        assert len(found) == len(members)
        return found

    def bytes_of(self, member: Member) -> bytes:
        assert member.original.blob_key is not None
        return self.blobs.read(member.original.blob_key)


def outcomes(members: Mapping[str, Member]) -> dict[str, str]:
    """By path: the media type, or the code of the error."""
    return {
        name: str(member.original.media_type) if member.error is None else member.error.code.value
        for name, member in members.items()
    }
