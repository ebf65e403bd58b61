"""Around the work on a claim: what cannot be finished now is free for others at once. Knows no step."""

import logging
from collections.abc import Callable

from docproc.domain.errors import LeaseLostError, SealedError, StorageError
from docproc.observability import event
from docproc.services.errand_ports import ErrandStore
from docproc.services.errand_records import ErrandClaim
from docproc.services.records import Claim
from docproc.services.work_on import LeaveWork
from docproc.services.workbench import Workbench

logger = logging.getLogger(__name__)


def put_off(claim: Claim, error: SealedError, bench: Workbench) -> None:
    """Let a document rest that can only be opened where the right sealing key is; the longer, the more often it did.

    A key that is missing is the operator's to set: nothing fails for it, no attempt counts, and no slot waits for it.
    Raises LeaseLostError.
    """
    bench.work.leases.put_off(claim, for_s=_rest_s(claim.attempt, error))


def put_off_errand(claim: ErrandClaim, error: SealedError, store: ErrandStore) -> None:
    """The same for an export that draws such a document. Raises LeaseLostError."""
    store.release(claim, after_s=_rest_s(claim.attempt, error))


def _rest_s(attempt: int, error: SealedError) -> float:
    seconds = min(float(attempt), _LONGEST_REST_S)
    event(logger, "password_sealed", error=error.message, seconds=seconds)
    return seconds


class HandedBack:
    """Around the work on a claim: what cannot be finished now is free for others at once."""

    def __init__(self, release: Callable[[], None], bench: Workbench, *, attempt: int) -> None:
        """`attempt`: which one this is; work that comes back again and again waits longer before it does."""
        self._hand_back = release
        self._pause = bench.pause
        self._patience_s = (min(float(attempt), _FIRST_PAUSE_S), *_PATIENCE_S)

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, LeaseLostError):
            event(logger, "lease_lost")
            self._release()  # what of it still stands
        elif isinstance(error, LeaveWork):
            self._release()
        elif isinstance(error, StorageError):
            event(logger, "store_unreachable", error=error.message)
            self._release_patiently()
        else:
            return False
        return True

    def _release(self) -> None:
        try:
            self._hand_back()
        except LeaseLostError:
            return
        except StorageError as error:
            event(logger, "store_unreachable", error=error.message)
            self._release_patiently()

    def _release_patiently(self) -> None:
        """An outage is nobody's fault: the attempt must not count, so wait until that can be said."""
        for seconds in self._patience_s:
            self._pause(seconds)
            try:
                return self._hand_back()
            except LeaseLostError:
                return None
            except StorageError:
                continue
        return None


#: between tries to hand work back: half a minute in all; what is not handed back by then is no longer renewed
_PATIENCE_S = (2.0, 4.0, 8.0, 15.0)
#: of what needs a password that cannot be opened; so long after the key is set it goes on
_LONGEST_REST_S = 30.0
#: the longest before the first try
_FIRST_PAUSE_S = 30.0
