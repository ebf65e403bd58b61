"""Types of fields for schemas written as pydantic classes: each says its kind, and how a record holds it as JSON."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import Field, PlainSerializer, WithJsonSchema

from docproc.domain.schema import FieldKind, MergeRule
from schemas.annotations import KEYWORD
from schemas.profile import DATE, KIND_PATTERNS, MAX_FREE_TEXT, MAX_LENGTH


def _decimal(kind: FieldKind) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": KIND_PATTERNS[kind], KEYWORD: {"kind": kind.value}})


def _text(kind: FieldKind, *, pattern: str | None = None, format_name: str | None = None) -> WithJsonSchema:
    form: dict[str, Any] = {"type": "string", "maxLength": MAX_LENGTH, KEYWORD: {"kind": kind.value}}
    form.update({"pattern": pattern} if pattern else {})
    form.update({"format": format_name} if format_name else {})
    return WithJsonSchema(form)


#: pydantic takes no NaN and no infinity for one
_Decimal = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]

#: an amount, without its currency; a decimal string in JSON
Money: TypeAlias = Annotated[_Decimal, _decimal(FieldKind.MONEY)]
#: any other decimal: a quantity, a weight
Number: TypeAlias = Annotated[_Decimal, _decimal(FieldKind.NUMBER)]
#: `19` for 19 %
Percent: TypeAlias = Annotated[_Decimal, _decimal(FieldKind.PERCENT)]
#: a count
Count: TypeAlias = Annotated[int, WithJsonSchema({"type": "integer", KEYWORD: {"kind": "integer"}})]
#: a calendar day, ISO 8601 in JSON
Day: TypeAlias = Annotated[
    date, WithJsonSchema({"type": "string", "format": "date", "pattern": DATE, KEYWORD: {"kind": "date"}})
]
#: ISO 4217
Currency: TypeAlias = Annotated[str, _text(FieldKind.CURRENCY, pattern=KIND_PATTERNS[FieldKind.CURRENCY])]
#: a number or code: case, spaces and punctuation at its ends do not matter
Identifier: TypeAlias = Annotated[str, _text(FieldKind.ID)]
Iban: TypeAlias = Annotated[str, _text(FieldKind.IBAN, pattern=KIND_PATTERNS[FieldKind.IBAN])]
VatId: TypeAlias = Annotated[str, _text(FieldKind.VAT_ID)]
Email: TypeAlias = Annotated[str, _text(FieldKind.EMAIL, format_name="email")]
Url: TypeAlias = Annotated[str, _text(FieldKind.URL)]
Phone: TypeAlias = Annotated[str, _text(FieldKind.PHONE)]
#: one line of words
Line: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "maxLength": MAX_LENGTH, KEYWORD: {"kind": "text"}})]
#: words over several lines
FreeText: TypeAlias = Annotated[
    str, WithJsonSchema({"type": "string", "maxLength": MAX_FREE_TEXT, KEYWORD: {"kind": "text"}})
]


def described(  # noqa: PLR0913 each is one word of the x-docproc namespace
    description: str,
    *,
    aliases: str = "",
    title: str | None = None,
    merge: MergeRule | None = None,
    threshold: float | None = None,
    verbatim: bool = False,
    day_first: bool | None = None,
) -> Any:  # noqa: ANN401 pydantic's Field is typed so
    """What a reader should know of a field: goes into `Annotated` behind its type.

    Args:
        description: what the value is, in a sentence for people and models.
        aliases: labels under which it is printed, in any language, parted by `|`.
        title: its name for people; by default made from the field's name.
        merge: how several windows' values become one.
        threshold: confidence under which a person should look.
        verbatim: the value must stand on the page as it is.
        day_first: order of a numeric date.
    """
    told = {
        "aliases": [label.strip() for label in aliases.split("|") if label.strip()],
        "merge": merge and merge.value,
        "threshold": threshold,
        "verbatim": verbatim or None,
        "day_first": day_first,
    }
    kept: dict[str, Any] = {name: value for name, value in told.items() if value not in (None, "", [])}
    return Field(title=title, description=description, json_schema_extra={KEYWORD: kept} if kept else None)
