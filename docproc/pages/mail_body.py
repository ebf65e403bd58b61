"""The body of a mail as one HTML page without anything that acts or loads: words, tables, its own images."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote

#: its path in the mail
BODY_NAME = "body.html"
#: elements that are kept, bare; all others give their text alone
_KEPT = (
    frozenset({"p", "div", "pre", "blockquote", "b", "strong", "i", "em", "u"})
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"}
    | {"table", "thead", "tbody", "tfoot", "tr", "td", "th"}
)
#: what nobody sees of these
_UNSEEN = frozenset({"script", "style", "title", "template", "iframe", "object", "svg", "math"}) | {
    *("select", "textarea", "audio", "video", "canvas")
}
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input"}) | {
    *("link", "meta", "param", "source", "track", "wbr")
}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em)?\s*(?:;|\Z)", re.IGNORECASE
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPANS = ("colspan", "rowspan")
_MOST_SPAN = 100
#: open elements; layout engines recurse into them
_MOST_LEVELS = 60
#: what the renderer draws
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif"})
#: in one text; what is more is a document of its own
_MOST_IMAGE_BYTES = 8 << 20
_STYLE = (
    "body{font-family:sans-serif}pre{white-space:pre-wrap;font-family:monospace}td,th{padding:1pt 4pt;text-align:left}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A text that the mail shows."""

    text: str
    is_html: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPage:
    """The page, and what it shows of the mail besides its headers."""

    page: bytes
    #: whether there is anything to read or see
    words: bool
    #: Content-IDs of the images in it
    images: frozenset[str]


def body_page(
    headers: Sequence[tuple[str, str]], shown: Sequence[Shown], images: Mapping[str, tuple[str, bytes]]
) -> BodyPage:
    """One page of headers and texts; images by Content-ID with their media type."""
    cleaned = [_cleaned(text, images) for text in shown]
    lines = "".join(f"<p><b>{name}:</b> {html.escape(text)}</p>" for name, text in headers)
    texts = "<hr/>".join(["", *(each.markup for each in cleaned if each.words or each.images)])
    head = f'<head><meta charset="utf-8"/><style>{_STYLE}</style></head>'
    page = f"<!DOCTYPE html><html>{head}<body>{lines}{texts}</body></html>"
    return BodyPage(
        page=page.encode("utf-8", "replace"),
        words=any(each.words or each.images for each in cleaned),
        images=frozenset().union(*(each.images for each in cleaned)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cleaned:
    markup: str
    words: bool
    images: frozenset[str]


def _cleaned(shown: Shown, images: Mapping[str, tuple[str, bytes]]) -> _Cleaned:
    if not shown.is_html:
        return _Cleaned(markup=f"<pre>{_escaped(shown.text)}</pre>", words=bool(shown.text.strip()), images=frozenset())
    cleaner = _Cleaner(images)
    cleaner.feed(shown.text)
    cleaner.close()
    return cleaner.outcome()


class _Cleaner(HTMLParser):
    """Writes anew what may stay: nothing of the mail's markup is copied, so nothing can hide in it."""

    def __init__(self, images: Mapping[str, tuple[str, bytes]]) -> None:
        super().__init__(convert_charrefs=True)
        self._images = images
        self._written: list[str] = []
        self._open: list[str] = []
        #: the element that is not seen, and how many of its kind are open in it
        self._unseen: str = ""
        self._unseen_depth = 0
        self._words = False
        self._shown: set[str] = set()
        self._image_bytes_left = _MOST_IMAGE_BYTES

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if self._unseen:
            self._unseen_depth += tag == self._unseen
        elif tag in _VOID:
            self._void(tag, said)
        elif tag in _UNSEEN or "hidden" in said or _HIDDEN.search(said.get("style", "")):
            self._unseen, self._unseen_depth = tag, 1
        elif tag in _KEPT and len(self._open) < _MOST_LEVELS:
            self._open.append(tag)
            spans = "".join(f' {name}="{_span(said[name])}"' for name in _SPANS if name in said)
            self._written.append(f"<{tag}{spans}>")

    def _void(self, tag: str, said: Mapping[str, str]) -> None:
        if tag in {"br", "hr"}:
            self._written.append(f"<{tag}/>")
        elif tag == "img" and said.get("src", "").startswith("cid:"):
            self._image(unquote(said["src"].removeprefix("cid:")))

    def _image(self, name: str) -> None:
        media_type, content = self._images.get(name, ("", b""))
        if media_type in _IMAGES and name not in self._shown and len(content) <= self._image_bytes_left:
            self._image_bytes_left -= len(content)
            self._shown.add(name)
            self._written.append(f'<img src="data:{media_type};base64,{base64.b64encode(content).decode()}"/>')

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # browsers take no notice of the slash

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            self._unseen_depth -= tag == self._unseen
            if not self._unseen_depth:
                self._unseen = ""
        elif tag in self._open:
            while self._open:
                closed = self._open.pop()
                self._written.append(f"</{closed}>")
                if closed == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._words = self._words or bool(data.strip())
            self._written.append(_escaped(data))

    def outcome(self) -> _Cleaned:
        ends = "".join(f"</{tag}>" for tag in reversed(self._open))
        return _Cleaned(markup="".join(self._written) + ends, words=self._words, images=frozenset(self._shown))


def _span(said: str) -> int:
    return min(int(said), _MOST_SPAN) if said.isascii() and said.isdigit() else 1


def _escaped(text: str) -> str:
    """Without the control signs that no page shows."""
    return html.escape(_CONTROL.sub("", text))
