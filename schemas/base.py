"""The base class of extraction schemas written as pydantic classes."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from schemas.rules import Rule


class SchemaBody(BaseModel):
    """One document type: its fields, and what must hold between them.

    A field is `name: Kind | None` without a default: the record always has it, and null says that it is not printed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: name and version under which records are kept; the default name is the class's own in snake_case
    schema_name: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    #: a human name for lists of schemas
    schema_title: ClassVar[str] = ""
    #: order of numeric dates such as 03/04/2025 in such documents; None: not known
    day_first: ClassVar[bool | None] = None
    #: cross-field checks beside those that field names suggest
    rules: ClassVar[tuple["Rule", ...]] = ()
