"""Leaves as typed cells, and cells as text that no spreadsheet takes for a formula. Knows no file format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias

from docproc.domain.extraction import FieldValue
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec

Scalar: TypeAlias = str | bool | Decimal | date | None
#: a tuple is a set of values in one cell
CellValue: TypeAlias = Scalar | tuple[Scalar, ...]

#: between the members of a set in one cell
JOINER = " | "

#: of a confidence: expect to correct the value
DOUBTFUL_BELOW = 0.5
#: of a confidence, for a field without a threshold of its own: have a look
CHECK_BELOW = 0.8

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

# Excel and LibreOffice start a formula at these, in ASCII and full width; a leading tab or line end can be eaten
# before they look.
_FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class Concern(StrEnum):
    """Why a person should look at a value, the gravest first."""

    DOUBTFUL = "doubtful"
    CHECK = "check"
    UNGROUNDED = "ungrounded"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value on its way to a table."""

    value: CellValue = None
    kind: FieldKind = FieldKind.TEXT
    confidence: float | None = None
    #: False: a value from a page for which no evidence was found
    grounded: bool = True
    #: confidence under which a person should look; None: the writer's own
    threshold: float | None = None


def typed(value: str | float | bool | None, kind: FieldKind) -> Scalar:  # noqa: FBT001 a value, not a switch
    """`value` as what it is: a number or a day where it is one, else text, so nothing is lost or made up."""
    if value is None or isinstance(value, bool):
        return value
    if kind in NUMERIC or not isinstance(value, str):
        return _decimal(value)
    if kind is FieldKind.DATE and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _decimal(value: str | float) -> Scalar:
    text = str(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    # "NaN" is a number to Decimal and to no spreadsheet; 1e999999 would be a million digits long
    return number if number.is_finite() and abs(number.adjusted()) <= 300 else text  # noqa: PLR2004


def plain_text(value: CellValue, *, decimal_mark: str = ".") -> str:
    """`value` as text, as it is."""
    if isinstance(value, tuple):
        return JOINER.join(plain_text(member, decimal_mark=decimal_mark) for member in value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", decimal_mark)
    return value.isoformat() if isinstance(value, date) else value


def cell_text(value: CellValue, *, decimal_mark: str = ".") -> str:
    """`value` as text for a file without types: text that would start a formula is neutralised, a number is not."""
    text = plain_text(value, decimal_mark=decimal_mark)
    return neutralised(text) if isinstance(value, str | tuple) else text


def neutralised(text: str) -> str:
    """`text` behind an apostrophe when a spreadsheet would run it."""
    return f"'{text}" if starts_formula(text) else text


def starts_formula(text: str) -> bool:
    stripped = text.lstrip(" \u00a0\ufeff")
    return stripped[:1] in _FORMULA_STARTS and stripped != ""


def leaves_cell(leaves: Sequence[FieldValue], spec: FieldSpec) -> Cell:
    """The cell of one leaf, or of the members of a set: as sure as the least sure of them."""
    known = [leaf for leaf in leaves if leaf.value is not None]
    values = tuple(typed(leaf.value, spec.kind) for leaf in known)
    return Cell(
        value=values if len(values) > 1 else next(iter(values), None),
        kind=spec.kind,
        confidence=min((leaf.confidence for leaf in known if leaf.confidence is not None), default=None),
        grounded=all(leaf.evidence for leaf in known),
        threshold=spec.threshold,
    )


def concern_of(cell: Cell) -> Concern | None:
    """What is wrong with a value, if anything: first how sure it is, then whether it was found on a page."""
    if cell.confidence is not None and cell.confidence < DOUBTFUL_BELOW:
        return Concern.DOUBTFUL
    if cell.confidence is not None and cell.confidence < (CHECK_BELOW if cell.threshold is None else cell.threshold):
        return Concern.CHECK
    return None if cell.grounded else Concern.UNGROUNDED
