"""Issues: findings attached to an extraction. An issue is never an exception."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """`error` and `warning` send a document to review; `info` does not."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class IssueCode(StrEnum):
    """Every finding that docproc can report on a record."""

    MISSING_REQUIRED = "missing_required"
    WRONG_SHAPE = "wrong_shape"
    AMBIGUOUS_DATE = "ambiguous_date"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    UNGROUNDED = "ungrounded"
    LOW_CONFIDENCE = "low_confidence"
    SUM_MISMATCH = "sum_mismatch"
    LINES_MISMATCH = "lines_mismatch"
    DATE_ORDER = "date_order"
    CHECK_DIGIT = "check_digit"
    SAME_PARTY = "same_party"
    PAGE_DISAGREES = "page_disagrees"
    MERGE_CONFLICT = "merge_conflict"
    TRUNCATED = "truncated"
    PAGE_FAILED = "page_failed"
    PAGES_SKIPPED = "pages_skipped"
    NOTHING_FOUND = "nothing_found"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"


class Issue(BaseModel):
    """One finding; `fields` are field paths such as `total_gross` or `line_items[0].amount`."""

    model_config = ConfigDict(frozen=True)

    code: IssueCode
    fields: Annotated[tuple[str, ...], Field(description="Field paths concerned; empty for the whole document.")] = ()
    severity: Severity = Severity.WARNING
    message: Annotated[str, Field(description="One sentence for a person.")]
