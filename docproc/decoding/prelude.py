"""Room to think before the record: a bounded stretch of free text, paid for and never stored. Knows no grammar."""

from docproc.decoding.bitmask import Bitmask, allow_all, allow_only, forbid
from docproc.decoding.ports import Constraint, TokenRefusedError
from docproc.decoding.vocabulary import Vocabulary


class PreludeConstraint:
    """Anything until the marker that ends it; behind the marker, or when the room is used up, another constraint.

    When the room is used up the marker itself is forced. What a token holds behind the marker belongs to the prelude.
    """

    def __init__(self, record: Constraint, vocabulary: Vocabulary, *, end: bytes, room: int) -> None:
        """Put a prelude before a record.

        Args:
            record: what holds behind the prelude.
            vocabulary: the model's.
            end: the marker that ends a prelude, such as `</think>`.
            room: the prelude's greatest length in tokens, the marker not counted.
        """
        self._record = record
        self._vocabulary = vocabulary
        self._end = end
        self._end_tokens = tuple(vocabulary.encode_marker(end))
        self._room = room
        self._taken: list[int] = []
        #: tokens of the record taken since the prelude ended; None while it lasts
        self._recorded: int | None = None

    @property
    def is_complete(self) -> bool:
        return self.is_recording and self._record.is_complete

    @property
    def is_recording(self) -> bool:
        return self._recorded is not None

    @property
    def forced(self) -> tuple[int, ...]:
        if self.is_recording:
            return self._record.forced
        return self._end_tokens[len(self._taken) - self._room :] if len(self._taken) >= self._room else ()

    @property
    def forced_bytes(self) -> bytes:
        return self._record.forced_bytes if self.is_recording else self._vocabulary.decode(self.forced)

    def mask(self, row: Bitmask) -> None:
        if self.is_recording:
            self._record.mask(row)
        elif self.forced:
            allow_only(row, self.forced[0])
        else:
            allow_all(row, self._vocabulary.size)
            forbid(row, self._vocabulary.eos)

    def advance(self, token: int) -> None:
        if self._recorded is not None:
            self._record.advance(token)
            self._recorded += 1
            return
        forced = self.forced
        if token != forced[0] if forced else token == self._vocabulary.eos:
            raise TokenRefusedError(f"Token {token} may not follow here.")
        self._taken.append(token)
        if forced[1:] == () and (forced or self._has_ended()):
            self._recorded = 0

    def rollback(self, count: int) -> None:
        if self._recorded is not None:
            recorded = min(count, self._recorded)
            self._record.rollback(recorded)
            self._recorded -= recorded
            count -= recorded
        if count:
            self._recorded = None
            del self._taken[len(self._taken) - count :]

    def _has_ended(self) -> bool:
        length = len(self._end_tokens)
        if tuple(self._taken[-length:]) == self._end_tokens:
            return True
        return self._end in self._vocabulary.decode(self._taken[-length - len(self._end) :])
