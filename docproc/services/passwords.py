"""Passwords of a job's encrypted documents: who keeps them, and how long. Knows no cipher and no document."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from docproc.domain.errors import UsageError
from docproc.services.records import Job

#: earlier ones of a job are kept up to so many in all: giving another one again and again fills nothing up
MOST_PASSWORDS = 100


class Passwords(Protocol):
    """What jobs were given to open their documents with."""

    @property
    def reach_workers(self) -> bool:
        """What is given is there for other processes too, and after the end of this one."""
        ...

    def give(self, job_id: UUID, passwords: Sequence[str]) -> None:
        """To be tried first; earlier ones stay, for other documents of the job may need them.

        Raises NotFoundError when there is no such job any more, SealedError where nothing can be sealed.
        """
        ...

    def of(self, job_id: UUID) -> tuple[str, ...]:
        """In the order in which they are tried; none for a job that was given none.

        Raises SealedError when there are some that cannot be opened here.
        """
        ...

    def forget(self, job_id: UUID) -> None:
        """With the job, and for those of a job that never was."""
        ...


class SealedPasswords(Protocol):
    """What those who look after a service ask about all passwords that it keeps sealed."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Of the sealing keys here; the first seals."""
        ...

    def try_it(self) -> None:
        """Open one of what each key here has sealed. Raises SealedError."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many jobs have passwords, by the id of the key that they are sealed with."""
        ...

    def seal_again(self, *, batch: int) -> int:
        """Seal with the first key all that another one here has sealed; how many jobs that was.

        `batch` jobs in one transaction, and what is damaged stays as it is. Raises SealedError without a key.
        """
        ...


class PasswordsInMemory:
    """Passwords of jobs that are worked on in this process: they are kept nowhere but in its memory."""

    #: a worker has another memory
    reach_workers = False

    def __init__(self, beneath: Passwords | None = None) -> None:
        """`beneath`: asked for what was given elsewhere."""
        self._beneath = beneath
        self._of_job: dict[UUID, tuple[str, ...]] = {}

    def give(self, job_id: UUID, passwords: Sequence[str]) -> None:
        self._of_job[job_id] = together(passwords, self._of_job.get(job_id, ()))

    def of(self, job_id: UUID) -> tuple[str, ...]:
        found = self._of_job.get(job_id)
        if found is not None:
            return found
        return () if self._beneath is None else self._beneath.of(job_id)

    def forget(self, job_id: UUID) -> None:
        self._of_job.pop(job_id, None)


def together(given: Sequence[str], earlier: Sequence[str]) -> tuple[str, ...]:
    """Each once, those given now first."""
    return tuple(dict.fromkeys((*given, *earlier)))[: max(MOST_PASSWORDS, len(given))]


def add_passwords(passwords: Passwords, job: Job, given: Sequence[str]) -> None:
    """To a job that is there already.

    Raises UsageError when it takes none, NotFoundError when it is gone meanwhile, SealedError where nothing can be
    sealed.
    """
    if not given:
        return
    if not job.options.passwords:  # what was read without one is shared with jobs that have none
        raise UsageError("this job takes no password: submit the documents again, with one or decrypted")
    if job.queue is not None:
        require_reach(passwords)
    passwords.give(job.id, given)


def require_reach(passwords: Passwords) -> None:
    """Raises UsageError where a service's workers would never see a password."""
    if not passwords.reach_workers:
        raise UsageError(
            "a service keeps passwords only sealed, and there is no sealing key: set DOCPROC_SEALING_KEY here and for "
            "the workers (`docproc sealing key` makes one), or send the documents decrypted"
        )
