"""The body of a mail as a page without anything that acts, loads or hides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.pages.mail_body import Shown, body_page

PNG = b"\x89PNG\r\n\x1a\n"


def shown(markup: str, images=None) -> str:
    page = body_page([], [Shown(text=markup, is_html=True)], images or {}).page.decode()
    return page.split("<body>")[1].removesuffix("</body></html>").removeprefix("<hr/>")


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p class='x' onclick='y()'>Total</p>", "<p>Total</p>"),
        ("a<script>document.write('x')</script>b", "ab"),
        ("<style>p{background:url(http://x.example/)}</style>a", "a"),
        ("<img src='http://x.example/pixel.gif'>a", "a"),
        ("<img src='file:///etc/passwd'><img src='../b.png'>a", "a"),
        ("<iframe src='http://x.example'>no</iframe>a", "a"),
        ("<object data='x'><p>no</p></object>a", "a"),
        ("<link rel=stylesheet href='http://x.example/a.css'>a", "a"),
        ("<a href='http://x.example'>pay</a>", "pay"),
        ("<td colspan='2' style='color:red'>1</td>", '<td colspan="2">1</td>'),
        ("<td colspan='999999999'>1</td>", '<td colspan="100">1</td>'),
        ("<td colspan='\"><script>'>1</td>", '<td colspan="1">1</td>'),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("1 &amp; 2 < 3", "1 &amp; 2 &lt; 3"),
        ("<p>a<br>b", "<p>a<br/>b</p>"),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("</div></p>x", "x"),
        ("<head><title>t</title></head><body>x</body>", "x"),
        ("<head><meta charset=x><body>x", "x"),
    ],
)
def test_only_words_and_their_order_are_left(markup, left):
    assert shown(markup) == left


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>Total 1.00 <div>x</div> y</div>",
        "<span style='VISIBILITY : hidden'>Total 1.00</span>",
        "<span style='font-size:0px'>Total 1.00</span>",
        "<p hidden>Total 1.00</p>",
        "<!-- Total 1.00 -->",
    ],
)
def test_what_nobody_sees_is_no_word(hidden):
    assert shown(f"a{hidden}b") == "ab"


def test_an_image_of_the_mail_is_drawn_where_the_body_shows_it():
    images = {"logo@x": ("image/png", PNG), "other@x": ("image/png", PNG)}
    body = body_page([], [Shown(text="<img src='cid:logo%40x'>", is_html=True)], images)
    assert b'<img src="data:image/png;base64,iVBORw0KGgo="/>' in body.page
    assert (body.images, body.words) == ({"logo@x"}, True)


def test_an_image_of_another_kind_is_not_drawn():
    body = body_page([], [Shown(text="<img src='cid:a'>", is_html=True)], {"a": ("image/svg+xml", b"<svg/>")})
    assert (b"<img" in body.page, body.images) == (False, frozenset())


def test_images_beyond_measure_are_left_to_be_documents():
    images = dict.fromkeys(("a", "b"), ("image/png", b"x" * (5 << 20)))
    body = body_page([], [Shown(text="<img src='cid:a'><img src='cid:b'>", is_html=True)], images)
    assert body.images == {"a"}


def test_plain_text_keeps_its_columns():
    page = body_page([("Subject", "a < b")], [Shown(text="x   1\ny   2\x00", is_html=False)], {}).page.decode()
    assert "<p><b>Subject:</b> a &lt; b</p><hr/><pre>x   1\ny   2</pre>" in page


def test_deep_nesting_is_flattened():
    assert shown("<div>" * 100_000 + "x").count("<div>") == 60


@given(st.text(alphabet="<>/!-=\"' abdipstyle:none&;#\x00\n", max_size=300))
def test_no_markup_gets_through_that_is_not_ours(markup):
    left = shown(markup, {"a": ("image/png", PNG)})
    for tag in ("script", "style", "iframe", "object", "link", "meta"):
        assert f"<{tag}" not in left
    assert "http" not in left
