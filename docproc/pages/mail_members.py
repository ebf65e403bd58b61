"""The members of a mail: its body as a page of HTML, then its attachments; runs in a child process only."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_binary_file
from email.errors import HeaderParseError, MessageError
from email.generator import BytesGenerator
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from io import BytesIO
from pathlib import Path

from docproc.domain.document import MediaType
from docproc.domain.errors import CorruptError, EmptyError, TooLargeError
from docproc.intake import Limits
from docproc.pages.container import PIECE_BYTES, Member
from docproc.pages.mail_body import BODY_NAME, Shown, body_page

_FOLDER = "attachments"
#: of the mail, on top of its body: what a person sees of it
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_HEADER = 2000
_TEXTS = frozenset({"text/plain", "text/html"})
#: second parts of signed mails: they prove the first and say nothing themselves
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
#: multiparts in multiparts; mail programs nest about five
_MOST_LEVELS = 40
#: what the parser of mails raises on damaged ones, in spite of itself
_DAMAGED = (MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError)


@contextmanager
def mail_errors() -> Iterator[None]:
    """The parser's exceptions as ours; their text is dropped, it quotes the mail."""
    try:
        yield
    except RecursionError as exc:
        raise TooLargeError("the parts of the mail are nested too deep") from exc
    except _DAMAGED as exc:
        raise CorruptError("the mail is damaged") from exc


@dataclass(slots=True, kw_only=True)
class _Parts:
    """What the parts of a mail come to, in their order."""

    shown: list[Shown] = field(default_factory=list)
    attached: list[Message] = field(default_factory=list)
    #: images that the body may show in place, by Content-ID
    images: dict[str, Message] = field(default_factory=dict)


class MailMembers:
    """An open mail."""

    def __init__(self, path: Path, *, limits: Limits) -> None:
        with mail_errors(), path.open("rb") as stream:
            # The older policy keeps headers as they are: the newer one parses each, and trips over hostile ones.
            self._mail: Message = message_from_binary_file(stream, policy=compat32)
            self._parts = _Parts()
            _collect(self._mail, self._parts, level=0)
        if len(self._parts.attached) > limits.max_members:
            raise TooLargeError(f"the mail has more than {limits.max_members:,} attachments")

    def __iter__(self) -> Iterator[Member]:
        with mail_errors():
            headers = [(name, _header(self._mail, name)) for name in _SHOWN_HEADERS]
            images = {name: (_type_of(part), _bytes(part)) for name, part in self._parts.images.items()}
            body = body_page([(name, text) for name, text in headers if text], self._parts.shown, images)
        unshown = [part for name, part in self._parts.images.items() if name not in body.images]
        attached = [*self._parts.attached, *unshown]
        if body.words or not attached:
            yield Member(name=BODY_NAME, pieces=_pieces(body.page), media_type=MediaType.HTML)
        for number, part in enumerate(attached, start=1):
            yield _attachment(part, number)


def _collect(part: Message, parts: _Parts, *, level: int, quiet: bool = False) -> None:
    """`quiet`: texts are another way to say what is said already; files count all the same."""
    if level > _MOST_LEVELS:
        raise TooLargeError("the parts of the mail are nested too deep")
    kind = _type_of(part)
    if part.is_multipart() and kind.startswith("multipart/"):
        _collect_parts(part, kind, parts, level=level, quiet=quiet)
    elif kind in _TEXTS and not _is_file(part):
        if not quiet:
            parts.shown.append(Shown(text=_text(part), is_html=kind == "text/html"))
    elif kind.startswith("image/") and part.get("Content-ID"):
        name = str(part.get("Content-ID")).strip().strip("<>")
        parts.images[name if name not in parts.images else f"{name}#{len(parts.images)}"] = part
    else:
        parts.attached.append(part)


def _collect_parts(part: Message, kind: str, parts: _Parts, *, level: int, quiet: bool) -> None:
    inside = [each for each in part.get_payload() if isinstance(each, Message)]
    if kind == "multipart/signed":
        inside = [each for each in inside if _type_of(each) not in _SIGNATURES]
    best = len(inside) - 1
    if kind == "multipart/alternative":  # the last one that holds a text says it best
        best = next((at for at in reversed(range(len(inside))) if _holds_text(inside[at])), best)
    for at, each in enumerate(inside):
        unwanted = kind == "multipart/alternative" and at != best
        _collect(each, parts, level=level + 1, quiet=quiet or unwanted)


def _holds_text(part: Message) -> bool:
    return any(_type_of(each) in _TEXTS and not _is_file(each) for each in part.walk())


def _type_of(part: Message) -> str:
    return part.get_content_type()


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _attachment(part: Message, number: int) -> Member:
    is_mail = _type_of(part) == "message/rfc822"
    name = _file_name(part) or f"{number}{'.eml' if is_mail else ''}"
    return Member(name=f"{_FOLDER}/{name}", pieces=_contents(part), media_type=MediaType.MAIL if is_mail else None)


def _file_name(part: Message) -> str:
    """As the mail says it, decoded; empty when it has none or says it wrongly."""
    try:
        name = part.get_filename()
        return "" if name is None else _decoded(name)
    except _DAMAGED:
        return ""


def _contents(part: Message) -> Iterator[bytes]:
    with mail_errors():
        content = _bytes(part)
        if not content:
            raise EmptyError("the attachment is empty (zero bytes)")
    yield from _pieces(content)


def _bytes(part: Message) -> bytes:
    """A part without its transfer encoding; one that holds parts itself (a mail, a report) as it stands."""
    if not part.is_multipart():
        content = part.get_payload(decode=True)
        return content if isinstance(content, bytes) else b""
    target = BytesIO()
    for inside in part.get_payload():
        if isinstance(inside, Message):
            BytesGenerator(target, mangle_from_=False, policy=compat32).flatten(inside)
    return target.getvalue()


def _pieces(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), PIECE_BYTES):
        yield content[at : at + PIECE_BYTES]


def _text(part: Message) -> str:
    content = _bytes(part)
    said = part.get_content_charset()
    for charset in (said, "utf-8"):
        try:
            if charset:
                return content.decode(charset)
        except (LookupError, ValueError):  # no such encoding, or not written in it
            continue
    return content.decode("cp1252", "replace")


def _header(mail: Message, name: str) -> str:
    return _decoded(str(mail.get(name, "")))[:_LONGEST_HEADER]


def _decoded(text: str) -> str:
    with suppress(HeaderParseError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    # bytes that no encoding was said of are kept as surrogates
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(text.split())
