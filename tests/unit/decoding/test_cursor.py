"""The cursor knows every leaf's path and place while the text is still being written."""

import json

from hypothesis import given
from hypothesis import strategies as st

from docproc.decoding.cursor import Place, RecordCursor

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=6)
RECORDS = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)),
    max_size=4,
)


def leaves_of(value: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves_of(inner, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves_of(inner, f"{path}[{index}]")]
    return [(path, value)]


@given(record=RECORDS, indent=st.sampled_from([None, 2]), plain=st.booleans())
def test_every_leaf_of_any_record_is_found_with_its_path_and_text(
    record: dict, indent: int | None, plain: bool
) -> None:
    text = json.dumps(record, indent=indent, ensure_ascii=plain).encode()
    cursor = RecordCursor()
    found = [leaf for mark in range(len(text)) for leaf in cursor.feed(text[mark : mark + 1])]
    told = [(leaf.path, json.loads(text[leaf.start : leaf.end])) for leaf in found]
    assert told == leaves_of(record)
    assert cursor.place is Place.END
    assert cursor.length == len(text)


def test_the_place_and_path_are_known_at_every_byte() -> None:
    cursor = RecordCursor()
    steps = [
        (b'{"a', Place.KEY, ""),
        (b'bc"', Place.COLON, "abc"),
        (b":", Place.VALUE, "abc"),
        (b'"x\\"', Place.TEXT, "abc"),
        (b'"', Place.AFTER, "abc"),
        (b',"rows":[', Place.VALUE, "rows[0]"),
        (b'{"n":1', Place.SCALAR, "rows[0].n"),
        (b'2},{"n":', Place.VALUE, "rows[1].n"),
        (b"null}]", Place.AFTER, "rows"),
        (b"}", Place.END, ""),
    ]
    for text, place, path in steps:
        cursor.feed(text)
        assert (cursor.place, cursor.path) == (place, path)


def test_a_copy_goes_its_own_way() -> None:
    cursor = RecordCursor()
    cursor.feed(b'{"a":[1')
    other = cursor.copy()
    other.feed(b",2]}")
    assert cursor.path == "a[0]"
    assert other.place is Place.END


@given(st.binary(max_size=60))
def test_bytes_that_are_no_json_do_no_harm(text: bytes) -> None:
    cursor = RecordCursor()
    cursor.feed(text)
    assert cursor.length == len(text)
