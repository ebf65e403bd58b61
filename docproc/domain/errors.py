"""Every error that docproc raises on purpose.

    DocprocError
    +-- UsageError             the caller asked for something that cannot be
    |   +-- SchemaError        an extraction schema that cannot be used
    |   +-- NotFoundError      no such job, document or schema
    |   +-- ConflictError      exists already, or is in a state that forbids it
    |   |   +-- StaleError     somebody changed it meanwhile: it is not the revision that was expected
    |   |   +-- HeldError      a legal hold forbids that it is deleted
    |   +-- PreconditionRequiredError    the revision that was looked at is not named
    |   +-- UnknownKeyError    no such API key, or it is expired or revoked
    |   +-- ForbiddenError     the API key is good, and not for this
    |   +-- LimitError         asked too often or for too much; carries when to ask again
    |       +-- RateError
    |       +-- QuotaError
    +-- StorageError           the database or the blob store cannot be used
    |   +-- BlobMissingError   a blob that a row points to is gone or damaged
    |   +-- RefusedError       the database takes no such value: it would refuse it again
    |   +-- SealedError        what is stored sealed cannot be opened with the keys that are here
    +-- BusyError              every parsing process is taken, and stayed so
    +-- LeaseLostError         another attempt owns the work by now: nothing was written
    +-- DocumentError          one document cannot be read; carries a FailureCode
        +-- PasswordRequiredError
        +-- CorruptError
        +-- NoPagesError
        +-- EmptyError
        +-- UnsupportedError
        +-- TooLargeError
        +-- TimedOutError
        +-- CrashedError
        +-- UnreadableError
        +-- ChangedError
        +-- ReaderUnavailableError
        |   +-- UnreachableError
        +-- InvalidAnswerError

The docstring of a class is its default message, and `code` what programs tell it by, which never changes. Adapters
translate and keep the cause (`from exc`).
"""

from typing import TYPE_CHECKING, ClassVar

from docproc.domain.failure import Failure, FailureCategory, FailureCode, Phase

if TYPE_CHECKING:
    from docproc.domain.reading import Spent


class DocprocError(Exception):
    """Something went wrong in docproc."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class UsageError(DocprocError):
    """The request cannot be carried out as it was made."""

    code = "invalid_request"


class SchemaError(UsageError):
    """The extraction schema cannot be used."""

    code = "invalid_schema"


class NotFoundError(UsageError):
    """There is no such thing."""

    code = "not_found"


class ConflictError(UsageError):
    """It exists already, or its state forbids this."""

    code = "conflict"


class StaleError(ConflictError):
    """It was changed meanwhile: look at it again."""

    code = "stale_revision"


class PreconditionRequiredError(UsageError):
    """A change must name the revision that was looked at: send If-Match with its ETag."""

    code = "precondition_required"


class HeldError(ConflictError):
    """A legal hold forbids that it is deleted."""

    code = "on_hold"


class UnknownKeyError(UsageError):
    """There is no such API key, or it is expired or revoked."""

    code = "unknown_key"


class ForbiddenError(UsageError):
    """The API key is not for this."""

    code = "forbidden"


class LimitError(UsageError):
    """A limit of the tenant is reached."""

    code = "limit_reached"
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after_s: float) -> None:
        super().__init__(message)
        #: before then it would be refused again
        self.retry_after_s = retry_after_s


class RateError(LimitError):
    """More requests a second than the tenant may make."""

    code = "rate_limited"


class QuotaError(LimitError):
    """More pages a month than the tenant may have read."""

    code = "quota_reached"


class StorageError(DocprocError):
    """The database or the blob store cannot be used."""

    code = "storage_unavailable"


class RefusedError(StorageError):
    """The database refuses what was to be written."""

    code = "refused"


class SealedError(StorageError):
    """Sealed passwords cannot be opened here: set DOCPROC_SEALING_KEY to the key that sealed them."""

    code = "sealed"


class BlobMissingError(StorageError):
    """Stored bytes are gone or damaged."""

    code = "blob_missing"


class ImageMissingError(BlobMissingError):
    """A stored page image is gone: it is drawn again."""


class BrokerError(DocprocError):
    """The message broker cannot be reached; nothing is lost by that, the database knows what is due."""

    code = "broker_unavailable"


class BusyError(DocprocError):
    """Every parsing process is taken by other requests: try again in a while."""

    code = "busy"
    retryable = True


class LeaseLostError(DocprocError):
    """Another attempt owns the work by now: nothing was written."""

    code = "lease_lost"


class DocumentError(DocprocError):
    """The document cannot be read."""

    code: ClassVar[FailureCode] = FailureCode.INTERNAL
    category: ClassVar[FailureCategory] = FailureCategory.DOCUMENT

    def __init__(self, message: str | None = None, *, page: int | None = None) -> None:
        super().__init__(message)
        self.page = page
        #: what a reader's model answered before it failed: never part of the message, for it may quote the document
        self.spent: Spent | None = None

    def __reduce__(self) -> tuple[object, ...]:  # keeps `page` when it crosses a process border
        return _rebuild, (type(self), self.message, self.page)

    def failure(self, phase: Phase) -> Failure:
        """The failure record of this error in `phase`."""
        return Failure(
            code=self.code,
            category=self.category,
            message=self.message,
            retryable=self.retryable,
            phase=phase,
            page=self.page,
        )


def _rebuild(kind: type[DocumentError], message: str, page: int | None) -> DocumentError:
    return kind(message, page=page)


class PasswordRequiredError(DocumentError):
    """The document is encrypted: give its password with --password-file."""

    code = FailureCode.PASSWORD_REQUIRED


class CorruptError(DocumentError):
    """The document is damaged beyond reading."""

    code = FailureCode.CORRUPT


class NoPagesError(DocumentError):
    """The document has no page."""

    code = FailureCode.NO_PAGES


class EmptyError(DocumentError):
    """The file is empty (zero bytes)."""

    code = FailureCode.EMPTY


class UnsupportedError(DocumentError):
    """The file is not of a type that docproc reads."""

    code = FailureCode.UNSUPPORTED


class TooLargeError(DocumentError):
    """The document exceeds a limit."""

    code = FailureCode.TOO_LARGE
    category = FailureCategory.LIMIT


class TimedOutError(DocumentError):
    """The document took longer than its time limit."""

    code = FailureCode.TIMEOUT
    category = FailureCategory.LIMIT
    retryable = True


class CrashedError(DocumentError):
    """The process that parsed the document died."""

    code = FailureCode.CRASHED
    retryable = True


class UnreadableError(DocumentError):
    """The file cannot be opened."""

    code = FailureCode.UNREADABLE
    category = FailureCategory.ENVIRONMENT
    retryable = True


class ChangedError(DocumentError):
    """The file changed after it was submitted: submit it again."""

    code = FailureCode.CHANGED


class ReaderUnavailableError(DocumentError):
    """The reader that was asked for cannot run here."""

    code = FailureCode.READER_UNAVAILABLE
    category = FailureCategory.ENVIRONMENT


class UnreachableError(ReaderUnavailableError):
    """The server that reads the pages does not answer; try again when it does."""

    code = FailureCode.UNREACHABLE
    retryable = True


class InvalidAnswerError(DocumentError):
    """The model's answer is no record."""

    code = FailureCode.INVALID_ANSWER
    category = FailureCategory.ENVIRONMENT
    retryable = True
