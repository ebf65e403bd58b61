"""An extraction schema as readers, grounding and exports see it: a tree of fields. Knows no pydantic class."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from docproc.domain.issues import Issue

#: a record as JSON holds it: amounts are decimal strings, dates ISO strings
JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
Record: TypeAlias = dict[str, JsonValue]


class Shape(StrEnum):
    """Leaf, object or list."""

    LEAF = "leaf"
    GROUP = "group"
    LIST = "list"


class FieldKind(StrEnum):
    """What a leaf holds, and with it how its print is found, parsed and compared."""

    TEXT = "text"
    ID = "id"  # a number or code: case, spaces and punctuation at the ends do not matter
    MONEY = "money"  # decimal string
    NUMBER = "number"
    INTEGER = "integer"
    PERCENT = "percent"
    DATE = "date"  # ISO 8601
    CURRENCY = "currency"  # ISO 4217
    BOOLEAN = "boolean"
    ENUM = "enum"
    IBAN = "iban"
    VAT_ID = "vat_id"
    EMAIL = "email"
    URL = "url"
    PHONE = "phone"


NUMERIC = frozenset({FieldKind.MONEY, FieldKind.NUMBER, FieldKind.INTEGER, FieldKind.PERCENT})


class MergeRule(StrEnum):
    """How the values of several windows of one document become one."""

    BEST = "best"  # the most confident; a disagreement is reported
    FIRST = "first"
    LAST = "last"
    LONGEST = "longest"
    SUM = "sum"
    APPEND = "append"  # lists: concatenate, repeated rows at a page border dropped
    UNION = "union"  # sets: each value once


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One node of a schema's tree."""

    name: str
    shape: Shape = Shape.LEAF
    #: of a leaf; TEXT elsewhere
    kind: FieldKind = FieldKind.TEXT
    title: str = ""
    description: str = ""
    #: other labels under which the value is printed, any language
    aliases: tuple[str, ...] = ()
    required: bool = False
    nullable: bool = True
    #: allowed values of an ENUM
    options: tuple[str, ...] = ()
    merge: MergeRule = MergeRule.BEST
    #: confidence under which a person should look
    threshold: float | None = None
    #: the value must stand on the page as it is; ungrounded is an error
    verbatim: bool = False
    #: order of a numeric date such as 03/04/2025; None: not known
    day_first: bool | None = None
    #: a leaf whose JSON type is number or integer, not string
    json_number: bool = False
    #: anchored regular expression that a TEXT or ID value must match
    pattern: str | None = None
    max_length: int | None = None
    #: of a GROUP
    children: tuple["FieldSpec", ...] = ()
    #: of a LIST
    item: "FieldSpec | None" = None
    max_items: int | None = None

    @property
    def is_table(self) -> bool:
        """A list of objects: rows."""
        return self.shape is Shape.LIST and self.item is not None and self.item.shape is Shape.GROUP

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, "FieldSpec"]]:
        """Every leaf below with its field path; a list adds `[]`: `line_items[].amount`."""
        path = f"{prefix}.{self.name}" if prefix else self.name
        if self.shape is Shape.LEAF:
            yield path, self
        elif self.shape is Shape.GROUP:
            for child in self.children:
                yield from child.leaves(path)
        elif self.item is not None:
            if self.item.shape is Shape.GROUP:
                for child in self.item.children:
                    yield from child.leaves(f"{path}[]")
            else:
                yield f"{path}[]", self.item


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFindings:
    """What the cross-field checks say of a record; a check with a missing value says nothing."""

    issues: tuple[Issue, ...] = ()
    #: by field path: the share of the checks on this field that hold, 0 to 1; fields that no check touched are missing
    checks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSchema:
    """A named, versioned extraction schema after its compile profile was applied."""

    name: str
    version: int
    title: str = ""
    description: str = ""
    fields: tuple[FieldSpec, ...]
    #: JSON Schema 2020-12 as a constraint compiler takes it
    json_schema: Mapping[str, Any]
    #: shape errors of a record: an empty tuple when it is valid
    check_shape: Callable[[Record], tuple[Issue, ...]]
    #: cross-field findings on the merged record
    check_rules: Callable[[Record], RuleFindings]
    day_first: bool | None = None
    #: `name`, file path or `module:Class`, as the user gave it: how another process loads it again
    reference: str = ""
    #: the JSON Schema as its author wrote it, if it was one: compiled again it is the same schema, which the constraint
    #: form is not, for that has lost what a record need not have
    source: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    #: what a user should be told about the schema, e.g. a keyword that is checked but not constrained
    notes: tuple[str, ...] = field(default=())
    #: what only a check after reading holds, each with its place: no grammar keeps a model from breaking it
    unheld: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def leaves(self) -> Iterator[tuple[str, FieldSpec]]:
        for spec in self.fields:
            yield from spec.leaves()
