"""Lines and messages, in whatever pieces they arrive."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from docproc.client.lines import Lines
from docproc.client.messages import Message, Messages


def pieces(data, cuts):
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in pairwise(places)]


@given(st.lists(st.binary().map(lambda line: line.replace(b"\n", b""))), st.lists(st.integers(0, 10_000)))
def test_lines_are_the_same_however_they_arrive(lines, cuts):
    arriving = Lines()
    data = b"".join(line + b"\n" for line in lines)
    assert [line for piece in pieces(data, cuts) for line in arriving.feed(piece)] == lines


def test_a_line_ends_with_lf_alone():
    assert Lines().feed('{"a": "1\u2028\x0b\x85"}\n'.encode()) == ['{"a": "1\u2028\x0b\x85"}'.encode()]


@given(st.lists(st.integers(0, 10_000)))
def test_messages_are_the_same_however_they_arrive(cuts):
    arriving = Messages()
    data = b'id: 1\nevent: a\ndata: {"x": "\xc3\xa9"}\n\n: still here\n\nevent: b\r\ndata: 1\r\ndata: 2\r\n\r\n'
    found = [message for piece in pieces(data, cuts) for message in arriving.feed(piece)]
    assert found == [Message("a", ['{"x": "é"}']), Message(), Message("b", ["1", "2"])]
    assert found[-1].text == "1\n2"


def test_a_message_that_breaks_off_is_none():
    assert Messages().feed(b"event: a\ndata: 1\n") == []
