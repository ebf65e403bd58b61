"""Rows of a table under its header: lines joined to rows, columns settled by arithmetic where the header errs."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from docproc.readers.layout.rows_join import TableRow, join_lines
from docproc.readers.layout.rows_wrap import cell_words, figure_words, reach_of
from docproc.readers.layout.tables_arithmetic import choose_columns, row_agrees
from docproc.readers.layout.tables_cells import Conventions, number_of
from docproc.readers.layout.tables_glued import cut_quantity
from docproc.readers.layout.tables_ledger import ledger_columns, signed_amount
from docproc.readers.layout.tables_reads import PagedWords, RowRead
from docproc.readers.layout.tables_segments import Segment, roles_of
from docproc.readers.layout.tables_targets import Target
from docproc.readers.layout.tables_vocabulary import ARITHMETIC, Role


def read_headed(segment: Segment, targets: Sequence[Target], conventions: Conventions) -> list[RowRead]:
    """The rows of one stretch of a table; arithmetic decides where the header leaves a choice."""
    rows = join_lines(segment.lines, segment.keys)
    figures = [_figures(row, segment, conventions) for row in rows]
    told = roles_of(segment.columns, targets)
    free = sorted({column for row in figures for column in row})
    # totals with tax are not quantity times price where prices are without
    gross = any(target.role is Role.AMOUNT and target.net is False for target in targets)
    roles = dict(told) if gross else choose_columns(figures, told, free)
    for row, numbers in zip(rows, figures, strict=True):
        _add_glued(row, numbers, roles, segment)
    columns = _column_by_target(segment, targets, roles)
    reaches = _reaches(rows, columns, targets, segment)
    ledger = ledger_columns(columns, targets)
    units = _unit_source(columns, targets)
    reads = []
    for row, numbers in zip(rows, figures, strict=True):
        words = _words(row, columns, reaches, segment.keys.texts)
        negated: frozenset[int] = frozenset()
        if ledger is not None:
            amount, *sides = ledger
            debit, credit = (figure_words(row, side) if side is not None else () for side in sides)
            words[amount], is_debit = signed_amount(debit, credit, conventions)
            negated = frozenset({amount}) if is_debit else negated
        _add_unit(words, units, conventions)
        reads.append(RowRead(words=words, agrees=row_agrees(numbers, roles), negated=negated))
    return reads


def _unit_source(columns: Mapping[int, int], targets: Sequence[Target]) -> tuple[int, int] | None:
    """The targets of unit and quantity when units have no column of their own: they may stand beside quantities."""
    asked = {target.role: at for at, target in enumerate(targets) if target.spec is not None}
    unit, quantity = asked.get(Role.UNIT), asked.get(Role.QUANTITY)
    return None if unit is None or quantity is None or unit in columns else (unit, quantity)


def _add_unit(words: dict[int, PagedWords], units: tuple[int, int] | None, conventions: Conventions) -> None:
    """Give the unit the words that stand beside the quantity."""
    if units is None:
        return
    unit, quantity = units
    paged = words.get(quantity, ())
    found = number_of([word for _, word in paged], conventions.decimal_mark)
    if found is not None:
        number = {id(word) for word in found[1]}
        words[unit] = [(page, word) for page, word in paged if id(word) not in number and word.text[:1].isalpha()]


def _add_glued(row: TableRow, figures: dict[int, Decimal], roles: Mapping[Role, int], segment: Segment) -> None:
    """Find a quantity that was printed into its neighbour."""
    if not all(role in roles for role in ARITHMETIC) or roles[Role.QUANTITY] in figures:
        return
    quantity = cut_quantity(row, figures, roles, segment.lanes[roles[Role.QUANTITY]])
    if quantity is not None:
        figures[roles[Role.QUANTITY]] = quantity


def _figures(row: TableRow, segment: Segment, conventions: Conventions) -> dict[int, Decimal]:
    """The numbers on the row's lines of figures, by column."""
    numbers: dict[int, Decimal] = {}
    for column in range(len(segment.columns)):
        if column in segment.keys.texts:
            continue
        found = number_of([word for _, word in figure_words(row, column)], conventions.decimal_mark)
        if found is not None:
            numbers[column] = found[0]
    return numbers


def _column_by_target(segment: Segment, targets: Sequence[Target], roles: Mapping[Role, int]) -> dict[int, int]:
    """Which column each field takes its cells from: as the header says, but where arithmetic knew better."""
    columns = {column.target: index for index, column in enumerate(segment.columns) if column.target is not None}
    for target_index, target in enumerate(targets):
        if target.role in ARITHMETIC and target.role in roles:
            columns[target_index] = roles[target.role]
    return columns


def _words(
    row: TableRow, columns: Mapping[int, int], reaches: Mapping[int, float | None], texts: Collection[int]
) -> dict[int, PagedWords]:
    """The words of each field asked for."""
    return {
        target: cell_words(row, column, reach=reaches[target]) if column in texts else figure_words(row, column)
        for target, column in columns.items()
        if target in reaches
    }


def _reaches(
    rows: Sequence[TableRow], columns: Mapping[int, int], targets: Sequence[Target], segment: Segment
) -> dict[int, float | None]:
    """For each field asked for, how far its column is written, when it is to be read no further than a name goes."""
    return {
        target: reach_of(rows, column, segment.lanes[column]) if targets[target].names else None
        for target, column in columns.items()
        if targets[target].spec is not None
    }
