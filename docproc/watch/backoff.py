"""What went wrong with an entry, where, and when to try again. Pure."""

import errno

from docproc.domain.errors import RefusedError, StorageError
from docproc.services.ledger_records import Trouble, Where
from docproc.services.unpack import NoTempSpaceError
from docproc.watch.ports import PlaceGoneError, TroubleAtError

_FIRST_S, _LONGEST_S = 1.0, 300.0
_TROUBLES = {
    errno.ENOSPC: Trouble.DISK_FULL,
    errno.EDQUOT: Trouble.DISK_FULL,
    errno.EACCES: Trouble.NO_PERMISSION,
    errno.EPERM: Trouble.NO_PERMISSION,
    errno.EROFS: Trouble.NO_PERMISSION,
    errno.ENODEV: Trouble.PLACE_GONE,
    errno.ENOTCONN: Trouble.PLACE_GONE,
    errno.ESTALE: Trouble.PLACE_GONE,
    errno.EHOSTDOWN: Trouble.PLACE_GONE,
    errno.EHOSTUNREACH: Trouble.PLACE_GONE,
    errno.ETIMEDOUT: Trouble.PLACE_GONE,
}


def trouble_of(error: BaseException) -> Trouble:
    """What people are told of an error."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, PlaceGoneError):
        return Trouble.PLACE_GONE
    if isinstance(cause, OSError):
        return _TROUBLES.get(cause.errno or 0, Trouble.IO_ERROR)
    is_away = isinstance(error, StorageError) and not isinstance(error, RefusedError)
    return Trouble.STORE_GONE if is_away else Trouble.INTERNAL


def where_of(error: BaseException) -> Where | None:
    """What is full, shut or away; None where nothing is."""
    if isinstance(error, TroubleAtError | PlaceGoneError):
        return error.where
    if isinstance(error, NoTempSpaceError):
        return Where.TEMP
    return Where.STORE if isinstance(error, StorageError) else None


def delay_s(tries: int, *, first_s: float = _FIRST_S) -> float:
    """After so many tries in vain; it grows, so that what lasts costs little."""
    return min(_LONGEST_S, first_s * float(2 ** min(tries, 16)))
