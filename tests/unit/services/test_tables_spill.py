"""Long tables leave their tree and come back to it."""

from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.schema import ExtractionSchema, FieldSpec, RuleFindings, Shape
from docproc.services.tables import MAX_ROWS, cut_long_tables, row_lines, rows_of_lines, with_tables


def _table(name: str) -> FieldSpec:
    row = FieldSpec(name="", shape=Shape.GROUP, children=(FieldSpec(name="text"),))
    return FieldSpec(name=name, shape=Shape.LIST, item=row)


SCHEMA = ExtractionSchema(
    name="t",
    version=1,
    fields=(
        FieldSpec(name="number"),
        _table("rows"),
        FieldSpec(name="account", shape=Shape.GROUP, children=(_table("entries"),)),
        FieldSpec(name="tags", shape=Shape.LIST, item=FieldSpec(name="")),
    ),
    json_schema={},
    check_shape=lambda _record: (),
    check_rules=lambda _record: RuleFindings(),
)


def _rows(count: int) -> list[FieldTree]:
    return [{"text": FieldValue(value=f"row {index}\n")} for index in range(count)]


def _tree(rows: int, entries: int) -> dict[str, FieldTree]:
    return {
        "number": FieldValue(value="1"),
        "rows": _rows(rows),
        "account": {"entries": _rows(entries)},
        "tags": [FieldValue(value="x")] * (MAX_ROWS + 1),
    }


def test_short_tables_and_lists_of_values_stay() -> None:
    tree = _tree(MAX_ROWS, 0)
    assert cut_long_tables(tree, SCHEMA) == (tree, {})


def test_long_tables_are_cut_at_any_depth_and_can_be_put_back() -> None:
    tree = _tree(MAX_ROWS + 1, MAX_ROWS + 2)
    kept, cut = cut_long_tables(tree, SCHEMA)
    assert (kept["rows"], kept["account"]) == ([], {"entries": []})
    assert {path: len(rows) for path, rows in cut.items()} == {"rows": MAX_ROWS + 1, "account.entries": MAX_ROWS + 2}
    assert tree == _tree(MAX_ROWS + 1, MAX_ROWS + 2)
    assert with_tables(kept, cut) == tree


def test_rows_survive_pieces_that_end_anywhere() -> None:
    rows = cut_long_tables(_tree(MAX_ROWS + 1, 0), SCHEMA)[1]["rows"]
    content = b"".join(row_lines(rows))
    pieces = (content[start : start + 11] for start in range(0, len(content), 11))
    assert list(rows_of_lines(pieces)) == rows
