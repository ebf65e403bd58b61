"""What random tokens write for a pydantic class is valid by that class, or the class was refused with its field."""

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import pytest
from doubles.random_model import byte_vocabulary, random_record
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    AwareDatetime,
    Base64Str,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    FilePath,
    FutureDate,
    HttpUrl,
    ImportString,
    Json,
    NaiveDatetime,
    PastDate,
    PrivateAttr,
    RootModel,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from docproc.decoding.guidance import Grammar, require_constrainable
from docproc.decoding.profile import Absence, ConstraintRefusedError, Refusal, decoding_form
from docproc.domain.issues import Issue, Severity
from schemas.classes import compile_class
from schemas.fields import Money

T = TypeVar("T")


def even(number: int) -> int:
    if number % 2:
        raise ValueError("odd")
    return number


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Line(BaseModel):
    code: str = Field(pattern="^[A-Z]{3}$")
    amount: float | None = Field(default=None, ge=0, le=1000)


class Order(BaseModel):
    number: str = Field(min_length=2, max_length=8)
    lines: list[Line] = Field(default_factory=list, max_length=2)


class Counted(BaseModel):
    """Private attributes make pydantic put in a `model_post_init` of its own."""

    number: int
    _read: int = PrivateAttr(0)


class Trimmed(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_max_length=4, frozen=True, extra="forbid")

    word: str


class Short(BaseModel):
    model_config = ConfigDict(str_max_length=4)

    word: Annotated[str, WithJsonSchema({"type": "string"})]


class Tree(BaseModel):
    name: str = Field(max_length=3)
    branches: "list[Tree] | None" = Field(default=None, max_length=1)


class Box(BaseModel, Generic[T]):
    inside: T


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@dataclasses.dataclass
class CheckedPoint:
    x: int

    def __post_init__(self) -> None:
        even(self.x)


class Pair(TypedDict):
    left: int
    right: Annotated[str, Field(max_length=2)]


class OddPair(TypedDict):
    left: Annotated[int, AfterValidator(even)]


class Named(NamedTuple):
    x: int


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def is_even(cls, number: int) -> int:
        return even(number)


class Span(BaseModel):
    first: int
    last: int

    @model_validator(mode="after")
    def in_order(self) -> "Span":
        assert self.first <= self.last
        return self


class Begun(BaseModel):
    first: int

    @model_validator(mode="before")
    @classmethod
    def look(cls, told: object) -> object:
        return told


class EvenAfterwards(BaseModel):
    number: int
    _read: int = PrivateAttr(0)

    def model_post_init(self, _context: object) -> None:
        even(self.number)


class EvenHeir(EvenAfterwards):
    other: int


class OwnWay(BaseModel):
    number: int

    def __init__(self, **told: int) -> None:
        even(told["number"])
        super().__init__(**told)


class Numbers(RootModel[list[int]]):
    """A list by another name."""


class CheckedNumbers(RootModel[list[Annotated[int, AfterValidator(even)]]]):
    """A list whose entries are checked."""


#: ordinary types that a form says all of
HELD: dict[str, Any] = {
    "a word": Annotated[str, Field(min_length=2, max_length=5)],
    "a word in capitals": Annotated[str, StringConstraints(to_upper=True, max_length=5)],
    "a word without its ends": Annotated[str, StringConstraints(strip_whitespace=True, max_length=5)],
    "a pattern": Annotated[str, Field(pattern=r"^[A-Z]{2}\d$")],
    "a compiled pattern": Annotated[str, Field(pattern=re.compile(r"^[a-z]{2}$", re.IGNORECASE))],
    "a number": Annotated[int, Field(gt=0, le=9)],
    "a step": Annotated[int, Field(multiple_of=3, ge=0)],
    "a fraction": Annotated[float, Field(ge=0.5, lt=2)],
    "a decimal": Decimal,
    "an amount": Money,
    "a flag": bool,
    "a day": dt.date,
    "a moment": dt.datetime,
    "a time": dt.time,
    "an identity": UUID,
    "one of two": Literal["one", "two"],
    "one of several kinds": Literal["one", 2, None],
    "an enumeration": Colour,
    "an enumeration of numbers": Size,
    "anything": Any,
    "a bounded number or nothing": Annotated[int | None, Field(ge=0, le=5)],
    "a day or nothing": dt.date | None,
    "a list": Annotated[list[Annotated[str, Field(max_length=3)]], Field(max_length=2)],
    "a list of two": Annotated[list[int], Field(min_length=2, max_length=2)],
    "a sequence": Sequence[bool],
    "a tuple of any length": Annotated[tuple[int, ...], Field(max_length=2)],
    "a dict": dict[str, int],
    "a class": Line,
    "a class or nothing": Line | None,
    "a list of a class": Annotated[list[Line], Field(max_length=2)],
    "a class of a type": Box[int],
    "a class with something private": Counted,
    "a class with a configuration": Trimmed,
    "a class that holds itself": Tree,
    "a list by another name": Numbers,
    "a dataclass": Point,
    "a typed dict": Pair,
    "another name": Annotated[int, Field(validation_alias="b")],
    "one of two names": Annotated[int, Field(validation_alias=AliasChoices("b", AliasPath("c", 0)))],
}
#: what a class checks and no form says, and what the refusal names
UNHELD: dict[str, tuple[Any, str]] = {
    "code": (Annotated[int, AfterValidator(even)], "a: the code even"),
    "code on what may be absent": (Annotated[int, AfterValidator(even)] | None, "a: the code even"),
    "code on entries": (list[Annotated[int, AfterValidator(even)]], r"a\[\]: the code even"),
    "code before": (Annotated[int, BeforeValidator(even)], "a: the code even"),
    "code of a field": (Even, "a.number: the code is_even"),
    "code of a class": (Span, "a: the code in_order"),
    "code of a class, before": (Begun, "a: the code look"),
    "code of a row": (list[Span], r"a\[\]: the code in_order"),
    "code afterwards": (EvenAfterwards, "a: the code model_post_init"),
    "code afterwards of a parent": (EvenHeir, "a: the code model_post_init"),
    "a making of its own": (OwnWay, "a: the class's own __init__"),
    "code in a list by another name": (CheckedNumbers, r"a\[\]: the code even"),
    "code of a class of a type": (Box[Annotated[int, AfterValidator(even)]], "a.inside: the code even"),
    "code of a dataclass": (CheckedPoint, "a: the code __post_init__"),
    "code of a typed dict": (OddPair, "a.left: the code even"),
    "a named tuple": (Named, "a: a named-tuple"),
    "a day that has been": (PastDate, "a: its now_op"),
    "a day to come": (FutureDate, "a: its now_op"),
    "a day from one on": (Annotated[dt.date, Field(ge=dt.date(2020, 1, 1))], "a: its ge"),
    "a moment with its zone": (AwareDatetime, "a: its tz_constraint"),
    "a moment without its zone": (NaiveDatetime, "a: its tz_constraint"),
    "a strict moment": (Annotated[dt.datetime, Field(strict=True)], "a: a strict moment"),
    "a version of an identity": (UUID4, "a: its version"),
    "a place in the web": (HttpUrl, "a: the code"),
    "any place": (AnyUrl, "a: the code"),
    "an address of a machine": (IPv4Address, "a: the code"),
    "a span of time": (dt.timedelta, "a: a timedelta"),
    "a file": (FilePath, "a: the code"),
    "JSON in a text": (Json, "a: a json"),
    "a thing of Python": (ImportString, "a: the code"),
    "letters for bytes": (Base64Str, "a: the code"),
    "bytes": (bytes, "a: a bytes"),
    "a secret": (SecretStr, "a: the code"),
    "a size": (ByteSize, "a: the code"),
    "entries that differ": (set[str], "a: a set"),
    "places that differ": (tuple[int, int], "a: its places"),
    "digits": (Annotated[Decimal, Field(max_digits=5, decimal_places=2)], "a: its max_digits"),
    "a decimal in bounds": (Annotated[Decimal, Field(ge=0)], "a: its ge"),
    "a number or a word": (int | str, "a: a union"),
    "what is left without its ends": (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)],
        "a: what is left",
    ),
    "a pattern that looks around": (
        Annotated[str, Field(pattern=re.compile(r"^(?!x)[a-z]+$"))],
        "a: no grammar follows its pattern",
    ),
    "a pattern with comments": (
        Annotated[str, Field(pattern=re.compile(r"^[a-z] {2}$", re.VERBOSE))],
        "a: no grammar follows its pattern",
    ),
    "a JSON Schema that says less": (Annotated[int, Field(ge=3), WithJsonSchema({"type": "integer"})], "a: its ge"),
    "a JSON Schema that says another type": (Annotated[int, WithJsonSchema({"type": "string"})], "a: its JSON Schema"),
    "a JSON Schema that says other choices": (
        Annotated[Colour, WithJsonSchema({"enum": ["green"]})],
        "a: its choices",
    ),
    "a configuration that its JSON Schema does not say": (Short, "a.word: it may be longer than 4"),
    "values made of others": (Annotated[int, Field(default_factory=lambda told: even(len(told)))], "a: where"),
    "a default that is checked": (Annotated[int, Field(default="odd", validate_default=True)], "a: where"),
    "a place among others": (Annotated[int, Field(validation_alias=AliasPath("b", 0))], "a: it is looked for"),
}


def of_type(told: object) -> type[BaseModel]:
    return type("Sheet", (BaseModel,), {"__annotations__": {"a": told}, "__module__": __name__})


def errors(schema_class: type[BaseModel], absence: Absence, *, walks: int = 8) -> list[str]:
    """What the class itself, asked by the shape check, says against records of random tokens."""
    schema = compile_class(schema_class)
    require_constrainable(schema, absence=absence)
    grammar, found = Grammar(decoding_form(schema, absence=absence), byte_vocabulary()), []
    for seed in range(walks):
        record = random_record(grammar, seed=seed)
        assert record is not None, "it came to no end"
        found += [f"{issue.message} in {record}" for issue in schema.check_shape(record) if _counts(issue, absence)]
    return found


def _counts(issue: Issue, absence: Absence) -> bool:
    return issue.severity is Severity.ERROR or absence is Absence.WHERE_ALLOWED


@pytest.mark.parametrize("absence", Absence)
@pytest.mark.parametrize("name", HELD)
def test_a_class_that_is_not_refused_takes_whatever_is_written(name: str, absence: Absence) -> None:
    assert errors(of_type(HELD[name]), absence) == []


class Visit(BaseModel):
    """Names that promise another kind of value than the types."""

    date: dt.time
    total: str = Field(min_length=5)
    currency: Annotated[str, Field(pattern="^[A-Z]{2}$")]


@pytest.mark.parametrize("absence", Absence)
def test_the_types_of_a_class_hold_whatever_its_names_promise(absence: Absence) -> None:
    assert errors(Visit, absence) == []


@pytest.mark.parametrize("absence", Absence)
def test_a_class_of_several_classes_takes_whatever_is_written(absence: Absence) -> None:
    assert errors(Order, absence) == []


@pytest.mark.parametrize("name", UNHELD)
def test_what_a_class_checks_and_no_form_says_is_refused_with_its_field_and_what_to_do(name: str) -> None:
    told, place = UNHELD[name]
    with pytest.raises(ConstraintRefusedError, match=f"Sheet.{place}.*; declare it by") as caught:
        require_constrainable(compile_class(of_type(told)))
    assert caught.value.refusal is Refusal.UNSUPPORTED


@pytest.mark.parametrize(("schema_class", "said"), [(Even, "is_even"), (Span, "in_order"), (OwnWay, "__init__")])
def test_a_class_that_checks_itself_in_code_is_refused_with_the_name_of_its_check(
    schema_class: type[BaseModel], said: str
) -> None:
    with pytest.raises(ConstraintRefusedError, match=said):
        require_constrainable(compile_class(schema_class))
