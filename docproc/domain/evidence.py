"""Evidence: where on the page a value stands, and how well the print agrees with it."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from docproc.domain.geometry import Box


class MatchKind(StrEnum):
    """How the quoted print agrees with the value."""

    EXACT = "exact"  # the same characters
    NORMALISED = "normalised"  # the same number, date or folded text
    FUZZY = "fuzzy"  # nearly the same text (OCR errors)
    INFERRED = "inferred"  # the print implies the value, e.g. a currency sign


class Evidence(BaseModel):
    """One place on a page that proves a value; `box` is in page points, top-left origin."""

    model_config = ConfigDict(frozen=True)

    page: Annotated[int, Field(ge=1, description="Page number, 1-based.")]
    box: Annotated[Box, Field(description="[left, top, right, bottom] in page points of the page as displayed.")]
    text: Annotated[str, Field(description="The print at that place, as read.")]
    match: MatchKind
