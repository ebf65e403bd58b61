"""The extension namespace `x-docproc` of a schema: what it may say, and the data sets' older `x-kind`, `x-dayfirst`."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from docproc.domain.errors import SchemaError
from docproc.domain.schema import FieldKind, MergeRule
from schemas.kinds import kind_by_words

KEYWORD = "x-docproc"
#: words of `x-kind` that are not kinds here
_FOREIGN_KINDS = {"relaxed": FieldKind.TEXT}

A = TypeVar("A", bound=BaseModel)


class FieldAnnotation(BaseModel):
    """What `x-docproc` may say about a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FieldKind | None = None
    aliases: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    merge: MergeRule | None = None
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    verbatim: bool = False
    day_first: bool | None = None


class SchemaAnnotation(BaseModel):
    """What `x-docproc` may say about a schema as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = None
    version: Annotated[int, Field(ge=1)] = 1
    day_first: bool | None = None


def field_annotation(keywords: Mapping[str, Any], *, at: str, name: str = "") -> FieldAnnotation:
    """The annotation of a field; SchemaError names what is wrong with it."""
    told = FieldAnnotation() if KEYWORD not in keywords else _validated(FieldAnnotation, keywords[KEYWORD], at=at)
    return told.model_copy(
        update={
            "kind": told.kind or _foreign_kind(keywords.get("x-kind"), at=at, name=name),
            "day_first": told.day_first if told.day_first is not None else _flag(keywords.get("x-dayfirst")),
        }
    )


def schema_annotation(keywords: Mapping[str, Any]) -> SchemaAnnotation:
    """The annotation of a schema as a whole."""
    told = SchemaAnnotation() if KEYWORD not in keywords else _validated(SchemaAnnotation, keywords[KEYWORD], at="")
    day_first = told.day_first if told.day_first is not None else _flag(keywords.get("x-dayfirst"))
    return told.model_copy(update={"day_first": day_first})


def _foreign_kind(word: object, *, at: str, name: str) -> FieldKind | None:
    if word is None:
        return None
    kind = _FOREIGN_KINDS.get(str(word))
    try:
        kind = kind or FieldKind(str(word))
    except ValueError as exc:
        raise SchemaError(f"At {at}/x-kind, {word!r} is no kind. {_known_kinds()}") from exc
    # `x-kind: money` means any decimal: a quantity is one, but is not printed like an amount
    return FieldKind.NUMBER if kind is FieldKind.MONEY and kind_by_words(name) is FieldKind.NUMBER else kind


def _validated(kind: type[A], told: object, *, at: str) -> A:
    try:
        return kind.model_validate(told)
    except ValidationError as exc:
        error = exc.errors()[0]
        place = "/".join([at, KEYWORD, *map(str, error["loc"])])
        known = ", ".join(kind.model_fields)
        raise SchemaError(f"At {place}: {error['msg']}. {KEYWORD} may say: {known}.") from exc


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _known_kinds() -> str:
    return f"Kinds are: {', '.join(FieldKind)}."
