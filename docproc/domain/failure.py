"""The failure record: why a page or a document ended without a record."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FailureCode(StrEnum):
    """Stable codes; what each means and what to do is in docs/errors.md."""

    PASSWORD_REQUIRED = "password_required"  # noqa: S105 a code, not a secret
    CORRUPT = "corrupt"
    NO_PAGES = "no_pages"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    READER_UNAVAILABLE = "reader_unavailable"
    UNREACHABLE = "unreachable"
    INVALID_ANSWER = "invalid_answer"
    CANCELED = "canceled"
    INTERNAL = "internal"


class FailureCategory(StrEnum):
    """Who can mend it."""

    DOCUMENT = "document"  # the file itself
    LIMIT = "limit"  # a limit that can be raised
    ENVIRONMENT = "environment"  # disk, permission, missing part
    CANCELED = "canceled"  # somebody asked for it
    INTERNAL = "internal"  # our own bug


class Phase(StrEnum):
    """The step of a document's way in which it failed."""

    INTAKE = "intake"
    PREPARE = "prepare"
    READ = "read"
    ASSEMBLE = "assemble"
    EXPORT = "export"
    DELIVER = "deliver"


class Failure(BaseModel):
    """Why there is no record (or no page)."""

    model_config = ConfigDict(frozen=True)

    code: FailureCode
    category: FailureCategory
    message: Annotated[str, Field(description="What was wrong and what to do, for a person.")]
    retryable: bool
    phase: Phase
    page: Annotated[int | None, Field(description="Page number, when one page is to blame.")] = None
