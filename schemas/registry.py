"""The schemas that come with docproc, by name and version; each is imported when it is asked for."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module

from docproc.domain.errors import NotFoundError
from docproc.domain.schema import ExtractionSchema
from schemas.base import SchemaBody
from schemas.classes import compile_class

#: name → module:Class, in the order in which they are listed
SHIPPED = {
    "invoice": "schemas.invoice:Invoice",
    "receipt": "schemas.receipt:Receipt",
    "purchase_order": "schemas.purchase_order:PurchaseOrder",
    "bank_statement": "schemas.bank_statement:BankStatement",
    "contract": "schemas.contract:Contract",
    "key_value": "schemas.key_value:KeyValue",
    "text": "schemas.text:Text",
    "qa": "schemas.qa:QuestionAnswer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One entry of the registry."""

    name: str
    version: int
    title: str
    description: str

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


def names() -> list[Registered]:
    """Every schema that comes with docproc."""
    return [
        Registered(name=schema.name, version=schema.version, title=schema.title, description=schema.description)
        for schema in map(registered, SHIPPED)
    ]


def is_registered(reference: str) -> bool:
    """A name of the registry, with or without a version."""
    return reference.partition("@")[0] in SHIPPED


@cache
def registered(reference: str) -> ExtractionSchema:
    """The schema `name` or `name@version`."""
    name, _, version = reference.partition("@")
    if name not in SHIPPED:
        raise NotFoundError(f"No schema is called {name!r}. There are: {', '.join(SHIPPED)}.")
    schema = compile_class(_shipped_class(SHIPPED[name]), reference=reference)
    if version and version != str(schema.version):
        raise NotFoundError(f"There is no {reference}: the schema {name!r} has version {schema.version}.")
    return schema


def _shipped_class(place: str) -> type[SchemaBody]:
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    assert isinstance(found, type)  # noqa: S101 our own table
    assert issubclass(found, SchemaBody)  # noqa: S101 our own table
    return found
