from hypothesis import given, settings
from hypothesis import strategies as st
from printed_tables import ITEMS, PrintedLine, window_of

from docproc.readers.layout.tables import read_rows

LABELS = ["Description", "Qty", "Unit price", "Amount", "USt.", "Total", "Carried forward", "Page 1 of 2"]
VALUES = ["1", "2 Stk", "3.50", "7.00", "-1,5", "1.234,56", "(4.00)", "19 %", "2 x 3.50", "x", ":", "€"]
TEXTS = st.sampled_from([*LABELS, *VALUES, "Desk lamp", "12.05.2025", "AB-0146"])
CELLS = st.lists(st.tuples(st.integers(0, 55).map(lambda step: step * 10.0), TEXTS), min_size=1, max_size=6)
PAGES = st.lists(st.lists(CELLS, max_size=14), min_size=1, max_size=3)


def printed(lines: list[list[tuple[float, str]]]) -> list[PrintedLine]:
    return [(40 + 13.0 * at, cells) for at, cells in enumerate(lines)]


@settings(max_examples=120, deadline=None)
@given(PAGES)
def test_whatever_stands_on_the_pages_every_cell_is_a_field_with_evidence_or_null(
    pages: list[list[list[tuple[float, str]]]],
):
    found = read_rows(window_of(*(printed(lines) for lines in pages)), ITEMS, decimal_mark=None, day_first=None)
    names = {"description", "quantity", "unit_price", "line_total"}
    assert all(set(cells) == names for cells in found.rows)
    given_cells = {f"[{at}].{name}" for at, cells in enumerate(found.rows) for name in names if cells[name] is not None}
    assert set(found.hints) == given_cells
    assert all(hint.evidence and 0 < (hint.model or 0) <= 1 for hint in found.hints.values())
