"""What a model is shown of a record that it is to mend: always JSON, never longer than told."""

import json

from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.places import place_of, value_at
from docproc.domain.schema import JsonValue, Record
from docproc.readers.shown_record import shown_record

ROWS: list[JsonValue] = [{"name": f"part {number}", "amount": f"{number}.00"} for number in range(500)]
RECORD: Record = {"number": "A-7", "note": "long " * 500, "rows": ROWS}


def test_a_short_record_is_shown_as_it_is() -> None:
    assert json.loads(shown_record({"number": "A-7", "rows": ROWS[:3]}, ["number"])) == {
        "number": "A-7",
        "rows": ROWS[:3],
    }


def test_of_a_long_one_the_failing_rows_are_shown_in_their_places() -> None:
    shown = json.loads(shown_record(RECORD, ["rows[3].amount", "rows[7]"], longest=1000))

    assert shown["rows"] == [None, None, None, ROWS[3], None, None, None, ROWS[7]]
    assert (shown["number"], len(shown["note"])) == ("A-7", 200)


def test_where_too_much_fails_the_first_failing_values_stand_alone() -> None:
    paths = [f"rows[{number}].amount" for number in range(500)]
    shown = json.loads(shown_record(RECORD, paths, longest=1000))

    assert list(shown) == paths[: len(shown)]
    assert len(shown) > 20
    assert all(value == value_at(RECORD, place_of(path))[1] for path, value in shown.items())


@given(
    st.sets(st.sampled_from(["note", "rows", "rows[0]", "rows[499].name", "rows[3].amount", "gone", "gone[1].x"])),
    st.integers(2, 3000),
)
def test_it_is_json_and_no_longer_than_told(paths: set[str], longest: int) -> None:
    text = shown_record(RECORD, sorted(paths), longest=longest)

    assert isinstance(json.loads(text), dict)
    assert len(text) <= longest
