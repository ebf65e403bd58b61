"""key_value@1: every label with its value, for documents of which nothing is known."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import FreeText, Line, described


class Pair(SchemaBody):
    """A printed label and what stands beside or below it."""

    key: Annotated[
        Line | None,
        described("The label, as printed", aliases="Label | Field | Feld | Champ | Campo | Veld | Bezeichnung"),
    ]
    value: Annotated[
        FreeText | None,
        described("What it labels, as printed", aliases="Value | Wert | Valeur | Valor | Valore | Waarde"),
    ]


class KeyValue(SchemaBody):
    """Every label with its value, as printed."""

    schema_name = "key_value"
    schema_title = "Labels and values"

    pairs: Annotated[list[Pair], described("Labels with their values, in reading order")]
