"""More keys than memory holds, in order."""

import pytest

from docproc.services.sorted_keys import SortedKeys, without


@pytest.mark.parametrize("run", [1, 3, 1000])
def test_keys_come_in_order_and_once_however_they_were_given(run: int) -> None:
    keys = [f"local/words/{number * 17 % 40:04}" for number in range(80)]

    with SortedKeys(keys, run=run) as in_order:
        assert list(in_order) == sorted(set(keys))
        assert list(in_order) == sorted(set(keys)), "it can be read again"


def test_no_key_is_no_key() -> None:
    with SortedKeys([]) as in_order:
        assert list(in_order) == []


@pytest.mark.parametrize(
    ("keys", "others", "left"),
    [("abc", "", "abc"), ("", "abc", ""), ("abc", "abc", ""), ("ace", "bcd", "ae"), ("bd", "aacee", "bd")],
)
def test_what_the_others_have_is_left_out(keys: str, others: str, left: str) -> None:
    assert "".join(without(keys, others)) == left
