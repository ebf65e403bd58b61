"""Seals passwords with the operator's keys, and opens them again. Knows no database.

Each is sealed by Fernet (AES-128-CBC with HMAC-SHA256, authenticated) together with the id of its job, so that whoever
can write to the database cannot give one job another one's passwords.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

from docproc.domain.errors import SealedError, UsageError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

#: sets the id of a key apart from any other use of its hash
_ID_OF = b"docproc sealing key\x00"
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What may be stored."""

    #: of the key that opens it
    key_id: str
    text: str = field(repr=False)


class Seal:
    """Some keys: the first seals, each opens what it sealed. Without a key nothing is sealed or opened."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: 32 bytes each, in URL-safe base64. Raises UsageError where none could be used."""
        if keys and find_spec("cryptography") is None:
            raise UsageError("DOCPROC_SEALING_KEY needs cryptography: pip install 'docproc[service]'")
        self._keys = {key_id(key): key for key in keys}

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def seal(self, job_id: UUID, passwords: Sequence[str]) -> Sealed:
        """Raises SealedError without a key."""
        if not self._keys:
            raise SealedError("there is no sealing key: set DOCPROC_SEALING_KEY")
        first = self.key_ids[0]
        content = json.dumps({"job": str(job_id), "passwords": list(passwords)})
        return Sealed(key_id=first, text=self._fernet(first).encrypt(content.encode()).decode())

    def open(self, job_id: UUID, sealed: Sealed) -> tuple[str, ...]:
        """Raises SealedError, which names keys by their ids."""
        if sealed.key_id not in self._keys:
            have = f"the keys here are {', '.join(self._keys)}" if self._keys else "there is no key here"
            raise SealedError(
                f"the job's passwords are sealed with the key {sealed.key_id}, and {have}: "
                "add that key to DOCPROC_SEALING_KEY"
            )
        content = self._opened(sealed)
        if content["job"] != str(job_id):
            raise SealedError("the passwords of the job are sealed for another one: give them again")
        return tuple(content["passwords"])

    def _opened(self, sealed: Sealed) -> dict[str, Any]:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return dict(json.loads(self._fernet(sealed.key_id).decrypt(sealed.text)))
        except InvalidToken as exc:
            raise SealedError("the sealed passwords of the job are damaged: give them again") from exc

    def _fernet(self, wanted: str) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415 takes long, and few commands need it

        return Fernet(self._keys[wanted])


def key_id(key: str) -> str:
    """What a key is called where it may be seen: it says nothing of the key."""
    raw = base64.urlsafe_b64decode(key)
    return hashlib.sha256(_ID_OF + raw).hexdigest()[:_ID_DIGITS]
