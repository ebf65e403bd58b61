"""A report as its reader sees it: written, then taken apart into elements."""

from html.parser import HTMLParser

from exports_factory import INVOICE

from docproc.exports.report.report_writer import ReportWriter

VOID = {"meta", "img", "input", "br", "rect", "path"}
PNG = b"\x89PNG" + bytes(996)


class Page(HTMLParser):
    """Elements with their attributes and text; fails on markup that is not balanced."""

    def __init__(self, text):
        super().__init__()
        self.elements: list[dict[str, str]] = []
        self.open: list[dict[str, str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", **{name: content or "" for name, content in attrs}}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "text": "", **{name: content or "" for name, content in attrs}})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def of(self, css):
        """By tag, or by `.class`."""
        if css.startswith("."):
            return [one for one in self.elements if css[1:] in one.get("class", "").split()]
        return [one for one in self.elements if one["tag"] == css]


def report(tmp_path, *documents, schema=INVOICE, **options):
    with ReportWriter(tmp_path / "report.html", schema, overwrite=True, **options) as writer:
        for document in documents:
            writer.write(document)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def page_of(tmp_path, *documents, **options):
    return Page(report(tmp_path, *documents, **options))


def one_image(_document_id, _number):
    return PNG, "image/png"


def tiles(page):
    names, numbers = page.of("dt"), page.of("dd")
    return {name["text"]: number["text"] for name, number in zip(names, numbers, strict=True)}
